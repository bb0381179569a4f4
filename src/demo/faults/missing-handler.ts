import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './fault.ts';
import { describeServers, plan, restart, tellCall } from './scenes.ts';

const EVERY_MS = 300;

export const missingHandlerFault: Fault = {
  name: 'missing-handler',
  rule: 'handler-missing',
  title: 'one server does not handle an event that the others acknowledge',
  cure: 'worker-3 gets the handler, too.',
  adapters: ['redis', 'sharded', 'streams'],
  // Classic answers do not say who they are from; MONITOR does.
  via: 'monitor',
  stage: async (lab, adapter) => {
    const [one, two, three] = plan(3, { adapter, answers: ['report'] });
    if (one === undefined || two === undefined || three === undefined) throw new Error('No plans.');
    const [first, , last] = await lab.start(one, two, { ...three, answers: [] });
    if (first === undefined || last === undefined) throw new Error('No servers.');
    const ask = () => first.do({ do: 'server-side-emit', event: 'report' });
    return {
      story: [
        `${describeServers(3, adapter)}; two of them have io.on("report", (callback) => callback(…)).`,
        'worker-3 runs the release before.',
      ],
      symptom: async () => tellCall(first, 'io.serverSideEmitWithAck("report")', await ask()),
      traffic: async () => {
        void ask();
        void first.do({ do: 'fetch-sockets' });
        await delay(EVERY_MS);
      },
      cure: async () => {
        await restart(lab, last, { answers: ['report'] });
      },
    };
  },
};
