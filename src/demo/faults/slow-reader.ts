import { setTimeout as delay } from 'node:timers/promises';
import type { Fault, Symptom } from './fault.ts';
import { plan, restart } from './scenes.ts';

const TAKES_MS = 20;
const BURST = 40;
const EVERY_MS = 200;
const BEFORE = 120;
const LATE_MS = 1000;
const PATIENCE_MS = 20_000;
const LOOK_EVERY_MS = 10;

export const slowReaderFault: Fault = {
  name: 'slow-reader',
  rule: 'reader-lag',
  title: 'a server needs 20 ms for each entry of the stream, and 200 a second are written',
  cure: 'What worker-2 does with each message moves to a thread of its own.',
  adapters: ['streams'],
  // XREAD is no message: only MONITOR shows who reads what.
  via: 'monitor',
  // It reads up to a hundred entries at a time, which takes it two seconds.
  listenMs: 8000,
  stage: async (lab) => {
    const [one, two] = plan(2, { adapter: 'streams' });
    if (one === undefined || two === undefined) throw new Error('No plans.');
    const [first, last] = await lab.start(one, { ...two, entriesTakeMs: TAKES_MS });
    if (first === undefined || last === undefined) throw new Error('No servers.');
    let second = last;
    let client = await lab.join(second);
    let number = 0;
    return {
      story: [
        'Two servers with the streams adapter; a client is connected to worker-2.',
        `worker-2 does something with each message that holds up its event loop for ${TAKES_MS} ms.`,
      ],
      symptom: async (): Promise<Symptom> => {
        const text = `news ${++number}`;
        await first.do({ do: 'emit', event: 'price', args: [1], times: BEFORE });
        const since = performance.now();
        await first.do({ do: 'emit', event: 'news', args: [String(number)] });
        while (client.countOf(text) === 0 && performance.now() - since < PATIENCE_MS)
          await delay(LOOK_EVERY_MS);
        const tookMs = Math.round(performance.now() - since);
        return {
          lines: [
            `worker-1: io.emit("price", …) ${BEFORE} times, then io.emit("news", "${number}")`,
            `→ The client of worker-2 hears the news after ${tookMs} ms.`,
          ],
          isBad: tookMs > LATE_MS,
        };
      },
      traffic: async () => {
        await first.do({ do: 'emit', event: 'price', args: [1], times: BURST });
        await delay(EVERY_MS);
      },
      cure: async () => {
        second = await restart(lab, second, { entriesTakeMs: 0 });
        client = await lab.join(second);
      },
    };
  },
};
