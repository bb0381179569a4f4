import type { Captured } from '../model/frame.ts';
import type { Glance } from '../recording/glance.ts';
import { RecordingReader } from '../recording/recording-reader.ts';

/**
 * A recording (docs/recordings.md), or several that were put together. Each frame has the via `recording` and keeps
 * its own in `recordedVia`. A last line that was cut off is a gap `truncated`; any other line that is no recording's
 * is `unframed`. What `glance` takes is not yielded.
 */
export async function* captureRecording(
  input: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  onNote?: (note: string) => void,
  glance?: Glance,
): AsyncIterable<readonly Captured[]> {
  const reader = new RecordingReader(onNote);
  for await (const chunk of input) {
    for (const batch of reader.batches(chunk, glance))
      if (batch.length > 0 || glance !== undefined) yield batch;
  }
  const last = reader.end();
  if (last.length > 0) yield last;
}

/** The same for a recording that is there already. */
export function captureRecordingSync(input: Uint8Array, onNote?: (note: string) => void): Captured[] {
  const reader = new RecordingReader(onNote);
  return [...reader.push(input), ...reader.end()];
}
