import type { Captured } from '../model/frame.ts';
import { RecordingReader, type RecordingReaderOptions } from '../recording/recording-reader.ts';
import { readLines, type ShortWays } from './short-ways.ts';

export type RecordingOptions = ShortWays & RecordingReaderOptions;

/**
 * A recording (docs/recordings.md), or several that were put together. Each frame has the via `recording` and keeps
 * its own in `recordedVia`. A last line that was cut off is a gap `truncated`; any other line that is no recording's
 * is `unframed`. What `glance` or `ahead` takes is not yielded.
 */
export function captureRecording(
  input: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: RecordingOptions = {},
): AsyncIterable<readonly Captured[]> {
  return readLines(new RecordingReader(options), input, options);
}

/** The same for a recording that is there already. */
export function captureRecordingSync(input: Uint8Array, options: RecordingReaderOptions = {}): Captured[] {
  const reader = new RecordingReader(options);
  return [...reader.push(input), ...reader.end()];
}
