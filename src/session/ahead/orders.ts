import type { AheadForm, Transcript } from '../../recording/ahead.ts';
import type { RecordedOrigin } from '../../recording/format.ts';

/** What a thread is told when it starts. */
export interface ThreadData {
  readonly form: AheadForm;
  readonly keys: readonly string[];
}

/** Lines to transcribe, in memory that both threads see: nothing is copied, and nothing new is allocated. */
export interface Order {
  readonly lines: SharedArrayBuffer;
  /** Bytes of the lines. */
  readonly length: number;
  /** For the records. */
  readonly records: SharedArrayBuffer;
  /** Where they have changed since the last order. */
  readonly origins?: ReadonlyMap<number, RecordedOrigin>;
}

/** A transcript as it comes from a thread. */
export interface Answer extends Omit<Transcript, 'lines' | 'records'> {
  /** Bytes of the records in the order's memory; or the records themselves, where they had no room there. */
  readonly records: number | Uint8Array;
}
