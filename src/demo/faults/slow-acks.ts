import type { Fault } from './fault.ts';
import { plan, tellCall } from './scenes.ts';

const TIMEOUT_MS = 500;

export const slowAcksFault: Fault = {
  name: 'slow-acks',
  rule: 'acks-missing',
  title: 'a client never acknowledges, and the broadcast times out',
  cure: 'The client calls the callback.',
  stage: async (lab) => {
    const [first, second] = await lab.start(...plan(2));
    if (first === undefined || second === undefined) throw new Error('No servers.');
    await lab.join(first);
    const lazy = await lab.join(second, { acknowledges: false });
    const ask = () => first.do({ do: 'emit-with-ack', event: 'are you there', timeoutMs: TIMEOUT_MS });
    return {
      story: ['Two servers with a client each.', 'The client of worker-2 never calls the callback.'],
      symptom: async () =>
        tellCall(first, `io.timeout(${TIMEOUT_MS}).emitWithAck("are you there")`, await ask()),
      traffic: ask,
      cure: async () => {
        lazy.socket.close();
        await lab.join(second);
      },
    };
  },
};
