import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './fault.ts';
import { askAll, describeServers, plan, restart, tellAnswers } from './scenes.ts';

const TIMEOUT_MS = 500;
const BLOCKS_MS = 1200;
/** So that it has caught up before the next one comes. */
const EVERY_MS = 1300;

export const lateReplyFault: Fault = {
  name: 'late-reply',
  rule: 'late-reply',
  title: 'a server is busy and answers after 1.2 seconds; the others wait for half a second',
  cure: 'The long computation of worker-3 moves to a thread of its own.',
  adapters: ['redis', 'sharded', 'streams'],
  // Classic answers do not say who they are from; MONITOR does.
  via: 'monitor',
  timeoutMs: TIMEOUT_MS,
  stage: async (lab, adapter) => {
    const [one, two, three, four] = plan(4, { adapter, answers: ['who'], requestsTimeoutMs: TIMEOUT_MS });
    if (one === undefined || two === undefined || three === undefined || four === undefined)
      throw new Error('No plans.');
    const [first, , third] = await lab.start(one, two, { ...three, blocksMs: BLOCKS_MS }, four);
    if (first === undefined || third === undefined) throw new Error('No servers.');
    return {
      story: [
        `${describeServers(4, adapter)}; requests time out after ${TIMEOUT_MS} ms.`,
        `worker-3 computes for ${BLOCKS_MS} ms before it answers; its event loop stands still meanwhile.`,
      ],
      symptom: async () => {
        const done = await askAll(first, adapter);
        await delay(EVERY_MS);
        return tellAnswers(first, adapter, done);
      },
      traffic: async () => {
        void first.do({ do: 'fetch-sockets' });
        await delay(EVERY_MS);
      },
      cure: async () => {
        await delay(EVERY_MS);
        await restart(lab, third, { blocksMs: 0 });
      },
    };
  },
};
