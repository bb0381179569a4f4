import type { Captured } from '../model/frame.ts';
import type { Ahead } from '../recording/ahead.ts';
import type { Glance } from '../recording/glance.ts';
import { RecordingReader } from '../recording/recording-reader.ts';

export interface RecordingOptions {
  readonly onNote?: (note: string) => void;
  /** Takes frames before they are made. */
  readonly glance?: Glance;
  /** Reads long recordings ahead, and takes what it makes of them. */
  readonly ahead?: Ahead;
}

/**
 * A recording (docs/recordings.md), or several that were put together. Each frame has the via `recording` and keeps
 * its own in `recordedVia`. A last line that was cut off is a gap `truncated`; any other line that is no recording's
 * is `unframed`. What `glance` or `ahead` takes is not yielded.
 */
export async function* captureRecording(
  input: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { onNote, glance, ahead }: RecordingOptions = {},
): AsyncIterable<readonly Captured[]> {
  const reader = new RecordingReader(onNote);
  const isTaken = glance !== undefined || ahead !== undefined;
  for await (const part of ahead === undefined ? input : ahead.read(input, reader.origins)) {
    const batches =
      part instanceof Uint8Array
        ? reader.batches(part, glance)
        : reader.rest(part, (...records) => ahead?.take(...records));
    for (const batch of batches) if (batch.length > 0 || isTaken) yield batch;
    if (isTaken) yield [];
  }
  const last = reader.end();
  if (last.length > 0) yield last;
}

/** The same for a recording that is there already. */
export function captureRecordingSync(input: Uint8Array, onNote?: (note: string) => void): Captured[] {
  const reader = new RecordingReader(onNote);
  return [...reader.push(input), ...reader.end()];
}
