import type { Captured } from '../model/frame.ts';
import { isRecording } from '../recording/recording-reader.ts';
import { gunzip, gunzipWhole, isGzip } from './gunzip.ts';
import { captureRecording, captureRecordingSync } from './recording.ts';
import { captureText, captureTextSync } from './text/capture-text.ts';
import type { TextOptions } from './text/text-context.ts';

/** Enough to tell every form that is known by its first bytes. */
const HEAD_BYTES = 64;

/**
 * An input that has an end, whatever it is: our recordings, gzip of anything, and what somebody captured or pasted as
 * text (`captureText`). What it is written in is found out by its first bytes.
 * @throws {RangeError} when a text that must be read as a whole is too long
 */
export async function* captureInput(
  input: AsyncIterable<Uint8Array>,
  options: TextOptions = {},
): AsyncIterable<readonly Captured[]> {
  const { head, chunks } = await peek(input);
  if (isGzip(head)) {
    let damage: string | undefined;
    const plain = gunzip(chunks, (why) => {
      damage = why;
    });
    yield* captureInput(plain, options);
    if (damage === undefined) return;
    options.onNote?.(`the gzip data is damaged (${damage}): read up to there`);
    yield [TRUNCATED];
  } else if (isRecording(head)) {
    yield* captureRecording(chunks, options.onNote);
  } else {
    yield* captureText(chunks, options);
  }
}

/** The same for an input that is there already. */
export function captureInputSync(input: Uint8Array, options: TextOptions = {}): Captured[] {
  if (isRecording(input)) return captureRecordingSync(input, options.onNote);
  const plain = isGzip(input) ? gunzipWhole(input) : undefined;
  return plain === undefined ? captureTextSync(input, options) : captureInputSync(plain, options);
}

const TRUNCATED: Captured = { is: 'gap', gap: { via: 'recording', reason: 'truncated' } };

/** The first bytes of an input, and the whole of it. */
async function peek(
  input: AsyncIterable<Uint8Array>,
): Promise<{ readonly head: Buffer; readonly chunks: AsyncIterable<Uint8Array> }> {
  const iterator = input[Symbol.asyncIterator]();
  const first: Uint8Array[] = [];
  let bytes = 0;
  while (bytes < HEAD_BYTES) {
    const next = await iterator.next();
    if (next.done === true) break;
    first.push(next.value);
    bytes += next.value.length;
  }
  return { head: Buffer.concat(first).subarray(0, HEAD_BYTES), chunks: rejoin(first, iterator) };
}

async function* rejoin(
  first: readonly Uint8Array[],
  iterator: AsyncIterator<Uint8Array>,
): AsyncIterable<Uint8Array> {
  try {
    yield* first;
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
  } finally {
    await iterator.return?.();
  }
}
