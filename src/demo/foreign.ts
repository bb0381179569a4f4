import { connect, type RedisLink } from '../redis/connect.ts';
import { listOf, type Question, textOf } from '../redis/questions.ts';
import type { RedisTarget } from '../redis/target.ts';
import { openRedis } from './redis-tap.ts';

/** Somebody else's Socket.IO servers in a Redis: the channels they listen on, and how many listen. */
export interface Foreigners {
  readonly channels: readonly { readonly name: string; readonly listeners: number }[];
  /** `host:port` of connections that listen and are none of ours; unknown where CLIENT LIST is forbidden. */
  readonly clients?: readonly string[];
}

/** Our connections say so in CLIENT LIST; another demo in the same Redis is welcome. */
const OUR_NAMES = /^sio-inspect/;

/** Channels of the classic, sharded and streams (0.3) adapters, of socket.io-redis 1.1, of the emitters' key, of python. */
const PATTERNS: readonly (readonly [Question, Question, string])[] = [
  ['PUBSUB CHANNELS', 'PUBSUB NUMSUB', '*#/*'],
  ['PUBSUB CHANNELS', 'PUBSUB NUMSUB', '*-request#*'],
  ['PUBSUB CHANNELS', 'PUBSUB NUMSUB', '*-response#*'],
  ['PUBSUB CHANNELS', 'PUBSUB NUMSUB', 'socketio'],
  ['PUBSUB SHARDCHANNELS', 'PUBSUB SHARDNUMSUB', '*#/*'],
];
const MOST_CHANNELS = 50;
/** Where the streams adapter writes unless told otherwise. */
const STREAM = 'socket.io';

/**
 * Looks, and only looks, whether adapters of others live here: the demo would publish to them.
 * @throws {RedisFailure} when Redis cannot be reached
 */
export async function findForeigners(target: RedisTarget): Promise<Foreigners | undefined> {
  const link = await connect(target);
  try {
    const channels = await findChannels(link);
    const clients = await listListeners(target);
    const streamed = clients?.some((client) => !client.listens) === true && (await hasStream(link));
    const theirs = clients?.filter((client) => client.listens || streamed);
    if (channels.length === 0 && !streamed) return undefined;
    if (theirs?.length === 0) return undefined;
    return { channels, ...(theirs === undefined ? {} : { clients: theirs.map(({ address }) => address) }) };
  } finally {
    link.close();
  }
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

async function hasStream(link: RedisLink): Promise<boolean> {
  const stream = await link.ask('XINFO STREAM', STREAM).catch(() => undefined);
  return stream !== undefined;
}

interface Listener {
  readonly address: string;
  /** Subscribed to channels; else it waits for entries of a stream, as servers of the streams adapter do all day. */
  readonly listens: boolean;
}

async function listListeners(target: RedisTarget): Promise<readonly Listener[] | undefined> {
  const redis = openRedis(target, 'sio-inspect-demo-check', () => undefined);
  try {
    const list = String(await redis.client('LIST'));
    return list
      .split('\n')
      .map((line) => new Map(line.split(' ').map((word) => splitOnce(word))))
      .filter((fields) => !OUR_NAMES.test(fields.get('name') ?? ''))
      .flatMap((fields) => {
        const listens = ['sub', 'ssub'].some((name) => Number(fields.get(name) ?? 0) > 0);
        const reads = fields.get('cmd') === 'xread' && (fields.get('flags') ?? '').includes('b');
        return listens || reads ? [{ address: fields.get('addr') ?? '?', listens }] : [];
      });
  } catch {
    return undefined;
  } finally {
    redis.disconnect();
  }
}

function splitOnce(word: string): readonly [string, string] {
  const at = word.indexOf('=');
  return [word.slice(0, at), word.slice(at + 1)];
}
