import { Command, InvalidArgumentError, Option } from 'commander';
import { ADAPTERS, type DemoAdapter, REDIS_CHOICES, type RedisChoice } from '../../demo/choices.ts';
import type { RedisTarget } from '../../redis/target.ts';
import { EXIT, RedisError, UsageError } from '../errors.ts';
import { complain } from '../notice.ts';
import { Output } from '../output.ts';
import { addRedisOptions, type RedisOptions, readTarget } from '../redis-options.ts';
import { stopOnSignals } from '../signals.ts';
import { proseColumnsOf, themeFor } from '../terminal.ts';

interface DemoFlags extends RedisOptions {
  readonly workers: number;
  readonly port: number;
  readonly host: string;
  readonly adapter: DemoAdapter;
  readonly redis: RedisChoice;
  readonly force?: true;
  readonly once?: true;
  readonly stay?: true;
  readonly fault?: string;
  readonly color: boolean;
}

/** More would only slow the machine down; what they show, four show as well. */
const MOST_WORKERS = 32;

/** `sio-inspect demo` */
export function createCommand(): Command {
  const command = new Command()
    .description(
      'Start a cluster of Socket.IO servers on one port, let two clients on different workers talk, and show what passes through Redis between them. At a terminal it then stays up, with a chat page.',
    )
    .option('--workers <n>', 'how many servers', wholeNumber(1, MOST_WORKERS), 4)
    .option('--port <n>', 'where to listen; 0 takes any free port', wholeNumber(0, 65_535), 3000)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .addOption(new Option('--adapter <kind>', 'what joins the workers').choices(ADAPTERS).default('redis'))
    .addOption(
      new Option('--redis <which>', 'without --url: a redis-server from PATH, or the bundled mini-redis')
        .choices(REDIS_CHOICES)
        .default('auto'),
    );
  addRedisOptions(command);
  for (const option of command.options) {
    if (option.long === '--url')
      option.description = 'a Redis of yours (REDIS_URL is not enough: the demo publishes)';
  }
  return command
    .option('--force', "publish into a Redis where others' Socket.IO servers listen")
    .option('--once', 'end after the story (the default where stdout is no terminal)')
    .option('--stay', 'stay up after the story, terminal or not')
    .option('--fault <name>', 'stage a fault, let the doctor find it, and cure it; list shows them all')
    .option('--no-color', 'no colours (NO_COLOR does the same, FORCE_COLOR forces them)')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: DemoFlags) => {
      await demo(flags, command.getOptionValueSource('adapter') !== 'default');
    });
}

const EXAMPLES = `
Examples:
  sio-inspect demo                       the story on a Redis of its own, then a chat page
  sio-inspect demo --adapter none        the same without an adapter: B hears nothing
  sio-inspect demo --adapter streams     over a Redis stream
  sio-inspect demo --once --port 0       the story only, on any free port
  sio-inspect demo --fault list          what can go wrong, to be seen happening
  sio-inspect demo --fault half-open --adapter sharded

Exit code: 0 the story came true, 1 it did not, 2 wrong usage (a taken port too), 3 Redis, 130 after Ctrl-C.`;

async function demo(flags: DemoFlags, isAdapterNamed: boolean): Promise<void> {
  if (flags.fault !== undefined) {
    const { playFault } = await import('../fault-player.ts');
    await playFault(flags.fault, {
      color: flags.color,
      hasUrl: flags.url !== undefined,
      ...(isAdapterNamed ? { adapter: flags.adapter } : {}),
    });
    return;
  }
  if (flags.once && flags.stay) throw new UsageError('--once and --stay exclude each other.');
  const target = await wantedTarget(flags);
  const { runDemo } = await import('../../demo/demo.ts');
  const stop = new AbortController();
  const signals = stopOnSignals(stop);
  const output = new Output(process.stdout);
  let written = Promise.resolve();
  output.closed.addEventListener('abort', () => {
    stop.abort();
  });
  try {
    const flaw = await runDemo({
      workers: flags.workers,
      adapter: flags.adapter,
      host: flags.host,
      port: flags.port,
      redis: flags.redis,
      force: flags.force === true,
      stay: flags.stay === true || (flags.once !== true && process.stdout.isTTY),
      style: { width: proseColumnsOf(process.stdout), theme: themeFor(process.stdout, flags.color) },
      print: (line) => {
        output.line(line);
        written = written.then(() => output.flush());
      },
      notice,
      signal: stop.signal,
      ...(target === undefined ? {} : { target }),
    });
    await written;
    if (flaw !== undefined) {
      notice(`the story did not come true: ${flaw}`);
      process.exitCode = EXIT.notUnderstood;
    }
  } catch (error) {
    await explain(error);
  } finally {
    signals.release();
  }
  if (signals.exitCode !== undefined) process.exitCode = signals.exitCode;
}

async function wantedTarget(flags: DemoFlags): Promise<RedisTarget | undefined> {
  if (flags.adapter === 'none') {
    if (flags.url !== undefined) notice('--url is not used: with --adapter none nothing goes to Redis.');
    return undefined;
  }
  if (flags.url !== undefined) return readTarget(flags);
  if (process.env.REDIS_URL)
    notice('REDIS_URL is set but not used: the demo publishes, so --url has to name the Redis.');
  return undefined;
}

async function explain(error: unknown): Promise<void> {
  const { DemoError } = await import('../../demo/demo-error.ts');
  if (!(error instanceof DemoError)) throw error;
  switch (error.trouble) {
    case 'usage':
      throw new UsageError(error.message, { cause: error });
    case 'redis':
      throw new RedisError(error.message, { cause: error });
    case 'worker':
      notice(error.message);
      process.exitCode = EXIT.notUnderstood;
  }
}

function notice(line: string): void {
  complain(line);
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`Write a whole number from ${least} to ${most}.`);
  };
}
