import { join } from 'node:path';
import { startLab, untilAttached, untilSettled } from './attached.ts';
import type { BenchOptions } from './bench-options.ts';
import { countMarks } from './count-marks.ts';
import { createBurstMessage } from './payloads.ts';
import { publish, writeCommands } from './publish.ts';
import { formatCount, formatSeconds, type Section } from './report.ts';
import { inspectWords, median, programWords, Running, type Words } from './run.ts';

/** Who reads the burst, and what stands once in its file for each message. */
interface Reader {
  readonly name: string;
  readonly words: (port: number) => Words;
  readonly mark: string;
  readonly isOurs?: true;
}

interface Outcome {
  readonly captured: number;
  readonly gaps: number;
  readonly wasThrownOut: boolean;
  /** From the first publish to the last byte in the file. */
  readonly seconds: number;
}

const OURS: Reader = {
  name: 'sio-inspect monitor --json',
  words: (port) => inspectWords('monitor', '--json', '--url', `redis://127.0.0.1:${port}`),
  mark: '"kind":"broadcast"',
  isOurs: true,
};
const OTHERS: readonly Reader[] = [
  {
    name: "redis-cli --json psubscribe 'socket.io*'",
    words: (port) => ['redis-cli', '-p', String(port), '--json', 'psubscribe', 'socket.io*'],
    mark: '"pmessage"',
  },
  {
    name: 'redis-cli monitor',
    words: (port) => ['redis-cli', '-p', String(port), 'monitor'],
    mark: '"PUBLISH"',
  },
  {
    name: 'bench/programs/plain-subscriber.js',
    words: (port) => programWords('plain-subscriber.js', String(port)),
    mark: '"channel"',
  },
];
const OTHERS_REPEAT = 3;

/** (a) Who keeps up with a burst, Redis at its default limits. */
export async function benchBurst(options: BenchOptions): Promise<Section> {
  const { directory, isQuick } = options;
  const count = isQuick ? 40_000 : 400_000;
  const commands = join(directory, 'burst.resp');
  writeBurst(commands, count);
  const rows: string[][] = [];
  for (const reader of [OURS, ...OTHERS]) {
    const times = reader.isOurs === true ? options.repeat : Math.min(options.repeat, OTHERS_REPEAT);
    const outcomes: Outcome[] = [];
    for (let turn = 0; turn < times; turn++) {
      const outcome = await readBurst(reader, commands, join(directory, 'burst.out'));
      options.say(`${reader.name}: ${JSON.stringify(outcome)}`);
      outcomes.push(outcome);
    }
    rows.push(describe(reader, count, outcomes));
  }
  return {
    title: 'Who keeps up with a burst',
    text: `${formatCount(count)} PUBLISH of a 114-byte broadcast by \`redis-cli --pipe\`, as fast as Redis takes them, Redis at its default limits. Time is from the first publish until the last byte was in the reader's file.`,
    head: ['reader > file', 'runs', 'captured', 'all there', 'gaps', 'thrown out', 'time'],
    rows,
    commands: [
      'redis-cli --pipe < burst.resp',
      ...[OURS, ...OTHERS].map(({ name }) => `${name.startsWith('bench/') ? 'node ' : ''}${name} > file`),
    ],
  };
}

export function writeBurst(file: string, count: number): void {
  writeCommands(file, count, (index) => {
    const { channel, payload } = createBurstMessage(index);
    return ['PUBLISH', channel, payload];
  });
}

async function readBurst(reader: Reader, commands: string, file: string): Promise<Outcome> {
  const lab = await startLab();
  try {
    const running = new Running(reader.words(lab.redis.port), { stdout: file });
    const ids = await untilAttached(lab, running);
    const started = performance.now();
    await publish(lab.redis, commands);
    const { lastWrite, wasThrownOut } = await untilSettled(lab, ids, file);
    await running.interrupt();
    const [captured = 0, gaps = 0] = await countMarks(file, [reader.mark, '"kind":"gap"']);
    return { captured, gaps, wasThrownOut, seconds: (lastWrite - started) / 1000 };
  } finally {
    await lab.stop();
  }
}

function describe({ name, isOurs }: Reader, count: number, outcomes: readonly Outcome[]): string[] {
  const captured = outcomes.map((outcome) => outcome.captured);
  const [least, most] = [Math.min(...captured), Math.max(...captured)];
  const gaps = outcomes.reduce((sum, outcome) => sum + outcome.gaps, 0);
  return [
    `\`${name}\``,
    String(outcomes.length),
    least === most ? formatCount(least) : `${formatCount(least)}–${formatCount(most)}`,
    `${captured.filter((one) => one === count).length} of ${outcomes.length}`,
    isOurs === true ? String(gaps) : 'not told',
    `${outcomes.filter(({ wasThrownOut }) => wasThrownOut).length} of ${outcomes.length}`,
    formatSeconds(median(outcomes.map(({ seconds }) => seconds))),
  ];
}
