import type { Source } from '../../model/frame.ts';
import { RedisFailure } from '../../redis/failure.ts';
import { type Place, withAllLinks } from '../../redis/place.ts';
import { listAllServers } from '../../redis/registry.ts';
import { mergeSources } from './merge.ts';
import { nameStreams, openWay, type WaysOptions } from './open-ways.ts';
import type { LiveWay } from './way.ts';

export interface Choice {
  /** No two of them see the same message. */
  readonly ways: readonly LiveWay[];
  /** One line for people. */
  readonly because: string;
}

/** `--via auto`: what shows most of what is there without anybody noticing. @throws {RedisFailure} */
export async function chooseWays(
  place: Place,
  keys: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<Choice> {
  const { groups } = await withAllLinks(place, signal, listAllServers);
  const hasSharded = groups.some(({ adapter }) => adapter === 'redis-sharded');
  const { found } = await nameStreams(place, keys, signal);
  if (hasSharded && place.mode !== 'cluster' && (await place.locateReplica(signal)) !== undefined) {
    return {
      ways: ['replica'],
      because: 'replica: there are servers with the sharded adapter, and a replica shows all that they say',
    };
  }
  const reasons = ['subscribe: cheap, and shows what is published'];
  if (found.length > 0)
    reasons.push(
      `stream: there is ${found.length === 1 ? 'a stream' : 'more than one stream'} of the streams adapter`,
    );
  if (hasSharded) reasons.push('sharded pub/sub stays unseen (--via monitor would show it, at a price)');
  return { ways: found.length > 0 ? ['subscribe', 'stream'] : ['subscribe'], because: reasons.join('; ') };
}

/** The chosen ways, without those that are forbidden; a replica that does not let us in is replaced by PSUBSCRIBE. */
export async function openChoice(
  ways: readonly LiveWay[],
  options: WaysOptions,
  signal: AbortSignal,
): Promise<Source> {
  const sources = await Promise.all(ways.map((way) => openWay(way, options, signal)));
  if (ways[0] === 'replica') {
    const [replica] = sources;
    const subscribe = await openWay('subscribe', options, signal);
    return replica === undefined ? subscribe : orElse(replica, 'PSUBSCRIBE', options, () => subscribe);
  }
  let left = sources.length;
  return mergeSources(
    sources.map((source, index) => {
      const others = ways.filter((_, at) => at !== index).join(', ');
      return orElse(source, others, options, () => (--left === 0 ? undefined : NOTHING));
    }),
  );
}

const NOTHING: Source = async function* () {
  // A way that is done without.
};

/** Another source in place of one that cannot even begin; the failure itself where there is none. */
function orElse(
  source: Source,
  instead: string,
  { onEvent }: WaysOptions,
  other: () => Source | undefined,
): Source {
  return async function* (signal) {
    let hasBegun = false;
    try {
      for await (const batch of source(signal)) {
        hasBegun = true;
        yield batch;
      }
      return;
    } catch (error) {
      const replacement = error instanceof RedisFailure && !hasBegun ? other() : undefined;
      if (replacement === undefined) throw error;
      onEvent?.({ is: 'fell-back', failure: error as RedisFailure, instead });
      yield* replacement(signal);
    }
  };
}
