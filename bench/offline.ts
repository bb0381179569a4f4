import { join } from 'node:path';
import type { BenchOptions } from './bench-options.ts';
import { writeCaptures } from './captures.ts';
import { countMarks } from './count-marks.ts';
import { formatCount, formatSeconds, type Section } from './report.ts';
import { inspectWords, median, programWords, run, type Words } from './run.ts';

interface Contestant {
  readonly name: string;
  readonly words: Words;
  readonly times: number[];
}

const ROUNDS = 5;
/** No further round is begun when so much time has passed. */
const ENOUGH_MS = 75_000;

/** (b) From a capture to JSON, against the least that could be done with the bare payloads. */
export async function benchOffline({ directory, isQuick, say }: BenchOptions): Promise<Section> {
  const count = isQuick ? 200_000 : 1_000_000;
  const captures = await writeCaptures(directory, count);
  say(`${formatCount(count)} messages written in every form`);
  const bare = contestant('bare loop, JSON thrown away', programWords('bare-loop.js', captures.payloads));
  const writing = contestant(
    'bare loop, JSON written',
    programWords('bare-loop.js', captures.payloads, 'write'),
  );
  const ours = [
    contestant('sio-inspect decode, own recording', inspectWords('decode', '--json', captures.recording)),
    contestant('sio-inspect decode, MONITOR text', inspectWords('decode', '--json', captures.monitor)),
    contestant('sio-inspect decode, pcap', inspectWords('decode', '--json', captures.pcap)),
  ];
  await checkComplete(ours, join(directory, 'decoded.ndjson'), count);
  await race([bare, writing, ...ours], isQuick ? 1 : ROUNDS, say);
  const rows = [bare, writing, ...ours].map(({ name, times }) => {
    const seconds = median(times);
    const ratios = [writing, bare].map((other) => (median(other.times) / seconds).toFixed(2));
    return [name, formatSeconds(seconds), formatCount(count / seconds), ...ratios];
  });
  return {
    title: 'From a capture to JSON',
    text: `${formatCount(count)} broadcasts (${Math.round(captures.payloadBytes / count)} bytes on average; 20 servers, 200 rooms, six kinds of events, encoded by notepack.io) from a file to /dev/null, each in a process of its own, startup included, medians of ${bare.times.length} rounds. The bare loop has nothing but the payloads: @msgpack/msgpack decode and \`JSON.stringify\`, read from a length-prefixed file; it knows neither channel nor time and checks nothing. sio-inspect reads recording and MONITOR text with as many threads as there are processors, up to four. A ratio above 1 is faster than it. Before that, each form was decoded once into a file, which held all ${formatCount(count)} records.`,
    head: ['what', 'time', 'messages/s', 'ratio to the loop that writes', 'ratio to the loop that does not'],
    rows,
    commands: [
      'node bench/programs/bare-loop.js payloads.bin > /dev/null',
      'node bench/programs/bare-loop.js payloads.bin write > /dev/null',
      'sio-inspect decode --json everyday.rec > /dev/null',
      'sio-inspect decode --json monitor.txt > /dev/null',
      'sio-inspect decode --json everyday.pcap > /dev/null',
    ],
  };
}

function contestant(name: string, words: Words): Contestant {
  return { name, words, times: [] };
}

/** Speed is nothing where something is missing. */
async function checkComplete(contestants: readonly Contestant[], file: string, count: number): Promise<void> {
  for (const { name, words } of contestants) {
    await run(words, { stdout: file });
    const [found = 0] = await countMarks(file, ['"kind":"broadcast"']);
    if (found !== count) throw new Error(`${name}: ${found} of ${count} records`);
  }
}

/** All of them in turn, so that what disturbs the machine disturbs each. */
async function race(
  contestants: readonly Contestant[],
  rounds: number,
  say: (text: string) => void,
): Promise<void> {
  const started = performance.now();
  for (let round = 0; round < rounds; round++) {
    if (round > 0 && performance.now() - started > ENOUGH_MS) return;
    for (const { name, words, times } of contestants) {
      const { seconds } = await run(words);
      times.push(seconds);
      say(`${name}: ${formatSeconds(seconds)}`);
    }
  }
}
