import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './fault.ts';
import { plan, restart, tellHearing } from './scenes.ts';

const EVERY_MS = 200;

export const privateRoomLostFault: Fault = {
  name: 'private-room-lost',
  rule: 'private-room-lost',
  title:
    'a message for one socket goes to its own channel, and the server of that socket does not listen there',
  cure: 'worker-2 uses the same subscriptionMode as worker-1. (The same bug of adapter 8.2 is cured by 8.3.)',
  // No pattern sees what goes through sharded pub/sub.
  via: 'monitor',
  stage: async (lab) => {
    const [one, two] = plan(2, { adapter: 'sharded' });
    if (one === undefined || two === undefined) throw new Error('No plans.');
    const [first, last] = await lab.start(
      { ...one, subscriptionMode: 'dynamic-private' },
      { ...two, subscriptionMode: 'dynamic' },
    );
    if (first === undefined || last === undefined) throw new Error('No servers.');
    let second = last;
    let client = await lab.join(second);
    const emit = () => first.do({ do: 'emit', event: 'mail', args: ['for you'], rooms: [client.socket.id] });
    return {
      story: [
        'worker-1: createShardedAdapter() with subscriptionMode "dynamic-private", worker-2: "dynamic".',
        'Adapter 8.2 does the same to itself: it publishes to that channel, and no server subscribes to it.',
        'A client is connected to worker-2.',
      ],
      symptom: () =>
        tellHearing(
          client,
          'mail for you',
          { said: 'worker-1: io.to(socketId).emit("mail", "for you")', hearer: 'The client of worker-2' },
          emit,
        ),
      traffic: async () => {
        await emit();
        await delay(EVERY_MS);
      },
      cure: async () => {
        second = await restart(lab, second, { subscriptionMode: 'dynamic-private' });
        client = await lab.join(second);
      },
    };
  },
};
