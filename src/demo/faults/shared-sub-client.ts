import type { Fault, Symptom } from './fault.ts';
import { plan } from './scenes.ts';

export const sharedSubClientFault: Fault = {
  name: 'shared-sub-client',
  rule: 'shared-sub-client',
  title: 'two Socket.IO servers in each process share one sub connection',
  cure: 'Each adapter gets a connection of its own: createAdapter(pub, pub.duplicate()).',
  stage: async (lab) => {
    const processes = await lab.start(...plan(2, { answers: ['who'], sharing: 2 }));
    let [asker] = processes;
    return {
      story: [
        'Two processes with two Socket.IO servers each: four servers.',
        'Both adapters of a process got the same sub connection.',
      ],
      symptom: async (): Promise<Symptom> => {
        const done = await asker?.do({ do: 'server-side-emit', event: 'who' });
        const count = done?.ok === true ? done.count : 0;
        return {
          lines: [
            'worker-1: await io.serverSideEmitWithAck("who")',
            `→ ${count} ${count === 1 ? 'answer' : 'answers'}, and there are 3 other servers. No error.`,
          ],
          isBad: count !== 3,
        };
      },
      cure: async () => {
        await Promise.all(processes.map((server) => server.stop()));
        [asker] = await lab.start(...plan(4, { answers: ['who'] }));
      },
    };
  },
};
