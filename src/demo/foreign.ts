import { type ClientRow, readClientList } from '../redis/client-list.ts';
import { connect, type RedisLink } from '../redis/connect.ts';
import { listOf, type Question, textOf } from '../redis/questions.ts';
import type { RedisTarget } from '../redis/target.ts';
import { quoteText, safeText } from '../render/safe-text.ts';
import { openRedis } from './redis-tap.ts';

/** Somebody else's Socket.IO servers in a Redis, or the impossibility to tell that there are none. */
export interface Foreigners {
  readonly channels: readonly { readonly name: string; readonly listeners: number }[];
  /** Connections that listen and are none of ours; unknown where CLIENT LIST is `hidden`. */
  readonly clients?: readonly Listener[];
  /** Redis' own words for why it does not say who is connected: who listens by pattern only cannot be seen then. */
  readonly hidden?: string;
}

export interface Listener {
  /** `host:port`. */
  readonly address: string;
  readonly name: string;
  /** By which commands it listens; XREAD is how servers of the streams adapter wait all day. */
  readonly by: readonly ListeningCommand[];
}

type ListeningCommand = 'SUBSCRIBE' | 'SSUBSCRIBE' | 'PSUBSCRIBE' | 'XREAD';

/** Our connections say so in CLIENT LIST: watchers, and another demo in the same Redis, which is welcome. */
const OUR_NAMES = /^sio-inspect(?:-|$)/;

/** Channels of the classic, sharded and streams (0.3) adapters, of socket.io-redis 1.1, of the emitters' key, of python. */
const PATTERNS: readonly (readonly [Question, Question, string])[] = [
  ['PUBSUB CHANNELS', 'PUBSUB NUMSUB', '*#/*'],
  ['PUBSUB CHANNELS', 'PUBSUB NUMSUB', '*-request#*'],
  ['PUBSUB CHANNELS', 'PUBSUB NUMSUB', '*-response#*'],
  ['PUBSUB CHANNELS', 'PUBSUB NUMSUB', 'socketio'],
  ['PUBSUB SHARDCHANNELS', 'PUBSUB SHARDNUMSUB', '*#/*'],
];
const MOST_CHANNELS = 50;

/**
 * Looks, and only looks, whether adapters of others live here: what is published would reach their clients.
 * A pattern may be meant for anything, and the stream that somebody waits for need not exist yet: both are minded.
 * @throws {RedisFailure} when Redis cannot be reached
 */
export async function findForeigners(target: RedisTarget): Promise<Foreigners | undefined> {
  const link = await connect(target);
  try {
    const channels = await findChannels(link);
    const listed = await listListeners(target);
    if (typeof listed === 'string') return { channels, hidden: listed };
    const clients = listed.filter(({ by }) => channels.length > 0 || by.some(isMinded));
    return clients.length === 0 ? undefined : { channels, clients };
  } finally {
    link.close();
  }
}

/** Whatever the channels are: an exact subscription to others than adapters' is an application's own matter. */
function isMinded(command: ListeningCommand): boolean {
  return command === 'PSUBSCRIBE' || command === 'XREAD';
}

const MOST_NAMED = 6;

/** Why nothing is published: who listens, to what, and by which connection; a line each. */
export function describeForeigners({ channels, clients = [], hidden }: Foreigners, node: string): string[] {
  const first =
    hidden !== undefined && channels.length === 0
      ? `It cannot be seen whether somebody's Socket.IO servers live in the Redis at ${node}: their clients would get all of it.`
      : `Somebody's Socket.IO servers live in the Redis at ${node}: their clients would get all of it.`;
  const rows = [
    ...channels.map(
      ({ name, listeners }) =>
        `${quoteText(name)}  ${listeners} ${listeners === 1 ? 'listener' : 'listeners'}`,
    ),
    ...clients.map(describeListener),
  ];
  return [
    first,
    ...nameSome(rows.slice(0, channels.length)),
    ...nameSome(rows.slice(channels.length)),
    ...(hidden === undefined ? [] : [`CLIENT LIST, which shows who listens by pattern: ${safeText(hidden)}`]),
  ];
}

function describeListener({ address, name, by }: Listener): string {
  return `connection ${safeText(address)}${name === '' ? '' : ` ${quoteText(name)}`}  ${by.join(', ')}`;
}

function nameSome(rows: readonly string[]): string[] {
  const named = rows.slice(0, MOST_NAMED).map((row) => `  ${row}`);
  return rows.length > MOST_NAMED ? [...named, `  and ${rows.length - MOST_NAMED} more`] : named;
}

async function findChannels(link: RedisLink): Promise<readonly { name: string; listeners: number }[]> {
  const found = new Map<string, number>();
  for (const [list, count, pattern] of PATTERNS) {
    // Redis below 7 has no sharded channels, and so nobody on them.
    const names = listOf(await link.ask(list, pattern).catch(() => null)).map(textOf);
    if (names.length === 0) continue;
    const counted = listOf(await link.ask(count, ...names.slice(0, MOST_CHANNELS)).catch(() => null));
    names.forEach((name, index) => {
      found.set(name, Number(textOf(counted[2 * index + 1]) || 1));
    });
  }
  return [...found].map(([name, listeners]) => ({ name, listeners }));
}

/** Who listens and is none of ours, or Redis' words for why it does not say. */
async function listListeners(target: RedisTarget): Promise<readonly Listener[] | string> {
  const redis = openRedis(target, 'sio-inspect-demo-check', () => undefined);
  try {
    const clients = readClientList(String(await redis.client('LIST')));
    return clients.filter(({ name }) => !OUR_NAMES.test(name)).flatMap(toListener);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    redis.disconnect();
  }
}

function toListener(client: ClientRow): readonly Listener[] {
  const by = LISTENING.flatMap(([command, field]) => (client[field] > 0 ? [command] : []));
  // Also between two of them, when it is not blocked for a moment.
  if (client.lastCommand === 'xread') by.push('XREAD');
  return by.length === 0 ? [] : [{ address: client.address, name: client.name, by }];
}

const LISTENING: readonly (readonly [ListeningCommand, 'channels' | 'shardChannels' | 'patterns'])[] = [
  ['SUBSCRIBE', 'channels'],
  ['SSUBSCRIBE', 'shardChannels'],
  ['PSUBSCRIBE', 'patterns'],
];
