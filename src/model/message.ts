import type { Value } from './value.ts';

/** The wire dialect (output contract §1, `adapter`). */
export type Adapter =
  | 'redis'
  | 'redis-sharded'
  | 'redis-streams'
  | 'emitter'
  | 'python'
  | 'socketioxide'
  | 'googollee'
  | 'netty'
  | 'laravel';

export type Encoding = 'msgpack' | 'msgpack-js' | 'json' | 'pickle';

/** Whose uid is this literal text is no server (socket.io-emitter, @socket.io/redis-emitter: `UID`). */
export const EMITTER = 'emitter';

export type Kind = 'broadcast' | 'request' | 'response' | 'cluster' | 'subscription' | 'undecoded';

export type Severity = 'error' | 'warning' | 'info';

/** Something odd, in one sentence. `offset` is a byte of the payload. */
export interface Finding {
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  readonly offset?: number;
}

/** One reading that was tried on an undecodable payload, and why it failed. */
export interface Attempt {
  readonly as: string;
  readonly why: string;
}

/** Why a payload could not be read. `offset` is a byte of the payload; codes are listed in the README. */
export interface UndecodedError {
  readonly code: string;
  readonly message: string;
  readonly offset?: number;
  readonly tried: readonly Attempt[];
}

/**
 * A dissected frame. Fields are absent when the wire does not say; names are those of the output contract.
 * `payload` keeps every decoded field that has no name of its own here, in wire order.
 */
export interface Message {
  readonly kind: Kind;
  readonly adapter?: Adapter;
  readonly version?: string;
  readonly encoding?: Encoding;
  readonly key?: string;
  readonly type?: string;
  readonly typeCode?: number;
  readonly uid?: string;
  readonly nsp?: string;
  readonly room?: string;
  readonly packetType?: number;
  readonly event?: string;
  readonly args?: readonly Value[];
  readonly ackId?: Value;
  readonly rooms?: readonly Value[];
  readonly except?: readonly Value[];
  readonly flags?: Value;
  readonly requestId?: string;
  readonly payload?: readonly (readonly [string, Value])[];
  readonly inferred?: readonly string[];
  readonly findings?: readonly Finding[];
  readonly error?: UndecodedError;
  /** Undecoded only. */
  readonly raw?: Uint8Array;
  /** The decoded tree and the bytes that its offsets count in: for the annotated dump, never a record. */
  readonly body?: Body;
}

export interface Body {
  readonly bytes: Uint8Array;
  readonly root: Value;
  /** `base64` where `bytes` were decoded from base64 text in the payload. */
  readonly wrapped?: 'base64';
}
