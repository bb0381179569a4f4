import { Command, Option } from 'commander';
import { Summary } from '../../analyse/summary.ts';
import type { LiveEvent } from '../../capture/live/way.ts';
import { createFilter } from '../../filter/filter.ts';
import type { Source } from '../../model/frame.ts';
import type { RedisTarget } from '../../redis/target.ts';
import { LiveTalk } from '../live-talk.ts';
import {
  addFilterOptions,
  addKeyOption,
  addOutputOptions,
  type FilterOptions,
  type OutputOptions,
  parseBytes,
  parseCount,
  parseDuration,
  readConditions,
} from '../options.ts';
import { addRedisOptions, type RedisOptions, readTarget } from '../redis-options.ts';
import { stopOnSignals } from '../signals.ts';

interface MonitorOptions extends OutputOptions, FilterOptions, RedisOptions {
  readonly via: 'subscribe' | 'monitor';
  readonly key?: readonly string[];
  readonly count?: number;
  readonly for?: number;
  readonly buffer?: number;
}

/** What is watched when no key is named: the default of every adapter, and python-socketio's channel. */
const DEFAULT_KEY = 'socket.io';
const PYTHON_CHANNEL = 'socketio';

/** `sio-inspect monitor` */
export function createCommand(): Command {
  const command = new Command().description(
    'Watch a live Redis and show every message that Socket.IO servers send each other, decoded.\nRead-only: the servers do not notice, nothing is published, nothing is counted.',
  );
  addRedisOptions(command).addOption(
    new Option(
      '--via <way>',
      'subscribe: PSUBSCRIBE, cheap; monitor: MONITOR, which also shows who sent it, subscriptions,\nsharded pub/sub and streams, and slows a busy Redis down several times',
    )
      .choices(['subscribe', 'monitor'])
      .default('subscribe'),
  );
  addKeyOption(command);
  addFilterOptions(command)
    .option('--count <n>', 'end after this many messages', parseCount)
    .option('--for <time>', 'end after this time, e.g. 30s', parseDuration)
    .option(
      '--buffer <size>',
      'memory for what has arrived and is not yet shown, e.g. 64MB; beyond it a temporary file',
      parseBytes,
    );
  return addOutputOptions(command)
    .addHelpText('after', EXAMPLES)
    .action(async (options: MonitorOptions) => {
      await monitor(options);
    });
}

const EXAMPLES = `
Examples:
  sio-inspect monitor --url redis://10.0.0.5:6379
  sio-inspect monitor --key myapp --nsp /chat --event 'order:*'
  sio-inspect monitor --via monitor --for 30s            who sent it, who subscribed
  sio-inspect monitor --json --count 100 > messages.ndjson

Exit code: 0 at the end, 3 when Redis cannot be reached or forbids it, 130 after Ctrl-C.`;

async function monitor(options: MonitorOptions): Promise<void> {
  const target = await readTarget(options);
  const { Inspector } = await import('../../session/inspector.ts');
  const { watch } = await import('../../session/live.ts');
  const { openPrinter } = await import('../printer.ts');
  const summary = new Summary();
  const printer = openPrinter(options);
  const wanted = createFilter(readConditions(options));
  const keys = options.key ?? [DEFAULT_KEY];
  const stop = new AbortController();
  const signals = stopOnSignals(stop);
  const talk = new LiveTalk({ target, keys, via: options.via, color: options.color, signal: stop.signal });
  printer.closed.addEventListener('abort', () => {
    stop.abort();
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    await talk.begin();
    timer = endAfter(options.for, stop);
    await watch({
      source: await openSource(options, target, (event) => {
        talk.tell(event);
      }),
      inspector: new Inspector({
        keys: options.key ?? [],
        onOther: (name) => {
          summary.addOther(name);
        },
      }),
      stop,
      onObserved: (observed) => {
        talk.heard();
        summary.add(observed);
        if (!wanted(observed)) return false;
        printer.print(observed);
        return true;
      },
      onBatch: printer.flush,
      ...(options.count === undefined ? {} : { count: options.count }),
    });
    await printer.end();
  } catch (error) {
    // An end that was asked for while we were still connecting is no failure.
    if (!stop.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
    talk.end();
    signals.release();
  }
  if (printer.closed.aborted) return;
  talk.summarise(summary);
  if (signals.exitCode !== undefined) process.exitCode = signals.exitCode;
}

function endAfter(ms: number | undefined, stop: AbortController): NodeJS.Timeout | undefined {
  if (ms === undefined) return undefined;
  return setTimeout(() => {
    stop.abort();
  }, ms);
}

async function openSource(
  options: MonitorOptions,
  target: RedisTarget,
  onEvent: (event: LiveEvent) => void,
): Promise<Source> {
  const live = { target, onEvent, ...(options.buffer === undefined ? {} : { bufferBytes: options.buffer }) };
  switch (options.via) {
    case 'monitor': {
      const { monitorSource } = await import('../../capture/live/monitor.ts');
      return monitorSource(live);
    }
    case 'subscribe': {
      const { subscribeSource } = await import('../../capture/live/subscribe.ts');
      const { literalPattern } = await import('../../redis/glob.ts');
      const patterns = (options.key ?? [DEFAULT_KEY]).map((key) => literalPattern(key, { andMore: true }));
      const optionalPatterns = options.key === undefined ? [PYTHON_CHANNEL] : [];
      return subscribeSource({ ...live, patterns, optionalPatterns });
    }
  }
}
