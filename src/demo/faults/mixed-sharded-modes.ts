import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { Fault } from './fault.ts';
import { plan, restart, tellHearing } from './scenes.ts';

const EVERY_MS = 200;
const CHECK_MS = 20;

export const mixedShardedModesFault: Fault = {
  name: 'mixed-sharded-modes',
  rule: 'mixed-sharded-modes',
  title: 'two servers use the sharded adapter, one dynamic, one static: rooms hear half',
  cure: 'worker-2 uses the same subscriptionMode as worker-1.',
  // No pattern sees what goes through sharded pub/sub.
  via: 'monitor',
  stage: async (lab) => {
    const [one, two] = plan(2, { adapter: 'sharded', rooms: ['lobby'], subscriptionMode: 'dynamic' });
    if (one === undefined || two === undefined) throw new Error('No plans.');
    const [first, last] = await lab.start(one, { ...two, subscriptionMode: 'static' });
    if (first === undefined || last === undefined) throw new Error('No servers.');
    let second = last;
    let client = await lab.join(second);
    const emit = () => first.do({ do: 'emit', event: 'news', args: ['it rains'], rooms: ['lobby'] });
    return {
      story: [
        'worker-1: createShardedAdapter(pub, sub), worker-2: the same with subscriptionMode "static".',
        'A client of worker-2 has joined the room "lobby".',
      ],
      symptom: () =>
        tellHearing(
          client,
          'news it rains',
          { said: 'worker-1: io.to("lobby").emit("news", "it rains")', hearer: 'The client of worker-2' },
          emit,
        ),
      traffic: async () => {
        await Promise.all([
          emit(),
          second.do({ do: 'emit', event: 'hello', args: [Date.now()], rooms: ['lobby'] }),
        ]);
        await delay(EVERY_MS);
      },
      cure: async () => {
        second = await restart(lab, second, { subscriptionMode: 'dynamic' });
        client = await lab.join(second);
        // The adapter takes the room's channel in its own time.
        const redis = lab.connect('cure');
        while (await isUnheard(redis, 'socket.io#/#lobby#')) await delay(CHECK_MS);
      },
    };
  },
};

async function isUnheard(redis: Redis, channel: string): Promise<boolean> {
  const [, subscribers] = (await redis.call('PUBSUB', 'SHARDNUMSUB', channel)) as [string, number];
  return subscribers === 0;
}
