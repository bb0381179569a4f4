import type { Source } from '../../model/frame.ts';
import { RedisFailure } from '../../redis/failure.ts';
import { literalPattern } from '../../redis/glob.ts';
import { type Place, withLink } from '../../redis/place.ts';
import { Asker } from '../../redis/registry.ts';
import { clusterMonitorSource } from './cluster-monitor.ts';
import { findStreams } from './find-streams.ts';
import { mergeSources } from './merge.ts';
import { monitorSource } from './monitor.ts';
import { guardRate } from './rate-guard.ts';
import { replicaSource } from './replica.ts';
import { replicationSource } from './replication.ts';
import { streamSource } from './stream.ts';
import { subscribeSource } from './subscribe.ts';
import { tellTogether } from './together.ts';
import { DEFAULT_KEY, isStreamNamed, PYTHON_CHANNEL } from './visibility.ts';
import type { LiveOptions, LiveWay } from './way.ts';

export interface WaysOptions extends Omit<LiveOptions, 'target'> {
  readonly place: Place;
  /** What is watched when no key is named: the default of every adapter, and python-socketio's channel. */
  readonly keys?: readonly string[];
  /** Streams: entries after this id. Default: from now on. */
  readonly since?: string;
  /** Replication also where it may disturb. */
  readonly force?: boolean;
  /** MONITOR ends itself past this many commands per second. */
  readonly maxRate?: number;
}

/** The source of all these ways side by side. @throws {RedisFailure} */
export async function openWays(
  ways: readonly LiveWay[],
  options: WaysOptions,
  signal: AbortSignal,
): Promise<Source> {
  const sources: Source[] = [];
  const each = new Set(ways);
  const onEvent = tellTogether(each.size, options.onEvent);
  for (const way of each) sources.push(await openWay(way, { ...options, onEvent }, signal));
  return mergeSources(sources);
}

/** One way, wherever in the deployment it has to attach. @throws {RedisFailure} */
export async function openWay(way: LiveWay, options: WaysOptions, signal: AbortSignal): Promise<Source> {
  const { place, keys, maxRate, onEvent, bufferBytes, spoolDirectory } = options;
  const live = {
    ...(onEvent === undefined ? {} : { onEvent }),
    ...(bufferBytes === undefined ? {} : { bufferBytes }),
    ...(spoolDirectory === undefined ? {} : { spoolDirectory }),
  };
  const target = place.locate;
  switch (way) {
    case 'subscribe':
      return subscribeSource({ ...live, ...patternsOf(keys), target });
    case 'replica':
      return replicaSource(place, { ...live, ...patternsOf(keys) });
    case 'replication':
      return replicationSource({ ...live, target, force: options.force === true });
    case 'stream':
      return openStreams(options, live, signal);
    case 'monitor': {
      const source =
        place.mode === 'cluster' ? clusterMonitorSource(place, live) : monitorSource({ ...live, target });
      return guardRate(source, { ...live, ...(maxRate === undefined ? {} : { maxPerSecond: maxRate }) });
    }
  }
}

/** Names of the streams that are watched, whether they are there yet or not. @throws {RedisFailure} */
export async function nameStreams(
  place: Place,
  keys: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<{ readonly watched: readonly string[]; readonly found: readonly string[] }> {
  const targets = await place.locatePrimaries(signal);
  const perNode = await Promise.all(
    targets.map((target) => withLink(target, signal, (link) => findStreams([new Asker(link)], keys ?? []))),
  );
  const found = perNode
    .flat()
    .map(({ name }) => name)
    .filter((name) => isStreamNamed(name, keys));
  return { watched: [...new Set([...(keys ?? [DEFAULT_KEY]), ...found])], found };
}

async function openStreams(
  { place, keys, since }: WaysOptions,
  live: Omit<LiveOptions, 'target'>,
  signal: AbortSignal,
): Promise<Source> {
  const { watched } = await nameStreams(place, keys, signal);
  const from = since === undefined ? {} : { since };
  if (place.mode !== 'cluster') {
    return streamSource({ ...live, ...from, names: watched, target: place.locate });
  }
  // Keys of different slots cannot be read by one command.
  const onEvent = tellTogether(watched.length, live.onEvent);
  return mergeSources(
    watched.map((name) =>
      streamSource({ ...live, onEvent, ...from, names: [name], target: (at) => place.locateOwner(name, at) }),
    ),
  );
}

function patternsOf(keys: readonly string[] | undefined): {
  readonly patterns: readonly string[];
  readonly optionalPatterns: readonly string[];
} {
  return {
    patterns: (keys ?? [DEFAULT_KEY]).map((key) => literalPattern(key, { andMore: true })),
    optionalPatterns: keys === undefined ? [PYTHON_CHANNEL] : [],
  };
}

/** `--via shard`: always refused, with what works there instead. */
export async function refuseShard(place: Place, signal: AbortSignal): Promise<never> {
  const hasReplica = place.mode !== 'cluster' && (await place.locateReplica(signal)) !== undefined;
  const instead = hasReplica
    ? 'This Redis has a replica: --via replica shows all sharded traffic there.'
    : place.mode === 'cluster'
      ? '--via monitor shows sharded traffic, on every primary, and slows them down while it runs.'
      : '--via monitor shows sharded traffic and slows Redis down while it runs; --via replication does from Redis 7.0 on, at a smaller price.';
  throw new RedisFailure(
    'unsuitable',
    `Sharded pub/sub can be subscribed to by exact name only. Servers would count us as one of them, and all their fetchSockets() and acknowledged serverSideEmit() would time out. ${instead}`,
  );
}
