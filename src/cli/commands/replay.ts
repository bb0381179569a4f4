import { Command, Option } from 'commander';
import { RedisError } from '../errors.ts';
import type { ReplayCount } from '../../demo/replay.ts';
import { checkInputs, openInputs } from '../inputs.ts';
import { complain } from '../notice.ts';
import { readTarget } from '../redis-options.ts';
import { stopOnSignals } from '../signals.ts';

interface ReplayOptions {
  readonly into: string;
  readonly speed: '1' | '10' | 'max';
  readonly force?: true;
}

/** `sio-inspect replay FILE --into URL` */
export function createCommand(): Command {
  return new Command()
    .description(
      'Publish the messages of a recording again, into a Redis of your own or that of "sio-inspect demo".\nA Redis in which servers of others listen, or may listen unseen, is refused: their clients would get every message.',
    )
    .argument('<file>', 'a recording, or any other capture that decode reads')
    .requiredOption('--into <url>', 'the Redis to publish to; REDIS_URL is not asked')
    .addOption(
      new Option('--speed <times>', 'as fast as it was, ten times as fast, or at once')
        .choices(['1', '10', 'max'])
        .default('1'),
    )
    .option('--force', 'publish where others live, and also what cannot be decoded')
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, options: ReplayOptions) => {
      await replayFile(file, options);
    });
}

const EXAMPLES = `
Examples:
  sio-inspect replay bug.rec --into redis://127.0.0.1:7777 --speed max

Exit code: 0 at the end, 3 when Redis cannot be reached or others live there, 130 after Ctrl-C.`;

async function replayFile(file: string, { into, speed, force }: ReplayOptions): Promise<void> {
  await checkInputs([file]);
  const target = await readTarget({ url: into });
  const { readOffline } = await import('../../session/offline.ts');
  const { replay } = await import('../../demo/replay.ts');
  const { DemoError } = await import('../../demo/demo-error.ts');
  const stop = new AbortController();
  const signals = stopOnSignals(stop);
  let others = 0;
  const batches = readOffline(openInputs([file]), {
    onNote: complain,
    onOther: (_command, count) => {
      others += count;
    },
  });
  const times = speed === 'max' ? Number.POSITIVE_INFINITY : Number(speed);
  try {
    const count = await replay(batches, {
      target,
      speed: times,
      force: force === true,
      signal: stop.signal,
    });
    complain(describeCount(count, others));
  } catch (error) {
    if (error instanceof DemoError) throw new RedisError(error.message, { cause: error });
    throw error;
  } finally {
    signals.release();
  }
  if (signals.exitCode !== undefined) process.exitCode = signals.exitCode;
}

/** What was sent, and what was not and why. */
function describeCount(
  { sent, undecoded, unpublished, unreadable, gaps }: ReplayCount,
  others: number,
): string {
  const left = [
    [undecoded, 'that cannot be decoded (--force sends them)'],
    [unpublished, 'that nobody publishes (subscriptions, sessions, payloads without a channel)'],
    [unreadable, 'that could not be read, so that no command is known'],
    [gaps, 'missing in the capture itself (gaps, removed payloads)'],
    [others, 'of no adapter'],
  ] as const;
  const named = left.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return named.length === 0 ? `${sent} published.` : `${sent} published; not sent: ${named.join(', ')}.`;
}
