import { Command, Option } from 'commander';
import { Threads } from '../../analyse/correlate.ts';
import type { Peers } from '../../analyse/correlate-peers.ts';
import { buildServerTable } from '../../analyse/server-table.ts';
import type { LiveEvent } from '../../capture/live/way.ts';
import { readClientList } from '../../redis/client-list.ts';
import type { RedisLink } from '../../redis/connect.ts';
import { isOurAddress } from '../../redis/our-addresses.ts';
import { findPlace, type Place, withAllLinks, withLink } from '../../redis/place.ts';
import { textOf } from '../../redis/questions.ts';
import { Asker, listAllServers, readFacts } from '../../redis/registry.ts';
import { redactUrl } from '../../redis/target.ts';
import { listUnlisted } from '../../redis/unlisted.ts';
import { safeText } from '../../render/safe-text.ts';
import { type ServersView, writeServers } from '../../render/servers-table.ts';
import { wrapText } from '../../render/text-width.ts';
import { writeServersJson } from '../../render/servers-table-json.ts';
import { UsageError } from '../errors.ts';
import { limitWatching } from '../limit-watching.ts';
import { say } from '../notice.ts';
import { addOutputOptions, type OutputOptions, parseCount, parseDuration } from '../options.ts';
import { Output } from '../output.ts';
import { boundOf, describeBound, priceOf } from '../price.ts';
import { addRedisOptions, type RedisOptions, readTarget } from '../redis-options.ts';
import { stopOnSignals } from '../signals.ts';
import { columnsOf, themeFor, wantsWholeLines } from '../terminal.ts';

interface ServersOptions extends OutputOptions, RedisOptions {
  readonly sentinel?: string;
  readonly via?: 'monitor';
  readonly for?: number;
  readonly watch?: true;
  readonly count?: number;
}

const LISTEN_MS = 5000;
const WATCH_MS = 2000;
const ENTER_SCREEN = '\u001b[?1049h';
const LEAVE_SCREEN = '\u001b[?1049l';
const CLEAR_SCREEN = '\u001b[H\u001b[2J';

/** `sio-inspect servers` */
export function createCommand(): Command {
  const command = new Command().description(
    'List the Socket.IO servers that are subscribed in a Redis: uids, namespaces, connections, and whether the\nservers count each other right. Only asks (PUBSUB, CLIENT LIST, INFO): nothing is subscribed or counted.',
  );
  addRedisOptions(command)
    .option('--sentinel <name>', 'the primary to ask, by the name that the Sentinel at --url has for it')
    .addOption(
      new Option(
        '--via <way>',
        'monitor: also listen, to learn which connection is whose; slows a busy Redis down several times',
      ).choices(['monitor']),
    )
    .option(
      '--for <time>',
      'how long to listen or to watch, e.g. 5s (the default of --via monitor)',
      parseDuration,
    )
    .option('--watch', 'look again every two seconds')
    .option('--count <n>', 'with --watch: end after so many looks', parseCount);
  return addOutputOptions(command)
    .addHelpText('after', EXAMPLES)
    .action(async (options: ServersOptions) => {
      await servers(options);
    });
}

const EXAMPLES = `
Examples:
  sio-inspect servers --url redis://10.0.0.5:6379
  sio-inspect servers --via monitor --for 5s     with the addresses of those that say something meanwhile
  sio-inspect servers --watch
  sio-inspect servers --json | jq '.groups[] | select(.health != "ok")'

Exit code: 0 at the end, 3 when Redis cannot be reached or forbids it, 130 after Ctrl-C.`;

async function servers(options: ServersOptions): Promise<void> {
  if (options.for !== undefined && options.via === undefined && options.watch !== true)
    throw new UsageError('--for goes with --via monitor or --watch.');
  if (options.count !== undefined && options.watch !== true)
    throw new UsageError('--count goes with --watch.');
  const target = await readTarget(options);
  const output = new Output(process.stdout);
  const stop = new AbortController();
  const signals = stopOnSignals(stop);
  output.closed.addEventListener('abort', () => {
    stop.abort();
  });
  try {
    const place = await findPlace(target, options.sentinel, stop.signal);
    const { via } = options;
    if (via !== undefined) say(await describeListening(place, options, stop.signal));
    const bound = via !== undefined && options.for === undefined ? boundOf([via], target) : undefined;
    if (options.watch !== true) await showOnce(options, place, output, stop);
    else if (bound === undefined) await watch(options, place, output, stop);
    else {
      say(describeBound(bound));
      await watch({ ...options, for: bound }, place, output, stop);
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    signals.release();
  }
  if (signals.exitCode !== undefined) process.exitCode = signals.exitCode;
}

async function showOnce(
  options: ServersOptions,
  place: Place,
  output: Output,
  stop: AbortController,
): Promise<void> {
  const threads = new Threads();
  if (options.via === 'monitor') {
    const over = new AbortController();
    const limit = limitWatching(options.for ?? LISTEN_MS, over);
    const signal = AbortSignal.any([stop.signal, over.signal]);
    await listen(place, threads, signal, limit.tell).finally(limit.release);
  }
  if (output.closed.aborted) return;
  // A Ctrl-C while listening ends the listening: what has been learned is shown.
  const asking = new AbortController();
  output.line(await look(options, place, threads.peers, asking.signal));
  await output.flush();
}

async function describeListening(
  place: Place,
  { watch: isWatching, for: forMs }: ServersOptions,
  signal: AbortSignal,
): Promise<string> {
  const facts = await withLink(await place.locate(signal), signal, readFacts);
  const endsAfterMs = forMs ?? (isWatching === true ? undefined : LISTEN_MS);
  return `Listening, read-only: the servers do not notice us. ${priceOf(['monitor'], { facts, endsAfterMs }) ?? ''}.`;
}

/** Looks again and again; on a terminal in its other screen, so that the last look alone stays. */
async function watch(
  options: ServersOptions,
  place: Place,
  output: Output,
  stop: AbortController,
): Promise<void> {
  const isScreen = process.stdout.isTTY && options.json !== true;
  const threads = new Threads();
  const { signal, release } = limitTime(stop.signal, options.for);
  const listening = options.via === 'monitor' ? listen(place, threads, signal) : Promise.resolve();
  let last = '';
  if (isScreen) process.stdout.write(ENTER_SCREEN);
  try {
    for (let looks = 1; !signal.aborted; looks++) {
      last = await look(options, place, threads.peers, signal);
      output.line(isScreen ? `${CLEAR_SCREEN}${last}` : last);
      await output.flush();
      if (looks === options.count) stop.abort();
      await pause(WATCH_MS, signal);
    }
    await listening;
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    release();
    if (isScreen) process.stdout.write(`${LEAVE_SCREEN}${last}\n`);
  }
}

/** A signal that follows another, and aborts by itself after `ms`. */
function limitTime(
  outer: AbortSignal,
  ms: number | undefined,
): { readonly signal: AbortSignal; readonly release: () => void } {
  const inner = new AbortController();
  const end = (): void => {
    inner.abort();
  };
  const timer = ms === undefined ? undefined : setTimeout(end, ms);
  outer.addEventListener('abort', end);
  if (outer.aborted) end();
  return {
    signal: inner.signal,
    release: () => {
      clearTimeout(timer);
      outer.removeEventListener('abort', end);
    },
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}

/** Learns from everything that Redis executes who sends from where. */
async function listen(
  place: Place,
  threads: Threads,
  signal: AbortSignal,
  onEvent: (event: LiveEvent) => void = () => undefined,
): Promise<void> {
  const { openWays } = await import('../../capture/live/open-ways.ts');
  const { Inspector } = await import('../../session/inspector.ts');
  const inspector = new Inspector();
  const source = await openWays(['monitor'], { place, onEvent }, signal);
  for await (const batch of source(signal)) {
    for (const captured of batch) {
      const observed = inspector.observe(captured);
      if (observed !== undefined) threads.add(observed);
    }
  }
}

async function look(
  options: ServersOptions,
  place: Place,
  peers: Peers,
  signal: AbortSignal,
): Promise<string> {
  return withAllLinks(place, signal, async (links, unreached) => {
    const seen = await takeView(links, peers, options.via === 'monitor');
    const view = { ...seen, hidden: [...unreached, ...seen.hidden] };
    const node = links.map((link) => link.node).join(' ');
    if (options.json === true) return writeServersJson(view, node, Date.now() * 1000);
    const theme = themeFor(process.stdout, options.color);
    const full = wantsWholeLines(process.stdout, options.full);
    const style = { theme, columns: full ? Number.POSITIVE_INFINITY : columnsOf(process.stdout), full };
    const where = `${theme.strong('sio-inspect')} · servers at ${safeText(redactUrl(node))} · asked, not subscribed: the servers do not notice us`;
    return `${wrapText(where, style.columns).join('\n')}\n\n${writeServers(view, style)}`;
  });
}

/** A dozen questions to each node, however many servers there are. */
async function takeView(
  links: readonly RedisLink[],
  peers: Peers,
  hasListened: boolean,
): Promise<ServersView> {
  const askers = links.map((link) => new Asker(link));
  const registry = await listAllServers(links);
  const unlisted = await listUnlisted(askers);
  const lists = await Promise.all(askers.map((asker) => asker.ask('CLIENT LIST')));
  const connections = lists.flatMap((list, at) =>
    readClientList(textOf(list)).filter(
      ({ address, flags }) => !isOurAddress(links[at]?.node ?? '', address) && !/[OSM]/.test(flags),
    ),
  );
  return {
    table: buildServerTable(registry.groups, connections, peers),
    unlisted,
    hidden: [...new Set([...registry.hidden, ...askers.flatMap(({ hidden }) => hidden)])],
    truncated: registry.truncated,
    hasConnections: lists.some((list) => list !== undefined),
    hasListened,
    now: Date.now() * 1000,
  };
}
