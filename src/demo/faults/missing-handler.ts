import type { Fault } from './fault.ts';
import { plan, restart, tellCall } from './scenes.ts';

export const missingHandlerFault: Fault = {
  name: 'missing-handler',
  rule: 'handler-missing',
  title: 'one server does not handle an event that the others acknowledge',
  cure: 'worker-3 gets the handler, too.',
  stage: async (lab) => {
    const [one, two, three] = plan(3, { answers: ['report'] });
    if (one === undefined || two === undefined || three === undefined) throw new Error('No plans.');
    const [first, , last] = await lab.start(one, two, { ...three, answers: [] });
    if (first === undefined || last === undefined) throw new Error('No servers.');
    const ask = () => first.do({ do: 'server-side-emit', event: 'report' });
    return {
      story: [
        'Three servers; two of them have io.on("report", (callback) => callback(…)).',
        'worker-3 runs the release before.',
      ],
      symptom: async () => tellCall(first, 'io.serverSideEmitWithAck("report")', await ask()),
      traffic: () => Promise.all([ask(), first.do({ do: 'fetch-sockets' })]),
      cure: async () => {
        await restart(lab, last, { answers: ['report'] });
      },
    };
  },
};
