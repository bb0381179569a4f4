import { EMITTER } from '../model/message.ts';
import type { Look } from './evidence.ts';
import type { Sender } from './taps/senders.ts';

/** A uid of this form has a channel of its own where its subscription is alive: classic since 7.1, sharded, streams since 0.3. */
const UIDS = { classic: /^[\w-]{6}$/, shard: /^[0-9a-f]{16}$/, cluster: /^[0-9a-f]{16}$/ } as const;

/** The adapter whose servers speak on each bus and have a channel of their own. */
export const ADAPTER_OF = { classic: 'redis', shard: 'redis-sharded', cluster: 'redis-streams' } as const;

/** A server that Redis knows by its own channel, while it is subscribed. */
export function takesOwnChannel({ uid, bus }: Sender): boolean {
  return uid !== EMITTER && UIDS[bus].test(uid);
}

/** It spoke, or was spoken to, before and after the look: it neither came nor went meanwhile. */
export function spans({ first, last }: Pick<Sender, 'first' | 'last'>, { from, to }: Look): boolean {
  return first < from && last > to;
}
