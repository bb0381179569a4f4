import { EMITTER } from '../model/message.ts';
import type { ServerGroup } from '../redis/registry.ts';
import { allLooks, type Evidence, type Look } from './evidence.ts';

/** Servers of one adapter, key and namespace: those that Redis has told of, or those that were seen to subscribe. */
export type KnownGroup = Pick<ServerGroup, 'adapter' | 'key' | 'nsp' | 'uids'>;

/**
 * The groups of each look, in order of time. Where there was no look, a capture that shows all servers subscribing stands
 * for one. Empty where neither tells who is there. Of a recording those from when a sender began to speak, and if it
 * still does, only the latest: it is heard by those who are there now.
 */
export function knownGroups(evidence: Evidence, said?: Said): readonly (readonly KnownGroup[])[] {
  const looks = looksAround(evidence, said);
  if (looks.length > 0) return looks.map(({ groups }) => groups);
  const seen = evidence.traffic?.subscriptions.registry();
  return seen === undefined ? [] : [seen];
}

/** Where only what Redis says when it is asked would decide. */
export const NEEDS_REDIS = 'needs a live Redis, or a recording by sio-inspect';

/** Where knowing who is subscribed would decide, and nothing tells. */
export const NEEDS_SUBSCRIPTIONS =
  'needs to know who is subscribed: a live Redis, a recording by sio-inspect, or MONITOR from before the servers start';

/** When a sender spoke first and last, microseconds since 1970. */
interface Said {
  readonly first: number;
  readonly last: number;
}

function looksAround(evidence: Evidence, said: Said | undefined): readonly Look[] {
  const all = allLooks(evidence);
  if (evidence.isCapture !== true || said === undefined) return all;
  const [first] = evidence.looks;
  const lately = first !== undefined && said.last >= first.to ? evidence.looks : all;
  const since = lately.filter(({ to }) => to >= said.first);
  return since.length > 0 ? since : lately.slice(-1);
}

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
