import { setTimeout as delay } from 'node:timers/promises';
import type { Fault, Symptom } from './fault.ts';
import type { LabServer } from './lab-server.ts';
import { plan } from './scenes.ts';

const WAIT_MS = 1000;
const LINES_SHOWN = 6;

export const poisonPayloadFault: Fault = {
  name: 'poison-payload',
  rule: 'poison-payload',
  title: 'somebody publishes plain text on the channel of the servers, and they crash',
  cure: 'The script publishes on a channel of its own.',
  via: 'monitor',
  stage: async (lab) => {
    let servers: LabServer[] = await lab.start(...plan(2));
    const script = lab.connect('some-script');
    let channel = 'socket.io#/#';
    const publish = () => script.publish(channel, 'hello');
    const bringUp = async (): Promise<void> => {
      if (servers.some((server) => server.lastWords() !== undefined)) servers = await lab.start(...plan(2));
    };
    return {
      story: [
        'Two servers with the classic adapter on ioredis.',
        'A script does redis.publish("socket.io#/#", "hello").',
      ],
      symptom: async (): Promise<Symptom> => {
        await bringUp();
        await publish();
        const [first] = servers;
        await Promise.race([Promise.all(servers.map(({ ended }) => ended)), delay(WAIT_MS)]);
        const words = first?.lastWords();
        await bringUp();
        return words === undefined
          ? { lines: ['Both servers go on.'], isBad: false }
          : { lines: ['Both servers end with:', ...wordsOf(words)], isBad: true };
      },
      traffic: async () => {
        await publish();
        await delay(WAIT_MS);
      },
      cure: async () => {
        channel = 'jobs';
        await bringUp();
      },
    };
  },
};

/** The message and the first frames of the stack. */
function wordsOf(text: string): readonly string[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const start = Math.max(
    0,
    lines.findIndex((line) => /Error/.test(line)),
  );
  return lines.slice(start, start + LINES_SHOWN).map((line) => line.replace(/\(.*node_modules\//, '('));
}
