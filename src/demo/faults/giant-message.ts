import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './fault.ts';
import { plan, tellHearing } from './scenes.ts';

const EVERY_MS = 1000;
const GIANT_CHARACTERS = 3_000_000;

export const giantMessageFault: Fault = {
  name: 'giant-message',
  rule: 'buffer-pressure',
  title: 'a message is larger than what Redis keeps for a subscriber: all servers lose their connection',
  cure: 'A link is sent instead of the picture.',
  redisArgs: ['--client-output-buffer-limit', 'pubsub 1mb 512kb 60'],
  // A subscriber is dropped like the servers; MONITOR has no limit.
  via: 'monitor',
  stage: async (lab) => {
    const [first, second] = await lab.start(...plan(2));
    if (first === undefined || second === undefined) throw new Error('No servers.');
    const client = await lab.join(second);
    let picture = 'x'.repeat(GIANT_CHARACTERS);
    const emit = () => first.do({ do: 'emit', event: 'picture', args: [picture] });
    return {
      story: [
        'Two servers; Redis keeps 1 MB for a subscriber (the default is 32 MB).',
        'A client is connected to worker-2.',
      ],
      symptom: () =>
        tellHearing(
          client,
          `picture ${picture}`,
          {
            said: `worker-1: io.emit("picture", <${picture.length} characters>)`,
            hearer: 'The client of worker-2',
          },
          emit,
        ),
      traffic: async () => {
        await emit();
        await delay(EVERY_MS);
      },
      cure: () => {
        picture = 'https://example.org/p/1';
        return Promise.resolve();
      },
    };
  },
};
