import type { Fault } from './fault.ts';
import { plan, tellCall } from './scenes.ts';

export const phantomSubscriberFault: Fault = {
  name: 'phantom-subscriber',
  rule: 'phantom-subscriber',
  title: 'somebody watches with SUBSCRIBE, and every server waits for its answer',
  cure: 'The watcher leaves. PSUBSCRIBE, MONITOR and sio-inspect are not counted.',
  stage: async (lab) => {
    const [first] = await lab.start(...plan(3, { answers: ['who'] }));
    if (first === undefined) throw new Error('No server was started.');
    const watcher = lab.connect('debug-session');
    await watcher.subscribe('socket.io-request#/#');
    return {
      story: [
        'Three servers with the classic adapter, all healthy.',
        'Somebody debugs: redis-cli SUBSCRIBE socket.io-request#/#',
      ],
      symptom: async () =>
        tellCall(
          first,
          'io.serverSideEmitWithAck("who")',
          await first.do({ do: 'server-side-emit', event: 'who' }),
        ),
      cure: async () => {
        await watcher.quit();
      },
    };
  },
};
