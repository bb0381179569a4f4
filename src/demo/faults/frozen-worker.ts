import type { Fault } from './fault.ts';
import { plan, tellCall } from './scenes.ts';

export const frozenWorkerFault: Fault = {
  name: 'frozen-worker',
  rule: 'timeout-silent-server',
  title: 'one of four servers is stopped: connected, subscribed, and silent',
  cure: 'The process goes on (SIGCONT). One that is gone for good: end its connection with CLIENT KILL.',
  stage: async (lab) => {
    const servers = await lab.start(...plan(4, { answers: ['who'] }));
    const [first, second, third] = servers;
    if (first === undefined || second === undefined || third === undefined) throw new Error('No servers.');
    third.freeze();
    return {
      story: [
        'Four servers with the classic adapter.',
        'worker-3 is stopped (SIGSTOP), as by a blocked event loop.',
      ],
      symptom: async () =>
        tellCall(
          first,
          'io.serverSideEmitWithAck("who")',
          await first.do({ do: 'server-side-emit', event: 'who' }),
        ),
      traffic: () => Promise.all([first.do({ do: 'fetch-sockets' }), second.do({ do: 'fetch-sockets' })]),
      cure: () => {
        third.thaw();
        return Promise.resolve();
      },
    };
  },
};
