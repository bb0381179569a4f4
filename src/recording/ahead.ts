import type { LineReader } from './line-reader.ts';

/** What was said so far about where frames come from. */
export type SaidOrigins = Pick<LineReader, 'origins' | 'saidOrigins' | 'changedOrigins'>;

/** Whole lines of a recording, of which records were made elsewhere where that could be done without what came before. */
export interface Transcript {
  readonly lines: Buffer;
  /** Records without their start and their number, one behind the other. */
  readonly records: Buffer;
  /** Where each record ends. */
  readonly ends: Uint32Array;
  /** What is left to be read here, in threes: how many records come before it, where in `lines` it starts and ends. */
  readonly left: Uint32Array;
  /** Bytes of the payloads of the records. */
  readonly payloadBytes: number;
  /** Of the last record; 0 where there is none. */
  readonly lastTime: number;
}

/** Reads a recording ahead of whoever makes frames of it. */
export interface Ahead {
  /** Parts of the input, in order, none of them missing. `said`: by all that was handed over before. */
  read(
    input: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    said: SaidOrigins,
  ): AsyncIterable<Uint8Array | Transcript>;
  /** Takes the records from the one number up to the other. */
  take(transcript: Transcript, from: number, to: number): void;
}
