/** Where a frame was captured (output contract §1, `via`). */
export type Via =
  | 'monitor'
  | 'subscribe'
  | 'shard'
  | 'stream'
  | 'replica'
  | 'replication'
  | 'pcap'
  | 'aof'
  | 'recording'
  | 'text';

/**
 * A captured unit as it came: one Redis command or delivery that may carry adapter traffic.
 *
 * Bytes are never converted here. `payload` is what was published, the `data` field of a stream entry, or the
 * value of a session key; a pasted dump has nothing but a payload.
 */
export interface Frame {
  readonly via: Via;
  /** Microseconds since 1970, UTC. */
  readonly time?: number;
  /** `host:port` of the Redis node. */
  readonly node?: string;
  /** `host:port`, `unix:PATH` or `lua`: who sent the command. */
  readonly client?: string;
  readonly db?: number;
  /** Upper case: `PUBLISH`, `XADD`, `PMESSAGE`, … */
  readonly command?: string;
  /** Channel, stream key or session key. */
  readonly channel?: Uint8Array;
  readonly payload?: Uint8Array;
  /** (Un)subscriptions only. */
  readonly channels?: readonly Uint8Array[];
  /** Stream entries only. `id` is absent where the command still said `*`. */
  readonly entry?: StreamEntry;
  /** The `via` of the recording that this frame was read from. */
  readonly recordedVia?: Via;
}

/** What a frame says beside its time and its payload: the same for many of them. */
export type FrameHead = Omit<Frame, 'time' | 'payload'>;

export interface StreamEntry {
  readonly id?: string;
  readonly fields: readonly (readonly [Uint8Array, Uint8Array])[];
}

/** The capture knows that it missed something. Times are microseconds since 1970. */
export interface Gap {
  readonly via: Via;
  readonly node?: string;
  readonly reason: 'disconnected' | 'output-buffer' | 'trimmed' | 'dropped' | 'lost-segment' | 'truncated';
  readonly from?: number;
  readonly to?: number;
  readonly missed?: number;
  /** The `via` of the recording that this gap was read from. */
  readonly recordedVia?: Via;
}

/** A line or a packet that could not even be framed: it becomes an `undecoded` record with its own bytes. */
export interface Unframed {
  readonly via: Via;
  readonly time?: number;
  readonly raw: Uint8Array;
  readonly code: string;
  readonly message: string;
  /** Byte in `raw`. */
  readonly offset?: number;
  /** The `via` of the recording that this was read from. */
  readonly recordedVia?: Via;
}

/** What somebody asked of a stream: XREAD as servers follow it, XRANGE as they restore a session. No record, but doctor judges by it. */
export interface StreamRead {
  readonly via: Via;
  readonly time?: number;
  readonly client?: string;
  readonly command: 'XREAD' | 'XRANGE';
  readonly stream: Uint8Array;
  /** After this id (XREAD), or from it (XRANGE), as it was written: `$`, `-` and `0` are possible. */
  readonly from: string;
  /** XRANGE only. */
  readonly to?: string;
  /** COUNT, where it is there. */
  readonly count?: number;
  /** The `via` of the recording that this was read from. */
  readonly recordedVia?: Via;
}

/**
 * What a capture source yields, in order of capture. `other` counts commands that carry no adapter traffic, one unless
 * it says more; `read` is what such a command asked of a stream. `look` is what Redis said when it was asked who is
 * there: only recordings hold it, as JSON that nobody has looked through yet (src/doctor/recorded-look.ts).
 */
export type Captured =
  | { readonly is: 'frame'; readonly frame: Frame }
  | { readonly is: 'gap'; readonly gap: Gap }
  | { readonly is: 'unframed'; readonly unframed: Unframed }
  | {
      readonly is: 'other';
      readonly command: string;
      readonly count?: number;
      readonly read?: StreamRead;
    }
  | { readonly is: 'look'; readonly look: unknown };

/**
 * A capture source: batches in order of capture, ends at the end of its input or when `signal` aborts, and
 * cleans up in `finally`. A batch is never empty.
 */
export type Source = (signal: AbortSignal) => AsyncIterable<readonly Captured[]>;
