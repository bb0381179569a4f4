import type { RedisTarget } from '../redis/target.ts';
import { type ChatClient, type ChatOptions, connectChat } from './chat-client.ts';
import type { DemoAdapter, RedisChoice } from './choices.ts';
import { chooseRedis, type DemoRedis } from './choose-redis.ts';
import { decodeForStory } from './decoded.ts';
import { DemoError } from './demo-error.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { type FrontDoor, isLoopback, takePort } from './front-door.ts';
import { castClients, findFlaw, Witness } from './story.ts';
import type { Style } from './story-style.ts';
import { tellCast, tellHearing, tellSaying, tellStart } from './story-text.ts';
import { showTraffic } from './traffic.ts';

export interface DemoOptions {
  readonly workers: number;
  readonly adapter: DemoAdapter;
  readonly host: string;
  readonly port: number;
  /** A Redis that was named; without one the demo brings its own. */
  readonly target?: RedisTarget;
  readonly redis: RedisChoice;
  readonly force: boolean;
  /** Goes on after the story until `signal` aborts. */
  readonly stay: boolean;
  readonly style: Style;
  readonly print: (line: string) => void;
  /** Things worth knowing that are no part of the story. */
  readonly notice: (line: string) => void;
  readonly signal: AbortSignal;
}

/** What A says. */
const LINE = 'Hello from A';

/**
 * Runs the demo: a cluster of Socket.IO servers on one port, two clients, one message, and what becomes of it.
 * Everything that was started is stopped again, whatever happens.
 * @returns why the story did not come true; undefined when it did, or was interrupted
 * @throws {DemoError}, {RedisFailure}
 */
export async function runDemo(options: DemoOptions): Promise<string | undefined> {
  const cleanUp: (() => Promise<void> | void)[] = [];
  try {
    const door = await takePort(options.host, options.port);
    cleanUp.push(() => {
      door.close();
    });
    const redis = await bringRedis(options);
    if (redis !== undefined) cleanUp.push(() => redis.stop());
    options.signal.throwIfAborted();
    const lost = new AbortController();
    const stage = { toldWhole: false };
    const fleet = await startFleet(options.workers, orders(options, redis), (worker, why) => {
      const message = `Worker ${worker.number} ended: ${why}`;
      const isLast = fleet.workers.every((other) => other.lost !== undefined);
      if (isLast || !stage.toldWhole) lost.abort(new DemoError('worker', message));
      else options.notice(`${message}. Its clients come back to the other workers.`);
    });
    cleanUp.push(() => fleet.stop());
    options.signal.throwIfAborted();
    door.open();
    const over = AbortSignal.any([options.signal, lost.signal]);
    greet(options, door, redis);
    const flaw = await tellStory(options, door, fleet, over);
    stage.toldWhole = true;
    if (flaw !== undefined || !options.stay) return flaw;
    await stayOpen(options, door, redis, fleet, over);
    return undefined;
  } catch (error) {
    if (options.signal.aborted) return undefined;
    throw error;
  } finally {
    // Last come, first go: nobody shall lose what it depends on.
    for (const step of cleanUp.reverse()) await step();
  }
}

async function bringRedis(options: DemoOptions): Promise<DemoRedis | undefined> {
  const { adapter, redis: choice, target, force } = options;
  if (adapter === 'none') return undefined;
  const redis = await chooseRedis({ adapter, choice, force, ...(target === undefined ? {} : { target }) });
  for (const notice of redis.notices) options.notice(notice);
  return redis;
}

function orders(options: DemoOptions, redis: DemoRedis | undefined): Parameters<typeof startFleet>[1] {
  return {
    adapter: options.adapter,
    workers: options.workers,
    loopback: isLoopback(options.host),
    ...(redis === undefined
      ? {}
      : {
          redis: redis.target,
          ownRedis: redis.isProcess,
          watchCommand: watchCommand(redis, options.adapter),
        }),
  };
}

/** PSUBSCRIBE sees neither sharded channels nor streams; MONITOR sees all, and this Redis has nothing else to do. */
function watchCommand(redis: DemoRedis, adapter: DemoAdapter): string {
  const via = adapter === 'redis' ? '' : ' --via monitor';
  return `npx sio-inspect monitor${via} --url ${redis.url}`;
}

function greet({ adapter, workers, style, print }: DemoOptions, door: FrontDoor, redis?: DemoRedis): void {
  const { theme } = style;
  const count = workers === 1 ? '1 worker' : `${workers} workers`;
  const names = {
    redis: 'classic adapter',
    sharded: 'sharded adapter',
    streams: 'streams adapter',
    none: 'no adapter',
  };
  print([theme.strong('sio-inspect demo'), `${count} at ${door.url}/`, names[adapter]].join(' · '));
  if (redis !== undefined) print(theme.dim(`Redis: ${redis.label} at ${redis.url}`));
}

async function tellStory(
  options: DemoOptions,
  door: FrontDoor,
  fleet: Fleet,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { adapter, workers, style, print } = options;
  const tell = (lines: readonly string[]): void => {
    for (const line of lines) print(line);
  };
  const witness = new Witness(fleet, adapter);
  const clients: ChatClient[] = [];
  // No upgrade from polling on the way: it would be part of the time that is measured.
  const join = async (name: string, events: ChatOptions): Promise<ChatClient> => {
    const client = await connectChat(door.url, name, { ...events, signal, transports: ['websocket'] });
    clients.push(client);
    // Too late: the others have been closed already.
    if (signal.aborted) client.close();
    return client;
  };
  try {
    tell(tellStart(fleet.workers, adapter, style));
    const cast = await abortable(
      castClients(
        (name, onHeard) => join(name, onHeard === undefined ? {} : { onHeard }),
        workers,
        (text) => {
          witness.hear(text, LINE);
        },
      ),
      signal,
    );
    tell(tellCast(cast, workers, adapter, style));
    const events = await abortable(witness.watch(cast, LINE), signal);
    const { received } = events;
    const decoded = received === undefined ? undefined : decodeForStory(received, cast, fleet.workers);
    tell(tellSaying(cast, events, workers, adapter, decoded, style));
    tell(tellHearing(cast, events, fleet.workers, adapter, style));
    return findFlaw(events, cast, adapter, workers);
  } finally {
    for (const client of clients) client.close();
  }
}

async function stayOpen(
  options: DemoOptions,
  door: FrontDoor,
  redis: DemoRedis | undefined,
  fleet: Fleet,
  signal: AbortSignal,
): Promise<void> {
  const { adapter, print, style, port } = options;
  const server = port === 3000 && options.host === '127.0.0.1' ? '' : ` --server ${door.url}`;
  const rows = [
    ['Chat in a browser', `${door.url}/`, 'in two tabs'],
    ['Chat in a terminal', `npx sio-inspect chat A${server}`, ''],
    ...(redis === undefined ? [] : [['Watch Redis', watchCommand(redis, adapter), ''] as const]),
  ] as const;
  print('');
  for (const [what, how, note] of rows) {
    print(`    ${what.padEnd(18)}  ${style.theme.strong(how)}   ${style.theme.dim(note)}`.trimEnd());
  }
  print('');
  print(
    `    ${style.theme.dim(redis === undefined ? 'Ctrl-C stops everything.' : 'What passes through Redis from here on; Ctrl-C stops everything:')}`,
  );
  print('');
  const stop = showTraffic(fleet, style, print);
  try {
    await abortable(new Promise<never>(() => undefined), signal);
  } finally {
    stop();
  }
}

/** Rejects with the signal's reason when it aborts first. */
async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let onAbort: () => void = () => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => {
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
