import { setTimeout as delay } from 'node:timers/promises';
import type { Fault, Symptom } from './fault.ts';
import type { LabClient } from './lab.ts';
import { plan, restart } from './scenes.ts';

const EVERY_MS = 200;
/** What does not come within this does not come: on one machine messages take a few milliseconds. */
const HEARING_MS = 800;
const DEADLINE = '2030-01-01T00:00:00.000Z';
const OTHER_DEADLINE = '2031-01-01T00:00:00.000Z';

export const mixedVersionsFault: Fault = {
  name: 'mixed-versions',
  rule: 'version-skew',
  title: 'servers of adapter 7 and of adapter 8 share a namespace, and dates arrive as bytes',
  cure: 'worker-2 gets adapter 8, too.',
  stage: async (lab) => {
    const [one, two] = plan(2);
    if (one === undefined || two === undefined) throw new Error('No plans.');
    const [first, last] = await lab.start(one, { ...two, speaksAsAdapter7: true });
    if (first === undefined || last === undefined) throw new Error('No servers.');
    let second = last;
    let client = await lab.join(second);
    const emit = (server: typeof first, date = DEADLINE) =>
      server.do({ do: 'emit-date', event: 'deadline', date });
    return {
      story: [
        'worker-1 has @socket.io/redis-adapter 8.',
        'worker-2 speaks as 7 does: its encoder, notepack.io 2, is imitated, all else is real.',
        'A client is connected to worker-2.',
      ],
      symptom: async (): Promise<Symptom> => {
        const heard = await hearOnce(client, () => emit(first));
        return {
          lines: [
            `worker-1: io.emit("deadline", new Date("${DEADLINE}"))`,
            `The client of worker-2 gets ${JSON.stringify(heard)}.`,
          ],
          isBad: heard !== DEADLINE,
        };
      },
      traffic: async () => {
        await Promise.all([emit(first), emit(second, OTHER_DEADLINE)]);
        await delay(EVERY_MS);
      },
      cure: async () => {
        second = await restart(lab, second, { speaksAsAdapter7: false });
        client = await lab.join(second);
      },
    };
  },
};

/** The first argument of what the client hears. */
async function hearOnce({ socket }: LabClient, say: () => Promise<unknown>): Promise<unknown> {
  const heard: unknown[] = [];
  const listener = (value: unknown): void => {
    heard.push(value);
  };
  socket.on('deadline', listener);
  await say();
  await delay(HEARING_MS);
  socket.off('deadline', listener);
  return heard[0];
}
