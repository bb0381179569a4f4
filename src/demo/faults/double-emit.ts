import { setTimeout as delay } from 'node:timers/promises';
import type { Fault, Symptom } from './fault.ts';
import type { ServerPlan } from './lab-orders.ts';
import { countHeard, plan, restart } from './scenes.ts';

const EVERY_MS = 250;
const CHANNEL = 'newsroom';

export const doubleEmitFault: Fault = {
  name: 'double-emit',
  rule: 'double-emit',
  title: 'every server hears of an outside event and tells everybody: clients get it three times',
  cure: 'Each server tells its own clients only: io.local.emit(…).',
  stage: async (lab) => {
    const relays = (to: 'everybody' | 'local'): Partial<ServerPlan> => ({ relays: { channel: CHANNEL, to } });
    const servers = await lab.start(...plan(3, relays('everybody')));
    const [first] = servers;
    if (first === undefined) throw new Error('No server.');
    let client = await lab.join(first);
    const newsroom = lab.connect('newsroom');
    let number = 0;
    return {
      story: [
        'Three servers subscribe to the channel "newsroom" and do io.emit("news", text).',
        'A client is connected to worker-1.',
      ],
      symptom: async (): Promise<Symptom> => {
        const text = `item ${++number}`;
        const times = await countHeard(client, `news ${text}`, () => newsroom.publish(CHANNEL, text));
        return {
          lines: [`newsroom: "${text}"`, `The client gets it ${times} times.`.replace('1 times', 'once')],
          isBad: times !== 1,
        };
      },
      traffic: async () => {
        await newsroom.publish(CHANNEL, `item ${++number}`);
        await delay(EVERY_MS);
      },
      cure: async () => {
        const [fresh] = await Promise.all(servers.map((server) => restart(lab, server, relays('local'))));
        if (fresh !== undefined) client = await lab.join(fresh);
      },
    };
  },
};
