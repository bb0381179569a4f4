import type { RedisLink } from '../../redis/connect.ts';
import { RedisFailure } from '../../redis/failure.ts';
import { listOf, readInfo, textOf } from '../../redis/questions.ts';

/** Every Sentinel subscribes to it at every Redis that it watches (redis 7.0.15, src/sentinel.c, SENTINEL_HELLO_CHANNEL). */
const SENTINEL_CHANNEL = '__sentinel__:hello';
/** REPLCONF rdb-filter-only came with it: without it the whole data set would be sent. */
const FIRST_MAJOR = 7;

export type InfoFields = ReadonlyMap<string, string>;

/** Refuses where the replication stream cannot be read as we read it, and while Redis shuts down. @throws {RedisFailure} */
export async function assertStaying(link: RedisLink): Promise<InfoFields> {
  const info = readInfo(textOf(await link.ask('INFO')));
  const version = info.get('redis_version') ?? '';
  if (Number.parseInt(version, 10) < FIRST_MAJOR) {
    throw unsuitable(
      `The Redis at ${link.node} is ${version}: before 7.0 its whole data set would be sent first. --via subscribe, --via stream and --via monitor work there.`,
    );
  }
  if (info.get('redis_mode') === 'cluster') {
    throw unsuitable(
      'In a cluster publishes do not go through the replication stream. --via subscribe, --via stream and --via monitor work there.',
    );
  }
  // While it is shut down it waits for its replicas (redis 7.0.15, src/server.c, isReadyToShutdown).
  if (info.has('shutdown_in_milliseconds')) throw unsuitable(`The Redis at ${link.node} is shutting down.`);
  return info;
}

/** Refuses where somebody counts replicas, and would count us. @throws {RedisFailure} */
export async function assertSafe(link: RedisLink, info: InfoFields): Promise<void> {
  const insist =
    'If you know that it does no harm, add --force; otherwise --via replica and --via monitor work.';
  // INFO has this line where min-replicas-to-write is in force (redis 7.0.15, src/server.c, genRedisInfoString).
  if (info.has('min_slaves_good_slaves')) {
    throw unsuitable(
      `The Redis at ${link.node} takes writes only while it has enough replicas (min-replicas-to-write), and would count us as one. ${insist}`,
    );
  }
  const sentinels = await countSentinels(link);
  if (sentinels === 0) return;
  const why =
    sentinels === undefined
      ? `It cannot be seen whether a Sentinel watches the Redis at ${link.node} (PUBSUB is forbidden); one would take us for a replica.`
      : `A Sentinel watches the Redis at ${link.node}, and would take us for a replica.`;
  throw unsuitable(`${why} ${insist}`);
}

async function countSentinels(link: RedisLink): Promise<number | undefined> {
  try {
    const [, count] = listOf(await link.ask('PUBSUB NUMSUB', SENTINEL_CHANNEL));
    return Number(count ?? 0);
  } catch (error) {
    if (error instanceof RedisFailure && (error.code === 'no-permission' || error.code === 'unknown-command'))
      return undefined;
    throw error;
  }
}

function unsuitable(message: string): RedisFailure {
  return new RedisFailure('unsuitable', message);
}
