import { EMITTER } from '../model/message.ts';
import type { ServerGroup } from '../redis/registry.ts';
import { allLooks, type Evidence } from './evidence.ts';

/** Servers of one adapter, key and namespace: those that Redis has told of, or those that were seen to subscribe. */
export type KnownGroup = Pick<ServerGroup, 'adapter' | 'key' | 'nsp' | 'uids'>;

/**
 * The groups of each look, in order of time. Where there was no look, a capture that shows all servers subscribing stands
 * for one. Empty where neither tells who is there. Of a recording all looks, but for what was said lately (`saidAt`,
 * microseconds since 1970): that is heard by those who are there now.
 */
export function knownGroups(evidence: Evidence, saidAt?: number): readonly (readonly KnownGroup[])[] {
  const [first] = evidence.looks;
  const isRecent = first !== undefined && saidAt !== undefined && saidAt >= first.to;
  const looks = isRecent ? evidence.looks : allLooks(evidence);
  if (looks.length > 0) return looks.map(({ groups }) => groups);
  const seen = evidence.traffic?.subscriptions.registry();
  return seen === undefined ? [] : [seen];
}

/** Where only what Redis says when it is asked would decide. */
export const NEEDS_REDIS = 'needs a live Redis, or a recording by sio-inspect';

/** Where knowing who is subscribed would decide, and nothing tells. */
export const NEEDS_SUBSCRIPTIONS =
  'needs to know who is subscribed: a live Redis, a recording by sio-inspect, or MONITOR from before the servers start';

/** Senders, their databases, subscriptions and sharded pub/sub are seen by MONITOR only. */
export function lacksMonitor({ isCapture, traffic }: Evidence): string | undefined {
  if (traffic === undefined || traffic.showsClients) return undefined;
  return isCapture === true ? 'needs a capture by MONITOR' : 'needs MONITOR: --via monitor';
}

/** The same, for rules about sharded servers only. */
export function lacksShardedTraffic(evidence: Evidence): string | undefined {
  const { looks } = evidence;
  const isSharded = looks.some(({ groups }) => groups.some(({ adapter }) => adapter === 'redis-sharded'));
  return looks.length === 0 || isSharded ? lacksMonitor(evidence) : undefined;
}

/** Emitters do not count: only of them it has to be known who hears them. */
export function lacksListeners(evidence: Evidence): string | undefined {
  const hasEmitter = evidence.traffic?.senders.list().some(({ uid }) => uid === EMITTER) === true;
  return hasEmitter && knownGroups(evidence).length === 0 ? NEEDS_SUBSCRIPTIONS : undefined;
}
