import type { RedisTarget } from '../../redis/target.ts';

/** How a server of the lab is set up. */
export interface ServerPlan {
  /** Its name in CLIENT LIST and in the telling. */
  readonly name: string;
  readonly adapter: 'redis' | 'sharded' | 'streams' | 'none';
  /** The adapter's `key` or `channelPrefix`. */
  readonly key?: string;
  /** Sharded only. */
  readonly subscriptionMode?: 'static' | 'dynamic' | 'dynamic-private';
  /** Redis user and password, where not those of the lab. */
  readonly user?: { readonly name: string; readonly password: string };
  /** How many Socket.IO servers in this process share one pair of connections. */
  readonly sharing?: number;
  /** How many Socket.IO servers there are in this process, each with connections of its own. */
  readonly pairs?: number;
  /** The number of the Redis database that it selects, where not that of the lab. */
  readonly db?: number;
  /** Classic only: it writes and reads as @socket.io/redis-adapter 7 does. */
  readonly speaksAsAdapter7?: boolean;
  /** Classic only: `publishOnSpecificResponseChannel`. */
  readonly answersOneByOne?: boolean;
  /** Events of serverSideEmit() that it answers. */
  readonly answers?: readonly string[];
  /** A channel of its own whose messages it passes on to all clients, or to its own clients only. */
  readonly relays?: { readonly channel: string; readonly to: 'everybody' | 'local' };
  /** Its sub connection does not subscribe again after a reconnection. */
  readonly staysDeaf?: boolean;
  /** Port on this machine by which it reaches Redis, where not straight: that of a line of the lab. */
  readonly redisPort?: number;
  /** `requestsTimeout`, and the timeout of its calls, where not that of the lab. */
  readonly requestsTimeoutMs?: number;
  /** How long each request holds up its event loop, as a long computation does. */
  readonly blocksMs?: number;
  /** It has unsubscribed from the channels on which answers come to it. */
  readonly dropsReplyChannels?: boolean;
  /** Streams only: `maxLen`. */
  readonly maxLen?: number;
  /** Streams only: how long each entry of the stream holds up its event loop. */
  readonly entriesTakeMs?: number;
  /** `maxDisconnectionDuration`: clients that come back within it are restored. */
  readonly keepsSessionsMs?: number;
  /** It writes errors that nobody has caught to its log, and goes on. */
  readonly survivesErrors?: boolean;
  /** Rooms that each client joins. */
  readonly rooms?: readonly string[];
}

/** What a server of the lab can be asked to do; each is one call of Socket.IO's own API. */
export type Deed =
  | { readonly do: 'fetch-sockets' }
  | { readonly do: 'server-side-emit'; readonly event: string }
  | {
      readonly do: 'emit';
      readonly event: string;
      readonly args: readonly unknown[];
      readonly rooms?: readonly unknown[];
      /** So often, one right after the other. */
      readonly times?: number;
    }
  | { readonly do: 'emit-with-ack'; readonly event: string; readonly timeoutMs: number }
  /** `date` as ISO text: a Date does not survive the way to the server's process. */
  | { readonly do: 'emit-date'; readonly event: string; readonly date: string }
  /** Each client joins and leaves as many rooms, one after the other. */
  | { readonly do: 'pass-rooms'; readonly rooms: number }
  /** What a function does that starts a server only to emit something; it ends after so long. */
  | {
      readonly do: 'run-function';
      readonly event: string;
      readonly args: readonly unknown[];
      readonly lingerMs: number;
    };

/** What a server of the lab answers: what the call resolved with, or the text of the error that the user would log. */
export type Done =
  | { readonly ok: true; readonly count: number; readonly tookMs: number }
  | { readonly ok: false; readonly error: string; readonly tookMs: number };

export interface LabOrders {
  readonly type: 'lab:orders';
  readonly plan: ServerPlan;
  readonly redis: RedisTarget;
}

export type LabQuestion =
  | LabOrders
  | { readonly type: 'lab:do'; readonly id: number; readonly deed: Deed }
  | { readonly type: 'lab:end' };

export type LabReport =
  | { readonly type: 'lab:hello' }
  | { readonly type: 'lab:ready'; readonly port: number; readonly uids: readonly string[] }
  | { readonly type: 'lab:failed'; readonly message: string }
  | { readonly type: 'lab:done'; readonly id: number; readonly done: Done };

/** `requestsTimeout` of the lab's servers: the default of 5 s would only make its users wait. */
export const REQUESTS_TIMEOUT_MS = 1000;
