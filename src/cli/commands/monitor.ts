import { Command } from 'commander';
import { Summary } from '../../analyse/summary.ts';
import type { Choice } from '../../capture/live/choose-ways.ts';
import type { WaysOptions } from '../../capture/live/open-ways.ts';
import type { LiveEvent, LiveWay } from '../../capture/live/way.ts';
import { createFilter } from '../../filter/filter.ts';
import type { Observed } from '../../model/observed.ts';
import type { RecordingHeader } from '../../recording/format.ts';
import { findPlace, type Place } from '../../redis/place.ts';
import { type RedisTarget, redactUrl } from '../../redis/target.ts';
import type { ThreadNotes } from '../../session/thread-notes.ts';
import { limitWatching, type WatchLimit } from '../limit-watching.ts';
import { checkVia, collectVia, parseSince, type ViaWord } from '../live-options.ts';
import { LiveTalk } from '../live-talk.ts';
import { say } from '../notice.ts';
import {
  addFilterOptions,
  addKeyOption,
  addOutputOptions,
  describeCondition,
  type FilterOptions,
  type OutputOptions,
  parseBytes,
  parseCount,
  parseDuration,
  readConditions,
} from '../options.ts';
import {
  addRecordingOptions,
  type LiveRecording,
  openRecording,
  type RecordingOptions,
  readRedaction,
} from '../recording.ts';
import { type RecordingProgress, showRecording } from '../recording-progress.ts';
import { boundOf } from '../price.ts';
import { addRedisOptions, type RedisOptions, readTarget } from '../redis-options.ts';
import { stopOnSignals } from '../signals.ts';
import { themeFor } from '../terminal.ts';

export interface MonitorOptions extends OutputOptions, FilterOptions, RedisOptions, RecordingOptions {
  readonly via?: readonly ViaWord[];
  readonly sentinel?: string;
  readonly since?: string;
  readonly maxRate?: number;
  readonly force?: true;
  readonly key?: readonly string[];
  readonly count?: number;
  readonly for?: number;
  readonly buffer?: number;
}

/** `sio-inspect monitor` */
export function createCommand(): Command {
  const command = new Command().description(
    'Watch a live Redis and show every message that Socket.IO servers send each other, decoded.\nRead-only: the servers do not notice, nothing is published, nothing is counted.',
  );
  addOutputOptions(addMonitorOptions(command)).option(
    '--record <file>',
    'also write what comes to this file, as it came (docs/recordings.md)',
  );
  return command.addHelpText('after', EXAMPLES).action(async (options: MonitorOptions) => {
    await watchRedis(options, 'print');
  });
}

/** What to watch, how, how long, and how to record it: the same for monitor and record. */
export function addMonitorOptions(command: Command): Command {
  addRedisOptions(command)
    .option('--sentinel <name>', 'the primary to watch, by the name that the Sentinel at --url has for it')
    .option('--via <way>', VIA_HELP, collectVia)
    .option(
      '--since <id>',
      'with --via stream: begin after this stream id, at this time, so long ago (10m), or with 0 at the oldest entry',
      parseSince,
    )
    .option(
      '--max-rate <n>',
      'with --via monitor or auto: end MONITOR when Redis executes more commands a second',
      parseCount,
    )
    .option(
      '--force',
      'with --via replication: also where a Sentinel or the primary would count us as a replica',
    );
  addKeyOption(command);
  addFilterOptions(command)
    .option('--count <n>', 'end after this many messages', parseCount)
    .option('--for <time>', 'end this long after it was attached, e.g. 30s', parseDuration)
    .option(
      '--buffer <size>',
      'memory for what has arrived and is not yet shown, e.g. 64MB; beyond it a temporary file',
      parseBytes,
    );
  return addRecordingOptions(command);
}

const VIA_HELP = `how to attach; repeatable (default: subscribe)
subscribe: PSUBSCRIBE, cheap
stream: XREAD of the streams adapter's streams
replica: MONITOR on a replica: all of it, at no cost for the primary
replication: the replication stream (Redis 7): one fork, and we are listed as a replica
monitor: MONITOR, also shows who sent it and who subscribes; slows a busy Redis down several times
auto: chooses what is cheap and permitted, else MONITOR, and says why`;

const EXAMPLES = `
Examples:
  sio-inspect monitor --url redis://10.0.0.5:6379
  sio-inspect monitor --key myapp --nsp /chat --event 'order:*'
  sio-inspect monitor --via monitor --for 30s            who sent it, who subscribed
  sio-inspect monitor --via stream --since 10m           what was said in the last ten minutes
  sio-inspect monitor --json --count 100 > messages.ndjson
  sio-inspect monitor --record today.rec.gz --no-args    on the screen, and in a file without the values

Exit code: 0 at the end, 3 when Redis cannot be reached or forbids it, 130 after Ctrl-C.`;

/**
 * Watches until the end that the options or the user set. `record` is about the file, and ends with it; only on request
 * does it print what comes as well.
 */
export async function watchRedis(options: MonitorOptions, mode: 'print' | 'record'): Promise<void> {
  const vias = options.via ?? ['subscribe'];
  checkVia(vias, options);
  await readRedaction(options);
  const target = await readTarget(options);
  const { Inspector } = await import('../../session/inspector.ts');
  const { watch } = await import('../../session/live.ts');
  const { openWays } = await import('../../capture/live/open-ways.ts');
  const { openPrinter, silentPrinter } = await import('../printer.ts');
  const summary = new Summary();
  const prints = mode === 'print' || options.json === true;
  const printer = prints ? openPrinter(options) : silentPrinter();
  const conditions = readConditions(options);
  const wanted = createFilter(conditions);
  const stop = new AbortController();
  const signals = stopOnSignals(stop);
  const talk = new LiveTalk({
    target,
    keys: options.key,
    endsAfterMs: options.for,
    color: options.color,
    signal: stop.signal,
    ...(options.sentinel === undefined ? {} : { sentinel: options.sentinel }),
  });
  printer.closed.addEventListener('abort', () => {
    stop.abort();
  });
  let limit: WatchLimit | undefined;
  let notes: ThreadNotes | undefined;
  let recording: LiveRecording | undefined;
  let progress: RecordingProgress | undefined;
  try {
    const place = await findPlace(target, options.sentinel, stop.signal);
    const ways = toWaysOptions(options, place, talk);
    const choice = await choose(vias, ways, stop.signal);
    await talk.begin(place, choice);
    notes = prints ? await openNotes(options, place, stop.signal, wanted) : undefined;
    recording = await openRecording(options, {
      source: describeSource(choice.ways, target, talk),
      place,
      signal: stop.signal,
      ...(talk.facts?.version === undefined ? {} : { redisVersion: talk.facts.version }),
      ...(conditions.length === 0 ? {} : { filter: { wanted, words: conditions.map(describeCondition) } }),
      onFailure: () => {
        if (mode === 'record') stop.abort();
      },
    });
    const { flush } = recording;
    if (!prints) progress = showRecording(recording);
    limit = limitWatching(options.for ?? defaultBound(choice.ways, target, talk), stop);
    const { tell } = limit;
    const onEvent = (event: LiveEvent): void => {
      talk.tell(event);
      tell(event);
    };
    await watch({
      source: await openWays(choice.ways, { ...ways, onEvent }, stop.signal),
      inspector: recording.watch(
        new Inspector({
          keys: options.key ?? [],
          onOther: (name, times) => {
            summary.addOther(name, times);
          },
        }),
      ),
      stop,
      onObserved: (observed) => {
        summary.add(observed);
        notes?.add(observed);
        if (!wanted(observed)) {
          talk.passedOver();
          return false;
        }
        talk.heard();
        printer.print(observed);
        return true;
      },
      onBatch: async () => {
        await Promise.all([flush(), printer.flush()]);
      },
      ...(options.count === undefined ? {} : { count: options.count }),
    });
    await printer.end();
  } catch (error) {
    // An end that was asked for while we were still connecting is no failure.
    if (!stop.signal.aborted) throw error;
  } finally {
    limit?.release();
    await notes?.end();
    await recording?.close();
    progress?.end();
    talk.end();
    signals.release();
  }
  if (printer.closed.aborted) return;
  talk.summarise(summary);
  if (signals.exitCode !== undefined) process.exitCode = signals.exitCode;
}

function describeSource(
  via: readonly LiveWay[],
  { url }: RedisTarget,
  { facts }: LiveTalk,
): RecordingHeader['source'] {
  return { via, url: redactUrl(url), ...(facts === undefined ? {} : { node: facts.node }) };
}

/** Marks requests on stderr as they time out or turn out slow. */
async function openNotes(
  { color }: MonitorOptions,
  place: Place,
  signal: AbortSignal,
  wanted: (observed: Observed) => boolean,
): Promise<ThreadNotes> {
  const { threadNotes } = await import('../../session/thread-notes.ts');
  const theme = themeFor(process.stderr, color);
  return threadNotes({
    place,
    signal,
    theme,
    wanted,
    onNote: say,
  });
}

function defaultBound(ways: readonly LiveWay[], target: RedisTarget, talk: LiveTalk): number | undefined {
  const bound = boundOf(ways, target);
  if (bound !== undefined) talk.sayBound(bound);
  return bound;
}

async function choose(
  vias: readonly ViaWord[],
  options: WaysOptions,
  signal: AbortSignal,
): Promise<Partial<Choice> & Pick<Choice, 'ways'>> {
  if (vias.includes('shard')) {
    const { refuseShard } = await import('../../capture/live/open-ways.ts');
    return refuseShard(options.place, signal);
  }
  if (vias.includes('auto')) {
    const { chooseWays } = await import('../../capture/live/choose-ways.ts');
    return chooseWays(options, signal);
  }
  return { ways: vias.flatMap((via) => (via === 'auto' || via === 'shard' ? [] : [via])) };
}

function toWaysOptions(options: MonitorOptions, place: Place, talk: LiveTalk): WaysOptions {
  const { key, since, maxRate, force, buffer } = options;
  return {
    place,
    onEvent: (event) => {
      talk.tell(event);
    },
    ...(key === undefined ? {} : { keys: key }),
    ...(since === undefined ? {} : { since }),
    ...(maxRate === undefined ? {} : { maxRate }),
    ...(force === undefined ? {} : { force }),
    ...(buffer === undefined ? {} : { bufferBytes: buffer }),
  };
}
