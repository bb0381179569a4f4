import { connect, type RedisLink } from './connect.ts';
import { RedisFailure } from './failure.ts';
import { readFacts } from './registry.ts';
import type { RedisTarget } from './target.ts';
import {
  type Address,
  askSentinel,
  findOwner,
  listPrimaries,
  readReplicas,
  readShards,
  targetAt,
} from './topology.ts';

/** A Redis deployment, wherever its nodes are at the moment. */
export interface Place {
  readonly mode: 'standalone' | 'sentinel' | 'cluster';
  /** The primary; in a cluster any node that answers. @throws {RedisFailure} */
  readonly locate: (signal: AbortSignal) => Promise<RedisTarget>;
  /** All primaries, one outside of a cluster. @throws {RedisFailure} */
  readonly locatePrimaries: (signal: AbortSignal) => Promise<readonly RedisTarget[]>;
  /** All nodes where somebody may be subscribed: primaries and, in a cluster, replicas. @throws {RedisFailure} */
  readonly locateNodes: (signal: AbortSignal) => Promise<readonly RedisTarget[]>;
  /** The node that has a stream or another key. @throws {RedisFailure} */
  readonly locateOwner: (key: string, signal: AbortSignal) => Promise<RedisTarget>;
  /** A replica, in a cluster of any shard; undefined where there is none. @throws {RedisFailure} */
  readonly locateReplica: (signal: AbortSignal) => Promise<RedisTarget | undefined>;
}

/**
 * Finds out, from one address, what kind of deployment is there. `sentinel` is the name of the primary where the
 * address is a Sentinel's. User, password and TLS are the same for all nodes, Sentinels included.
 * @throws {RedisFailure}
 */
export async function findPlace(
  target: RedisTarget,
  sentinel: string | undefined,
  signal: AbortSignal,
): Promise<Place> {
  return withLink(target, signal, async (link) => {
    const { mode } = await readFacts(link);
    if (mode === 'sentinel') return sentinelPlace(target, await nameSentinel(link, sentinel));
    if (sentinel !== undefined) {
      throw new RedisFailure(
        'refused',
        `The Redis at ${link.node} is no Sentinel: leave --sentinel out, or name a Sentinel with --url.`,
      );
    }
    return mode === 'cluster' ? clusterPlace(target) : standalonePlace(target);
  });
}

/** Connects for a few questions. @throws {RedisFailure} */
export async function withLink<T>(
  target: RedisTarget,
  signal: AbortSignal,
  use: (link: RedisLink) => Promise<T>,
): Promise<T> {
  const link = await connect(target, signal);
  try {
    return await use(link);
  } finally {
    link.close();
  }
}

/**
 * Asks all nodes of a place the same. A node that does not answer is left out unless none does; `unreached` says why.
 * @throws {RedisFailure}
 */
export async function withAllLinks<T>(
  place: Place,
  signal: AbortSignal,
  use: (links: readonly [RedisLink, ...RedisLink[]], unreached: readonly string[]) => Promise<T>,
): Promise<T> {
  const targets = await place.locateNodes(signal);
  const tried = await Promise.allSettled(targets.map((target) => connect(target, signal)));
  const links = tried.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  try {
    const [first, ...more] = links;
    const failures = tried.flatMap((one) => (one.status === 'rejected' ? [toError(one.reason)] : []));
    if (first === undefined) throw failures[0] ?? new RedisFailure('closed', 'The cluster has no nodes.');
    const unreached = failures.map(({ message }) => message);
    return await use([first, ...more], unreached);
  } finally {
    for (const link of links) link.close();
  }
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}

function standalonePlace(target: RedisTarget): Place {
  return singlePlace('standalone', () => Promise.resolve(target));
}

function singlePlace(mode: 'standalone' | 'sentinel', locate: Place['locate']): Place {
  return {
    mode,
    locate,
    locatePrimaries: async (signal) => [await locate(signal)],
    locateNodes: async (signal) => [await locate(signal)],
    locateOwner: (_key, signal) => locate(signal),
    locateReplica: async (signal) => {
      const target = await locate(signal);
      const [replica] = await withLink(target, signal, readReplicas);
      return replica === undefined ? undefined : targetAt(target, replica);
    },
  };
}

async function nameSentinel(link: RedisLink, name: string | undefined): Promise<string> {
  if (name !== undefined) return name;
  const names = await listPrimaries(link);
  const [only] = names;
  if (names.length === 1 && only !== undefined) return only;
  throw new RedisFailure(
    'refused',
    `At ${link.node} there is a Sentinel, which has no traffic itself. Say which of its primaries to watch: ${names.map((one) => `--sentinel ${one}`).join(' or ')}.`,
  );
}

/** Asks the Sentinels where the primary is, each time anew: it moves. */
function sentinelPlace(target: RedisTarget, name: string): Place {
  let sentinels: readonly RedisTarget[] = [withoutDatabase(target)];
  return singlePlace('sentinel', (signal) =>
    firstThatAnswers(sentinels, signal, async (link, sentinel) => {
      const { primary, sentinels: others } = await askSentinel(link, name);
      sentinels = [
        sentinel,
        ...others.map((one) => targetAt(sentinel, one)).filter(({ url }) => url !== sentinel.url),
      ];
      return targetAt(target, primary);
    }),
  );
}

function withoutDatabase(target: RedisTarget): RedisTarget {
  const url = new URL(target.url);
  url.pathname = '';
  return { ...target, url: url.href };
}

function clusterPlace(seed: RedisTarget): Place {
  let nodes: readonly RedisTarget[] = [seed];
  /** Asks a node, and remembers all nodes that it knows. */
  const ask = <T>(
    signal: AbortSignal,
    use: (link: RedisLink, target: RedisTarget) => Promise<T>,
  ): Promise<T> =>
    firstThatAnswers(nodes, signal, async (link, target) => {
      const shards = await readShards(link);
      const known = shards.flatMap(({ primary, replicas }) => [primary, ...replicas]);
      nodes = uniqueTargets([target, ...known.map((address) => targetAt(seed, address)), seed]);
      return use(link, target);
    });
  const at = (address: Address): RedisTarget => targetAt(seed, address);
  return {
    mode: 'cluster',
    locate: (signal) => ask(signal, (_link, target) => Promise.resolve(target)),
    locatePrimaries: (signal) =>
      ask(signal, async (link) => (await readShards(link)).map(({ primary }) => at(primary))),
    locateNodes: (signal) =>
      ask(signal, async (link) =>
        (await readShards(link)).flatMap(({ primary, replicas }) => [primary, ...replicas]).map(at),
      ),
    locateOwner: (key, signal) => ask(signal, async (link) => at(await findOwner(link, key))),
    locateReplica: (signal) =>
      ask(signal, async (link) => {
        const [replica] = (await readShards(link)).flatMap(({ replicas }) => replicas);
        return replica === undefined ? undefined : at(replica);
      }),
  };
}

/** The addresses that we were given may be other names of nodes that the cluster lists. */
function uniqueTargets(targets: readonly RedisTarget[]): readonly RedisTarget[] {
  return [...new Map(targets.map((target) => [target.url, target])).values()];
}

/** Asks one after the other until one answers; a node's own failure is the last word only when all failed. */
async function firstThatAnswers<T>(
  targets: readonly RedisTarget[],
  signal: AbortSignal,
  use: (link: RedisLink, target: RedisTarget) => Promise<T>,
): Promise<T> {
  let failure: unknown;
  for (const target of targets) {
    try {
      return await withLink(target, signal, (link) => use(link, target));
    } catch (error) {
      if (!(error instanceof RedisFailure)) throw error;
      failure ??= error;
    }
  }
  throw failure;
}
