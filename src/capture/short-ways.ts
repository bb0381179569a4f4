import type { Captured } from '../model/frame.ts';
import type { Ahead, AheadForm, AheadState, Transcript } from '../recording/ahead.ts';
import type { Glance } from '../recording/glance.ts';

/** For whoever wants no frames but what is made of them. */
export interface ShortWays {
  /** Takes frames before they are made. */
  readonly glance?: Glance;
  /** Reads long captures ahead, and takes what it makes of them. */
  readonly ahead?: Ahead;
}

/** Reads a capture of lines that comes in chunks. */
export interface LinesReader {
  readonly form: AheadForm;
  readonly aheadState: AheadState;
  /** What `glance` takes is not in the batches, and one may be empty then. */
  batches(chunk: Uint8Array, glance?: Glance): Iterable<Captured[]>;
  /** The same for lines of which records were made already. */
  rest(transcript: Transcript, take: Ahead['take']): Iterable<Captured[]>;
  end(): Captured[];
}

/** All that a reader reads and nothing has taken; batches may be empty where something may be taken. */
export async function* readLines(
  reader: LinesReader,
  input: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { glance, ahead }: ShortWays,
): AsyncIterable<readonly Captured[]> {
  const mayTake = glance !== undefined || ahead !== undefined;
  const take: Ahead['take'] = (...records) => ahead?.take(...records);
  for await (const part of ahead?.read(reader.form, input, reader.aheadState) ?? input) {
    const batches = part instanceof Uint8Array ? reader.batches(part, glance) : reader.rest(part, take);
    for (const batch of batches) if (batch.length > 0 || mayTake) yield batch;
    if (mayTake) yield [];
  }
  const last = reader.end();
  if (last.length > 0) yield last;
}
