import { setTimeout as delay } from 'node:timers/promises';
import type { Fault, Symptom } from './fault.ts';
import { countHeard, plan, restart } from './scenes.ts';

const EVERY_MS = 200;

export const sharedRedisFault: Fault = {
  name: 'shared-redis',
  rule: 'cross-talk',
  title: 'staging uses another database of the same Redis, and its messages reach production',
  cure: 'Staging gets a key of its own: createAdapter(pub, sub, { key: "staging" }).',
  // Which database a connection has selected is in MONITOR only.
  via: 'monitor',
  stage: async (lab) => {
    const [one, two, three] = plan(3);
    if (one === undefined || two === undefined || three === undefined) throw new Error('No plans.');
    const [first, second, last] = await lab.start(one, two, { ...three, name: 'staging', db: 1 });
    if (first === undefined || second === undefined || last === undefined) throw new Error('No servers.');
    let staging = last;
    const client = await lab.join(second);
    const order = () => staging.do({ do: 'emit', event: 'order', args: ['test order'] });
    return {
      story: [
        'Production: two servers with the classic adapter, database 0.',
        'Staging: one server, the same Redis, database 1.',
        'A client is connected to production.',
      ],
      symptom: async (): Promise<Symptom> => {
        const count = await countHeard(client, 'order test order', order);
        return {
          lines: [
            'staging: io.emit("order", "test order")',
            count > 0
              ? 'The client of production gets "test order".'
              : 'The client of production hears nothing of it.',
          ],
          isBad: count > 0,
        };
      },
      traffic: async () => {
        await Promise.all([
          order(),
          ...[first, second].map((server, at) => server.do({ do: 'emit', event: 'news', args: [at] })),
        ]);
        await delay(EVERY_MS);
      },
      cure: async () => {
        staging = await restart(lab, staging, { key: 'staging' });
      },
    };
  },
};
