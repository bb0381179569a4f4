import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './fault.ts';
import { plan, tellHearing } from './scenes.ts';

const EVERY_MS = 200;

export const badRoomFault: Fault = {
  name: 'bad-room',
  rule: 'bad-room',
  title: 'clients have joined the room "42", and a server emits to the room 42',
  cure: 'The room is made a text: io.to(String(room)).',
  stage: async (lab) => {
    const [first, second] = await lab.start(...plan(2, { rooms: ['42'] }));
    if (first === undefined || second === undefined) throw new Error('No servers.');
    const client = await lab.join(second);
    let room: string | number = 42;
    const emit = () => first.do({ do: 'emit', event: 'paid', args: ['yes'], rooms: [room] });
    return {
      story: ['Two servers with the classic adapter.', 'A client of worker-2 has joined the room "42".'],
      symptom: () =>
        tellHearing(
          client,
          'paid yes',
          { said: `worker-1: io.to(${JSON.stringify(room)}).emit("paid", "yes")`, hearer: 'The client' },
          emit,
        ),
      traffic: async () => {
        await emit();
        await delay(EVERY_MS);
      },
      cure: () => {
        room = '42';
        return Promise.resolve();
      },
    };
  },
};
