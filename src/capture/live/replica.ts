import type { Captured, Source } from '../../model/frame.ts';
import type { RedisLink } from '../../redis/connect.ts';
import { RedisFailure } from '../../redis/failure.ts';
import type { Place } from '../../redis/place.ts';
import { readInfo, textOf } from '../../redis/questions.ts';
import { createLiveSource } from './live-source.ts';
import { createMonitorWay } from './monitor.ts';
import { type SubscribeOptions, subscribeSource } from './subscribe.ts';
import type { LiveOptions, Locate } from './way.ts';

/**
 * What a primary tells its replica, seen there by MONITOR: PUBLISH, SPUBLISH and XADD, none of it at the primary's cost.
 * Who sent it is not known there. In a cluster only what PSUBSCRIBE sees: messages do not go from primary to replica
 * there, but over the cluster's bus (redis 7.0.15, src/cluster.c, clusterPropagatePublish).
 */
export function replicaSource(place: Place, options: Omit<SubscribeOptions, 'target'>): Source {
  const live = { ...options, target: locateReplica(place) };
  return place.mode === 'cluster' ? subscribeSource({ ...live, via: 'replica' }) : monitorReplica(live);
}

function locateReplica(place: Place): Locate {
  return async (signal) => {
    const replica = await place.locateReplica(signal);
    if (replica !== undefined) return replica;
    throw new RedisFailure(
      'unsuitable',
      'This Redis has no replica that is online. Without one --via subscribe and --via stream cost little; for sharded pub/sub there is --via monitor (dear) or, from Redis 7.0 on, --via replication.',
    );
  };
}

function monitorReplica(options: LiveOptions): Source {
  let primary: Primary = { port: 0 };
  const way = createMonitorWay('replica', (seen) => withoutPrimary(seen, primary));
  const prepare = async (link: RedisLink): Promise<void> => {
    primary = await readPrimary(link);
  };
  return createLiveSource({ ...way, prepare }, options);
}

interface Primary {
  /** Absent where the replica knows it by a name. */
  readonly address?: string;
  readonly port: number;
}

/** @throws {RedisFailure} where the node is no replica any more, or has lost its primary */
async function readPrimary(link: RedisLink): Promise<Primary> {
  const info = readInfo(textOf(await link.ask('INFO', 'replication')));
  if (info.get('role') !== 'slave' || info.get('master_link_status') !== 'up') {
    throw new RedisFailure(
      'unsuitable',
      `The Redis at ${link.node} is no replica any more, or has lost its primary.`,
    );
  }
  const host = info.get('master_host') ?? '';
  const port = Number(info.get('master_port'));
  if (/^[\d.]+$/.test(host)) return { address: `${host}:${port}`, port };
  return host.includes(':') ? { address: `[${host}]:${port}`, port } : { port };
}

/** What the primary passes on bears the primary's address: the sender's is lost. */
function withoutPrimary(
  captured: Extract<Captured, { readonly is: 'frame' }>,
  { address, port }: Primary,
): Captured {
  const { client, ...frame } = captured.frame;
  const isPassedOn = address === undefined ? client?.endsWith(`:${port}`) === true : client === address;
  return isPassedOn ? { is: 'frame', frame } : captured;
}
