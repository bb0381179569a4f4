import type { AheadForm, Transcript } from '../../recording/ahead.ts';
import type { RecordedOrigin } from '../../recording/format.ts';

/** What a thread is told when it starts. */
export interface ThreadData {
  readonly form: AheadForm;
  readonly keys: readonly string[];
}

/** Lines to transcribe. All memory goes with an order and comes back with its answer: nothing is copied. */
export interface Order {
  readonly lines: Uint8Array;
  /** For the records. */
  readonly records: Uint8Array;
  /** Where they have changed since the last order. */
  readonly origins?: ReadonlyMap<number, RecordedOrigin>;
}

/** A transcript as it comes from a thread. */
export interface Answer extends Omit<Transcript, 'lines' | 'records'> {
  readonly lines: Uint8Array;
  readonly records: Uint8Array;
}
