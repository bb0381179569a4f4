import { stat } from 'node:fs/promises';
import { Command } from 'commander';
import { Threads } from '../../analyse/correlate.ts';
import { Follower, type FollowStep } from '../../analyse/correlate-follow.ts';
import type { Selection } from '../../analyse/correlate-selection.ts';
import { openWays } from '../../capture/live/open-ways.ts';
import type { LiveEvent, LiveWay } from '../../capture/live/way.ts';
import { readLook } from '../../doctor/recorded-look.ts';
import { findPlace, type Place, withLink } from '../../redis/place.ts';
import { readFacts } from '../../redis/registry.ts';
import { Inspector } from '../../session/inspector.ts';
import { watch } from '../../session/live.ts';
import { LiveThreads } from '../../session/live-threads.ts';
import { readOffline } from '../../session/offline.ts';
import { UsageError } from '../errors.ts';
import { FollowPrinter } from '../follow-printer.ts';
import { checkInputs, openInputs } from '../inputs.ts';
import { limitWatching } from '../limit-watching.ts';
import { checkVia, collectVia, refuseLimits, type ViaWord } from '../live-options.ts';
import { complain, say } from '../notice.ts';
import { addKeyOption, addOutputOptions, type OutputOptions, parseCount, parseDuration } from '../options.ts';
import { boundOf, describeBound, priceOf } from '../price.ts';
import { addRedisOptions, type RedisOptions, readTarget } from '../redis-options.ts';
import { stopOnSignals } from '../signals.ts';

interface FollowOptions extends OutputOptions, RedisOptions {
  readonly id?: string;
  readonly uid?: string;
  readonly room?: string;
  readonly sid?: string;
  readonly event?: string;
  readonly via?: readonly ViaWord[];
  readonly sentinel?: string;
  readonly key?: readonly string[];
  readonly for?: number;
  readonly count?: number;
  readonly timeout?: number;
}

/** As live: how old a look at who is there may be when a request is judged by it, and the time that looking takes. */
const LOOK_GOOD_MICROS = 6e6;

/** `sio-inspect follow` */
export function createCommand(): Command {
  const command = new Command()
    .description(
      'Follow one request through all servers: who answered when, who is missing. Or everything about a server, a room,\na socket or an event, with the whole threads that it belongs to. Live, or from captures.',
    )
    .argument('[id]', 'a request id, or its first characters; with --uid, --room, --sid, --event a file')
    .argument('[file...]', 'captures to read; - for standard input; none: live')
    .option('--uid <uid>', 'what this server says, and what answers it')
    .option('--room <room>', 'what goes to this room, or makes sockets join or leave it')
    .option('--sid <id>', 'what names this socket')
    .option('--event <name>', 'emits of this event')
    .option('--timeout <time>', 'requestsTimeout of your servers, where it is not the default', parseDuration)
    .option('--via <way>', 'how to attach, as in monitor; repeatable (default: monitor)', collectVia)
    .option('--sentinel <name>', 'the primary to watch, by the name that the Sentinel at --url has for it')
    .option('--count <n>', 'live: end after this many messages that are shown', parseCount)
    .option('--for <time>', 'live: end this long after it was attached, e.g. 30s', parseDuration);
  addKeyOption(addRedisOptions(command));
  return addOutputOptions(command)
    .addHelpText('after', EXAMPLES)
    .action(async (id: string | undefined, files: string[], options: FollowOptions) => {
      await follow(id, files, options, command);
    });
}

const EXAMPLES = `
Examples:
  sio-inspect follow a81f3c                       the request with this id, until it is complete or timed out
  sio-inspect follow a81f3c capture.pcap          the same in a capture
  sio-inspect follow --event 'order:paid'         every emit of it, with the acks
  sio-inspect follow --uid 6n0BWC --via monitor --for 30s

Exit code: 0 at the end, 3 when Redis cannot be reached or forbids it, 130 after Ctrl-C.`;

async function follow(
  first: string | undefined,
  rest: readonly string[],
  options: FollowOptions,
  command: Command,
): Promise<void> {
  const { uid, room, sid, event } = options;
  const named = { uid, room, sid, event };
  const hasNamed = Object.values(named).some((value) => value !== undefined);
  if (first === undefined && !hasNamed)
    throw new UsageError('say what to follow: a request id, --uid, --room, --sid or --event.');
  if (first !== undefined && rest.length === 0 && !hasNamed) await refuseFile(first);
  const selection = Object.fromEntries(
    Object.entries({ ...named, ...(hasNamed ? {} : { id: first }) }).filter(
      ([, value]) => value !== undefined,
    ),
  ) as Selection;
  const files = hasNamed && first !== undefined ? [first, ...rest] : rest;
  refuseLimits(command, files);
  const printer = new FollowPrinter(options);
  if (files.length > 0) await followFiles(files, selection, options, printer);
  else await followLive(selection, options, printer);
}

/** Whoever names a file alone has forgotten the request: no id has the name of a file. */
async function refuseFile(id: string): Promise<void> {
  const found = await stat(id).catch(() => undefined);
  if (found?.isFile() === true)
    throw new UsageError(
      `${id} is a file: say which request to follow in it, or --uid, --room, --sid or --event.`,
    );
}

async function followFiles(
  files: readonly string[],
  selection: Selection,
  options: FollowOptions,
  printer: FollowPrinter,
): Promise<void> {
  await checkInputs(files);
  const threads = new Threads(options.timeout === undefined ? {} : { timeoutMs: options.timeout });
  const follower = new Follower(threads, selection);
  // What was not recorded would be taken for what has not come.
  let isFiltered = false;
  const batches = readOffline(openInputs(files), {
    keys: options.key ?? [],
    onNote: complain,
    onLook: (recorded) => {
      const look = readLook(recorded);
      if (look !== undefined && !isFiltered) threads.setServers(look.groups, look.to + LOOK_GOOD_MICROS);
    },
    onHeader: ({ filter }) => {
      isFiltered = filter !== undefined;
    },
  });
  for await (const batch of batches) {
    for (const observed of batch) printer.show(follower.add(observed, threads.add(observed)), threads);
    await printer.flush();
    if (printer.closed.aborted) return;
  }
  printer.show(follower.closed(threads.finish()), threads);
  await end(printer, follower);
}

async function followLive(
  selection: Selection,
  options: FollowOptions,
  printer: FollowPrinter,
): Promise<void> {
  const vias = options.via ?? ['monitor'];
  checkVia(vias, {});
  const ways = vias.flatMap((via) => (via === 'auto' || via === 'shard' ? [] : [via]));
  if (ways.length !== vias.length)
    throw new UsageError(
      '--via auto and shard are for monitor: name subscribe, stream, replica, replication or monitor.',
    );
  const target = await readTarget(options);
  const stop = new AbortController();
  const signals = stopOnSignals(stop);
  printer.closed.addEventListener('abort', () => {
    stop.abort();
  });
  const bound = options.for ?? boundOf(ways, target);
  const limit = limitWatching(bound, stop);
  try {
    const place = await findPlace(target, options.sentinel, stop.signal);
    const price = await askPrice(ways, place, options.for, stop.signal);
    const show = (steps: readonly FollowStep[]): void => {
      printer.show(steps, live.threads);
      // A single request has an end.
      if (selection.id !== undefined && steps.some(({ is }) => is === 'closed')) stop.abort();
    };
    const live = new LiveThreads({
      place,
      signal: stop.signal,
      ...(options.timeout === undefined ? {} : { timeoutMs: options.timeout }),
      onExpired: (events) => {
        show(follower.closed(events));
        void printer.flush();
      },
    });
    const follower = new Follower(live.threads, selection);
    await live.begin();
    if (options.for === undefined && bound !== undefined) say(describeBound(bound));
    const keys = options.key === undefined ? {} : { keys: options.key };
    const onEvent = (event: LiveEvent): void => {
      printer.tell(event, price);
      limit.tell(event);
    };
    try {
      await watch({
        source: await openWays(ways, { place, ...keys, onEvent }, stop.signal),
        inspector: new Inspector(keys),
        stop,
        onObserved: (observed) => {
          const steps = follower.add(observed, live.add(observed));
          show(steps);
          return steps.some(({ is }) => is === 'observed');
        },
        ...(options.count === undefined ? {} : { count: options.count }),
        onBatch: () => printer.flush(),
      });
    } finally {
      await live.end();
    }
    await end(printer, follower);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    limit.release();
    signals.release();
  }
  if (signals.exitCode !== undefined) process.exitCode = signals.exitCode;
}

/** What watching costs, with what Redis has to do at the moment. */
async function askPrice(
  ways: readonly LiveWay[],
  place: Place,
  endsAfterMs: number | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  const facts = await withLink(await place.locate(signal), signal, readFacts);
  return priceOf(ways, { facts, endsAfterMs });
}

/** Says what is still open, and that nothing was there. */
async function end(printer: FollowPrinter, follower: Follower): Promise<void> {
  printer.show(
    follower.open().map((thread) => ({ is: 'closed', thread })),
    follower.threads,
  );
  await printer.flush();
  if (printer.shown === 0) complain('nothing of it was seen.');
}
