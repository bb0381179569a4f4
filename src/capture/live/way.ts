import type { RespValue } from '../../bytes/resp-value.ts';
import type { Captured, Gap, Via } from '../../model/frame.ts';
import type { RedisFailure } from '../../redis/failure.ts';
import type { RedisTarget } from '../../redis/target.ts';
import type { BacklogOptions } from './backlog.ts';

/** One command that makes Redis send us traffic, answered by one confirmation or one error. */
export interface Step {
  /** As a user would type it. */
  readonly shown: string;
  readonly words: readonly string[];
  /** A refusal of this one is tolerated, and reported as an event. */
  readonly optional: boolean;
}

/** A way of being sent traffic over one connection. */
export interface Way {
  readonly via: Via;
  readonly steps: readonly Step[];
  /** Whether Redis throws out whoever reads too slowly (client-output-buffer-limit). */
  readonly limited: boolean;
  isConfirmation(value: RespValue): boolean;
  /** A function that reads what comes after the confirmations of `accepted`; undefined for what is no traffic. */
  createDecoder(session: Session): (value: RespValue, time: number) => Captured | undefined;
}

/** One connection's life as a source. */
export interface Session {
  readonly number: number;
  readonly node: string;
  readonly accepted: readonly Step[];
  /** What was missed before it. */
  readonly gap?: Gap;
}

/** What a source tells while it runs; for people, never for records. */
export type LiveEvent =
  | { readonly is: 'attached'; readonly node: string; readonly commands: readonly string[] }
  | { readonly is: 'refused'; readonly command: string; readonly failure: RedisFailure }
  | { readonly is: 'lost'; readonly node: string; readonly why: string }
  | { readonly is: 'retrying'; readonly failure: RedisFailure; readonly delayMs: number }
  | { readonly is: 'spooling' };

export interface LiveOptions extends Pick<BacklogOptions, 'bufferBytes' | 'spoolDirectory'> {
  readonly target: RedisTarget;
  readonly onEvent?: (event: LiveEvent) => void;
}
