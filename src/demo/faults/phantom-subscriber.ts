import type { Fault } from './fault.ts';
import { askAll, describeServers, plan, tellAnswers } from './scenes.ts';

export const phantomSubscriberFault: Fault = {
  name: 'phantom-subscriber',
  rule: 'phantom-subscriber',
  title: 'somebody watches with SUBSCRIBE, and every server waits for its answer',
  cure: 'The watcher leaves. PSUBSCRIBE, MONITOR and sio-inspect are not counted.',
  adapters: ['redis', 'sharded', 'streams'],
  stage: async (lab, adapter) => {
    const [first] = await lab.start(...plan(3, { adapter, answers: ['who'] }));
    if (first === undefined) throw new Error('No server was started.');
    const watcher = lab.connect('debug-session');
    const channel = adapter === 'redis' ? 'socket.io-request#/#' : 'socket.io#/#';
    if (adapter === 'sharded') await watcher.ssubscribe(channel);
    else await watcher.subscribe(channel);
    return {
      story: [
        `${describeServers(3, adapter)}, all healthy.`,
        `Somebody debugs: redis-cli ${adapter === 'sharded' ? 'SSUBSCRIBE' : 'SUBSCRIBE'} ${channel}`,
      ],
      symptom: async () => tellAnswers(first, adapter, await askAll(first, adapter)),
      cure: async () => {
        await watcher.quit();
      },
    };
  },
};
