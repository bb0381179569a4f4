import type { Captured } from '../../model/frame.ts';
import { readLines, type ShortWays } from '../short-ways.ts';
import type { TextOptions } from './text-context.ts';
import { TextReader } from './text-reader.ts';

/**
 * What somebody captured or pasted as text: `redis-cli monitor`, redis-cli's subscriptions in every mode, dumps of
 * payloads in the forms of src/bytes/dumps, the payload itself. The form is detected. Lines are read as they come,
 * so that captures of any length can be read. Of MONITOR lines, `glance` and `ahead` may take some: these are not yielded.
 *
 * A line or dump that cannot be framed is `unframed`: code `lost-bytes` where the form itself has lost bytes.
 * @throws {RangeError} when a text that must be read as a whole is too long
 */
export function captureText(
  input: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: TextOptions & ShortWays = {},
): AsyncIterable<readonly Captured[]> {
  return readLines(new TextReader(options), input, options);
}

/** The same for text that is there already. */
export function captureTextSync(input: Uint8Array, options: TextOptions = {}): Captured[] {
  const reader = new TextReader(options);
  return [...reader.push(input), ...reader.end()];
}
