import { join } from 'node:path';
import { devNull } from 'node:os';
import { rm } from 'node:fs/promises';
import { startLab, untilAttached, untilSent } from './attached.ts';
import type { BenchOptions } from './bench-options.ts';
import { writeBurst } from './burst.ts';
import { writeRecording } from './captures.ts';
import { countMarks } from './count-marks.ts';
import { createBurstMessage } from './payloads.ts';
import { publish } from './publish.ts';
import { formatCount, formatSeconds, type Section } from './report.ts';
import { inspectWords, Running, run } from './run.ts';

const BLOCKS = 10;

interface Live {
  readonly captured: string;
  readonly peakMb: number;
  readonly seconds: number;
}

/** (d) How much memory a long burst takes. */
export async function benchMemory({ directory, isQuick, say }: BenchOptions): Promise<Section> {
  const block = isQuick ? 20_000 : 500_000;
  const count = block * BLOCKS;
  const commands = join(directory, 'block.resp');
  const [output, recording] = [join(directory, 'memory.out'), join(directory, 'memory.rec')];
  writeBurst(commands, block);
  const rows: string[][] = [];
  for (const file of [devNull, output]) {
    const live = await readLive(commands, file);
    rows.push([
      `monitor --json > ${file === devNull ? '/dev/null' : 'file'}`,
      live.captured,
      formatSeconds(live.seconds),
      formatMemory(live.peakMb),
    ]);
    say(rows.at(-1)?.join('  ') ?? '');
  }
  await rm(output);
  await writeRecording(recording, count, createBurstMessage);
  const decoded = await run(inspectWords('decode', '--json', recording));
  rows.push([
    'decode --json recording > /dev/null',
    'not counted',
    formatSeconds(decoded.seconds),
    formatMemory(decoded.peakMb),
  ]);
  say(rows.at(-1)?.join('  ') ?? '');
  await rm(recording);
  return {
    title: 'Memory',
    text: `${formatCount(count)} messages of 114 bytes in one go, published by \`redis-cli --pipe\` as fast as Redis takes them, or read from a recording. Memory is the most that the process ever held (VmHWM), its backlog included; time is until the last record was written.`,
    head: ['what', 'captured', 'time', 'most memory'],
    rows,
    commands: [
      'redis-cli --pipe < burst.resp',
      'sio-inspect monitor --json > file',
      'sio-inspect decode --json burst.rec > /dev/null',
    ],
  };
}

async function readLive(commands: string, file: string): Promise<Live> {
  const lab = await startLab();
  try {
    const running = new Running(inspectWords('monitor', '--json', '--url', lab.redis.url), { stdout: file });
    const ids = await untilAttached(lab, running);
    const started = performance.now();
    await publish(lab.redis, commands, BLOCKS);
    await untilSent(lab, ids);
    // At Ctrl-C it writes first what has arrived.
    const { peakMb, stderr } = await running.interrupt();
    const seconds = (performance.now() - started) / 1000;
    return { captured: await countCaptured(file, stderr), peakMb, seconds };
  } finally {
    await lab.stop();
  }
}

/** Where nothing is kept, what it says itself has to do. */
async function countCaptured(file: string, stderr: string): Promise<string> {
  if (file === devNull)
    return `${formatCount(Number(/(\d+) messages/.exec(stderr)?.[1]))} by its own account`;
  const [records = 0, gaps = 0] = await countMarks(file, ['"kind":"broadcast"', '"kind":"gap"']);
  return `${formatCount(records)}, ${gaps} gaps`;
}

function formatMemory(megabytes: number): string {
  return megabytes === 0 ? 'not told' : `${Math.round(megabytes)} MB`;
}
