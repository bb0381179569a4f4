import type { Socket } from 'node:net';
import type { RespValue } from '../../bytes/resp-value.ts';
import type { Captured, Gap, Via } from '../../model/frame.ts';
import type { RedisLink } from '../../redis/connect.ts';
import type { RedisFailure } from '../../redis/failure.ts';
import type { RedisTarget } from '../../redis/target.ts';
import type { BacklogOptions } from './backlog.ts';

/** The ways by name, as `--via` has them. */
export const LIVE_WAYS = ['subscribe', 'stream', 'replica', 'replication', 'monitor'] as const;
export type LiveWay = (typeof LIVE_WAYS)[number];

/** One command that makes Redis send us traffic, answered by one confirmation or one error. */
export interface Step {
  /** As a user would type it. */
  readonly shown: string;
  readonly words: readonly string[];
  /** A refusal of this one is tolerated, and reported as an event. */
  readonly optional: boolean;
}

/** What came of opening a way on a connection. */
export interface Opening {
  readonly accepted: readonly Step[];
  readonly refused: readonly { readonly step: Step; readonly failure: RedisFailure }[];
  /**
   * Nothing was missed since the last connection: its bytes go on where they had ended, in mid-message too, or whole
   * messages start anew. Absent where something may have been missed.
   */
  readonly continues?: 'bytes' | 'messages';
  /** How many of the first bytes belong to the opening and are no traffic. */
  readonly skipBytes?: number;
}

/** What a way says on its connection after it was opened. */
export interface Talk {
  /** Called with all bytes of traffic, in order, after they were put aside for decoding. */
  hear(bytes: Buffer): void;
  /** Resolves when everything has come that Redis had for us when this was called, if it ever does. */
  finish(): Promise<void>;
  /** The connection has ended. */
  end(): void;
}

export type Decode = (value: RespValue, time: number) => Captured | readonly Captured[] | undefined;

/** A way of being sent traffic over one connection. */
export interface Way {
  readonly via: Via;
  /** Whether Redis throws out whoever reads too slowly (client-output-buffer-limit). */
  readonly limited: boolean;
  /** Asks, before the socket is taken, what has to be known. @throws {RedisFailure} where it cannot work */
  prepare?(link: RedisLink): Promise<void>;
  /** Makes Redis send. @throws {RedisFailure} */
  open(link: RedisLink, socket: Socket): Promise<Opening>;
  /** Where Redis has to be spoken to all the time. Such a connection is never sent a PING. */
  converse?(link: RedisLink, socket: Socket): Talk;
  /** A function that reads what comes after the opening; undefined for what is no traffic. */
  createDecoder(session: Session): Decode;
}

/** One connection's life as a source. */
export interface Session {
  readonly number: number;
  readonly node: string;
  readonly accepted: readonly Step[];
  /** The bytes go on where those of the session before had ended. */
  readonly continuesBytes: boolean;
  /** What was missed before it. */
  readonly gap?: Gap;
}

/** What a source tells while it runs; for people, never for records. */
export type LiveEvent =
  | { readonly is: 'attached'; readonly node: string; readonly commands: readonly string[] }
  /** Once: all that was asked for is attached, and nothing is missed from here on without a gap. */
  | { readonly is: 'watching' }
  | { readonly is: 'refused'; readonly command: string; readonly failure: RedisFailure }
  | { readonly is: 'lost'; readonly node: string; readonly why: string }
  | { readonly is: 'retrying'; readonly failure: RedisFailure; readonly delayMs: number }
  | { readonly is: 'spooling' }
  | { readonly is: 'rate'; readonly perSecond: number }
  | { readonly is: 'too-fast'; readonly perSecond: number; readonly limit: number };

export interface LiveOptions extends Pick<BacklogOptions, 'bufferBytes' | 'spoolDirectory'> {
  /** Which Redis, or a function that finds out before each connection. */
  readonly target: RedisTarget | Locate;
  readonly onEvent?: (event: LiveEvent) => void;
}

/** Finds the Redis to connect to at this moment. @throws {RedisFailure} */
export type Locate = (signal: AbortSignal) => Promise<RedisTarget>;
