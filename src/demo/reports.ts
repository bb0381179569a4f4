import type { RedisTarget } from '../redis/target.ts';
import type { DemoAdapter } from './choices.ts';

/** What the primary tells a worker, once, before anything else. */
export interface WorkerOrders {
  readonly type: 'demo:orders';
  readonly worker: number;
  /** How many there are. */
  readonly workers: number;
  readonly adapter: DemoAdapter;
  readonly redis?: RedisTarget;
  /** A Redis process of our own, to be ended by the workers should the primary die without doing it. */
  readonly ownRedis?: boolean;
  /** Bound to loopback: then other web sites are kept out. */
  readonly loopback: boolean;
  /** What the chat page says about watching; absent where there is nothing to watch. */
  readonly watchCommand?: string;
}

export interface StopOrder {
  readonly type: 'demo:stop';
}

/** Asks a worker to answer `demo:settled` once it has done what it was about to do. */
export interface SettleOrder {
  readonly type: 'demo:settle';
}

/** A command that a worker's connection sent: the words that are text, and what Redis answered. */
export interface SentCommand {
  readonly command: string;
  readonly words: readonly string[];
  readonly answer?: number | string;
}

/** What came out of Redis, byte for byte: a pub/sub message, or an entry of a stream. */
export interface Received {
  readonly command: 'PMESSAGE' | 'MESSAGE' | 'SMESSAGE' | 'XREAD';
  readonly channel: string;
  /** The message, or the entry's `data` field. */
  readonly payload: Uint8Array;
  readonly entry?: { readonly id: string; readonly fields: readonly (readonly [string, string])[] };
}

/**
 * What a worker did with a message. `own`: it carries the worker's uid. `delivered`: the ids of the sockets that were
 * written to meanwhile. `nobody`: none was, although (or because) it has that many clients.
 */
export type Outcome =
  | { readonly is: 'own' }
  | { readonly is: 'delivered'; readonly to: readonly string[] }
  | { readonly is: 'nobody'; readonly clients: number };

/** What a worker tells the primary: what happened, never what should have. */
export type Report =
  /** Listening: whatever is sent to a worker before is lost. */
  | { readonly type: 'demo:hello' }
  | { readonly type: 'demo:ready'; readonly uid?: string; readonly asked: readonly SentCommand[] }
  | { readonly type: 'demo:failed'; readonly message: string }
  | { readonly type: 'demo:client'; readonly id: string; readonly name: string }
  | { readonly type: 'demo:client-gone'; readonly id: string }
  | { readonly type: 'demo:published'; readonly sent: SentCommand }
  | {
      readonly type: 'demo:received';
      readonly uid: string;
      readonly received: Received;
      readonly outcome: Outcome;
    }
  | { readonly type: 'demo:told-directly'; readonly to: string }
  | { readonly type: 'demo:settled' };

/** The sticky proxy speaks over the same channel; only ours begin with `demo:`. */
export function isOurs(message: unknown): message is { readonly type: `demo:${string}` } {
  return (
    typeof message === 'object' &&
    message !== null &&
    'type' in message &&
    typeof message.type === 'string' &&
    message.type.startsWith('demo:')
  );
}
