import type { Captured } from '../model/frame.ts';
import { CUT_OFF, gunzip, gunzipWhole, isGzip } from './gunzip.ts';
import { INPUT_KINDS, type InputKind, type InputOptions } from './input-kinds.ts';

/** Enough to tell every form that is known by its first bytes. */
const HEAD_BYTES = 64;
/** gzip in gzip happens; some files hold themselves. */
const MAX_WRAPPINGS = 4;

/**
 * An input that has an end, whatever it is: one of `INPUT_KINDS`, or gzip of one. What it is written in is found out
 * by its first bytes.
 * @throws {RangeError} when a text that must be read as a whole is too long
 */
export async function* captureInput(
  input: AsyncIterable<Uint8Array>,
  options: InputOptions = {},
  wrappings = 0,
): AsyncIterable<readonly Captured[]> {
  const { head, chunks } = await peek(input);
  if (isGzip(head) && wrappings < MAX_WRAPPINGS) {
    let damage: string | undefined;
    const plain = gunzip(chunks, (why) => {
      damage = why;
    });
    let last: Captured | undefined;
    for await (const batch of captureInput(plain, options, wrappings + 1)) {
      last = batch.at(-1) ?? last;
      yield batch;
    }
    if (damage === undefined) return;
    options.onNote?.(describeDamage(damage));
    if (!isTorn(last)) yield [TRUNCATED];
  } else {
    yield* kindOf(head).capture(chunks, options);
  }
}

/** The same for an input that is there already. */
export function captureInputSync(input: Uint8Array, options: InputOptions = {}, wrappings = 0): Captured[] {
  if (isGzip(input) && wrappings < MAX_WRAPPINGS) {
    const { plain, damage } = gunzipWhole(input);
    const captured = captureInputSync(plain, options, wrappings + 1);
    if (damage === undefined) return captured;
    options.onNote?.(describeDamage(damage));
    return isTorn(captured.at(-1)) ? captured : [...captured, TRUNCATED];
  }
  const head = Buffer.from(input.buffer, input.byteOffset, Math.min(input.byteLength, HEAD_BYTES));
  return kindOf(head).captureSync(input, options);
}

function kindOf(head: Buffer): InputKind {
  const kind = INPUT_KINDS.find((candidate) => candidate.test(head));
  if (kind === undefined) throw new TypeError('Text takes what no other kind of input takes.');
  return kind;
}

function describeDamage(why: string): string {
  const how = why === CUT_OFF ? 'read up to there' : 'read up to there, or up to 256 kB of its content less';
  return `the gzip data is damaged (${why}): ${how}`;
}

/** Whether what is within has said itself that it ends too early: one hole is one gap. */
function isTorn(last: Captured | undefined): boolean {
  return last?.is === 'gap' && last.gap.reason === 'truncated' && last.gap.recordedVia === undefined;
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
