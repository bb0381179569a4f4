import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './fault.ts';
import { askAll, describeServers, plan, tellAnswers } from './scenes.ts';

const EVERY_MS = 200;

export const frozenWorkerFault: Fault = {
  name: 'frozen-worker',
  rule: 'timeout-silent-server',
  title: 'one of four servers is stopped: connected, subscribed, and silent',
  cure: 'The process goes on (SIGCONT). One that is gone for good: end its connection with CLIENT KILL.',
  adapters: ['redis', 'sharded', 'streams'],
  stage: async (lab, adapter) => {
    const servers = await lab.start(...plan(4, { adapter, answers: ['who'] }));
    const [first, second, third] = servers;
    if (first === undefined || second === undefined || third === undefined) throw new Error('No servers.');
    third.freeze();
    return {
      story: [
        `${describeServers(4, adapter)}.`,
        'worker-3 is stopped (SIGSTOP), as by a blocked event loop.',
      ],
      symptom: async () => tellAnswers(first, adapter, await askAll(first, adapter)),
      traffic: async () => {
        for (const server of [first, second]) void server.do({ do: 'fetch-sockets' });
        await delay(EVERY_MS);
      },
      cure: () => {
        third.thaw();
        return Promise.resolve();
      },
    };
  },
};
