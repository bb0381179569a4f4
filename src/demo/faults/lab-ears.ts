import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { Server } from 'socket.io';
import type { ServerPlan } from './lab-orders.ts';

const ASK_EVERY_MS = 10;
const DEFAULT_PREFIX = 'socket.io';

/** The connections on which a server is subscribed: its own, and the one that the streams adapter makes for itself. */
export function collectEars(pub: Redis, sub: Redis): readonly Redis[] {
  const ears = pub === sub ? [] : [sub];
  const duplicate = pub.duplicate.bind(pub);
  pub.duplicate = (...args) => {
    const fresh = duplicate(...args);
    const subscribe = fresh.subscribe.bind(fresh);
    Object.assign(fresh, {
      subscribe: (...channels: Parameters<typeof subscribe>) => {
        ears.push(fresh);
        return subscribe(...channels);
      },
    });
    return fresh;
  };
  return ears;
}

/** The streams adapter subscribes on a connection of its own: its PING cannot be waited for. */
export async function untilSubscribed(pub: Redis, plan: ServerPlan, uids: readonly string[]): Promise<void> {
  for (const uid of uids) {
    const channel = ownChannel(plan, uid);
    while (Number((await pub.pubsub('NUMSUB', channel))[1]) === 0) await delay(ASK_EVERY_MS);
  }
}

/** What an application does that takes the adapter's subscriptions for its own. */
export async function dropReplyChannels(
  ears: readonly Redis[],
  plan: ServerPlan,
  uids: readonly string[],
): Promise<void> {
  const { adapter, key = DEFAULT_PREFIX } = plan;
  const channels = uids.map((uid) => ownChannel(plan, uid));
  for (const ear of ears) {
    if (adapter === 'sharded') await ear.sunsubscribe(...channels);
    else await ear.unsubscribe(...channels, ...(adapter === 'redis' ? [`${key}-response#/#`] : []));
  }
}

/** @socket.io/redis-adapter 8.3, lib/index.ts and lib/sharded-adapter.ts; streams 0.3, lib/adapter.ts. */
function ownChannel({ adapter, key = DEFAULT_PREFIX }: ServerPlan, uid: string): string {
  return adapter === 'redis' ? `${key}-response#/#${uid}#` : `${key}#/#${uid}#`;
}

/** Each request is handled only after the event loop has stood still for so long. */
export function blockOnRequests(ears: readonly Redis[], blocksMs: number): void {
  const onMessage = (channel: Buffer): void => {
    if (/^(?:.*-request|[^#]*(?<!-response))#\/#$/.test(channel.toString())) standStill(blocksMs);
  };
  for (const ear of ears) {
    ear.prependListener('messageBuffer', onMessage);
    ear.prependListener('smessageBuffer', onMessage);
  }
}

/** The same for entries of a stream: the adapter takes them one by one (streams 0.3, lib/adapter.ts, `onRawMessage`). */
export function blockOnEntries(servers: readonly Server[], takesMs: number): void {
  for (const io of servers) {
    const adapter = io.of('/').adapter as unknown as { onRawMessage: (...args: unknown[]) => void };
    const take = adapter.onRawMessage.bind(adapter);
    adapter.onRawMessage = (...args) => {
      standStill(takesMs);
      take(...args);
    };
  }
}

/** As a computation does it, but without the heat. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
