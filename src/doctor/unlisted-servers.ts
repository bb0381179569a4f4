import { EMITTER } from '../model/message.ts';
import type { ServerGroup } from '../redis/registry.ts';
import type { Evidence } from './evidence.ts';
import type { Sender } from './taps/senders.ts';

/** A uid of this form has a channel of its own where its subscription is alive: classic since 7.1, sharded, streams since 0.3. */
const UIDS = { redis: /^[\w-]{6}$/, 'redis-sharded': /^[0-9a-f]{16}$/, 'redis-streams': /^[0-9a-f]{16}$/ };
const BUSES = { redis: 'classic', 'redis-sharded': 'shard', 'redis-streams': 'cluster' } as const;

/**
 * Servers that spoke to a group before and after a look, while Redis knew no channel of theirs in any look: they
 * neither came nor went. `versions` are what the looks found of the group.
 */
export function findUnlisted(
  versions: readonly ServerGroup[],
  { looks, traffic }: Evidence,
): readonly Sender[] {
  const [group] = versions;
  if (traffic === undefined || group === undefined) return [];
  const listed = new Set(versions.flatMap(({ uids }) => uids));
  return traffic.senders
    .list()
    .filter(({ bus, key, nsp }) => bus === BUSES[group.adapter] && key === group.key && nsp === group.nsp)
    .filter(({ uid }) => uid !== EMITTER && UIDS[group.adapter].test(uid) && !listed.has(uid))
    .filter(({ first, last }) => looks.some(({ from, to }) => first < from && last > to));
}
