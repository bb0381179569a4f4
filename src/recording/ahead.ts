import type { RecordedOrigin } from './format.ts';

/** The forms whose lines can be read without what came before, and how much of what came before they need. */
export type AheadForm = 'recording' | 'monitor';

/** What has been read so far says about the lines that follow. */
export interface AheadState {
  /** Whether they are of this form for certain. */
  readonly isCertain: boolean;
  /** What the numbers of origins stand for. */
  readonly origins: ReadonlyMap<number, RecordedOrigin>;
  /** Grows with whatever is said about origins. */
  readonly saidOrigins: number;
  /** Grows whenever a number no longer stands for what it stood for. */
  readonly changedOrigins: number;
}

/** Whole lines of a capture, of which records were made elsewhere where that could be done without what came before. */
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

/** Reads a capture ahead of whoever makes frames of it. */
export interface Ahead {
  /** Parts of the input, in order, none of them missing. `state` is that after all that was handed over before. */
  read(
    form: AheadForm,
    input: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    state: AheadState,
  ): AsyncIterable<Uint8Array | Transcript>;
  /** Takes the records from the one number up to the other. */
  take(transcript: Transcript, from: number, to: number): void;
}

/** Reads what is left of a transcript by `read`, which is told whether no record follows; `take` is told from which record to which come next. */
export function* readLeft<T>(
  transcript: Transcript,
  take: Ahead['take'],
  read: (lines: Buffer, isLast: boolean) => Iterable<T>,
): Iterable<T> {
  const { lines, ends, left } = transcript;
  let taken = 0;
  for (let index = 0; index < left.length; index += 3) {
    const [before = 0, start = 0, end = 0] = left.subarray(index, index + 3);
    take(transcript, taken, before);
    taken = before;
    yield* read(lines.subarray(start, end), end === lines.length);
  }
  take(transcript, taken, ends.length);
}

/** Whether a record comes first in it. */
export function startsWithRecord({ ends, left }: Transcript): boolean {
  return ends.length > 0 && left[0] !== 0;
}
