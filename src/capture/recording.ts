import type { Captured } from '../model/frame.ts';
import { RecordingReader } from '../recording/recording-reader.ts';

/**
 * A recording (docs/recordings.md), or several that were put together. Each frame has the via `recording` and keeps
 * its own in `recordedVia`. A last line that was cut off is a gap `truncated`; any other line that is no recording's
 * is `unframed`.
 */
export async function* captureRecording(
  input: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  onNote?: (note: string) => void,
): AsyncIterable<readonly Captured[]> {
  const reader = new RecordingReader(onNote);
  for await (const chunk of input) {
    const batch = reader.push(chunk);
    if (batch.length > 0) yield batch;
  }
  const last = reader.end();
  if (last.length > 0) yield last;
}

/** The same for a recording that is there already. */
export function captureRecordingSync(input: Uint8Array, onNote?: (note: string) => void): Captured[] {
  const reader = new RecordingReader(onNote);
  return [...reader.push(input), ...reader.end()];
}
