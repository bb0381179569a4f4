import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './fault.ts';
import { askAll, describeServers, plan, restart, tellAnswers } from './scenes.ts';

const EVERY_MS = 200;

export const deafRequesterFault: Fault = {
  name: 'deaf-requester',
  rule: 'deaf-requester',
  title: 'a server asks and all answer, but it has unsubscribed where the answers go',
  cure: 'worker-1 is restarted, with a connection of its own for what the application subscribes to.',
  adapters: ['redis', 'sharded', 'streams'],
  stage: async (lab, adapter) => {
    const [one, two, three, four] = plan(4, { adapter, answers: ['who'] });
    if (one === undefined || two === undefined || three === undefined || four === undefined)
      throw new Error('No plans.');
    const [deaf] = await lab.start({ ...one, dropsReplyChannels: true }, two, three, four);
    if (deaf === undefined) throw new Error('No server.');
    let first = deaf;
    return {
      story: [
        `${describeServers(4, adapter)}.`,
        'The application of worker-1 has cleaned up and unsubscribed from channels that the adapter needs.',
      ],
      symptom: async () => tellAnswers(first, adapter, await askAll(first, adapter)),
      traffic: async () => {
        void first.do({ do: 'fetch-sockets' });
        await delay(EVERY_MS);
      },
      cure: async () => {
        first = await restart(lab, first, { dropsReplyChannels: false });
      },
    };
  },
};
