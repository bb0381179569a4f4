import { Readable } from 'node:stream';
import { constants, createGunzip, gunzipSync, type ZlibOptions } from 'node:zlib';

const MAGIC = Buffer.from([0x1f, 0x8b, 0x08]);
const CHUNK_BYTES = 256 * 1024;
/** What is there of a file that was cut off or is still being written is read; nothing is thrown away for the rest. */
const OPTIONS: ZlibOptions = { finishFlush: constants.Z_SYNC_FLUSH, chunkSize: CHUNK_BYTES };

export function isGzip(head: Uint8Array): boolean {
  return MAGIC.equals(head.subarray(0, MAGIC.length));
}

/** No member of a gzip file begins with it: behind a whole file it is left alone, within a member it is taken for data. */
const PROBE = Buffer.of(0);
export const CUT_OFF = 'it ends in the middle';

/**
 * What a gzip input holds, up to where it is cut off, or not far from where it is damaged (zlib throws away up to a
 * chunk that it had made of the read in which it meets damage): then `onDamage` is told, and the input ends there.
 */
export async function* gunzip(
  input: AsyncIterable<Uint8Array>,
  onDamage: (why: string) => void,
): AsyncIterable<Uint8Array> {
  let givenBytes = 0;
  let yieldedBytes = 0;
  /** How much came out of the input itself; what the probe makes of it is nobody's. */
  let plainBytes = Number.POSITIVE_INFINITY;
  const source = Readable.from(input, { objectMode: false });
  const plain = createGunzip(OPTIONS);
  source.on('error', (error) => plain.destroy(error));
  source.on('data', (chunk: Buffer) => (givenBytes += chunk.length));
  source.on('end', () => {
    plain.flush(constants.Z_SYNC_FLUSH, () => {
      plainBytes = yieldedBytes + plain.readableLength;
      plain.end(PROBE);
    });
  });
  source.pipe(plain, { end: false });
  try {
    for await (const chunk of plain) {
      const bytes = (chunk as Buffer).subarray(0, plainBytes - yieldedBytes);
      yieldedBytes += bytes.length;
      if (bytes.length > 0) yield bytes;
    }
    if (plain.bytesWritten > givenBytes) onDamage(CUT_OFF);
  } catch (error) {
    if (!isDamage(error)) throw error;
    onDamage(plainBytes === Number.POSITIVE_INFINITY ? error.message : CUT_OFF);
  } finally {
    source.destroy();
    plain.destroy();
  }
}

/** What a gzip input that is there already holds, and why it ends early if it does. */
export interface Gunzipped {
  readonly plain: Buffer;
  readonly damage?: string;
}

/** The same for an input that is there already: what is there of it, and whether it is damaged or cut off. */
export function gunzipWhole(input: Uint8Array): Gunzipped {
  try {
    return { plain: gunzipSync(input, { chunkSize: CHUNK_BYTES }) };
  } catch (error) {
    if (!isDamage(error)) throw error;
    return { plain: gunzipSound(input), damage: isCutOff(error) ? CUT_OFF : error.message };
  }
}

/** The longest beginning that can be unpacked, found by halving: zlib throws away what it made of a damaged input. */
function gunzipSound(input: Uint8Array): Buffer {
  let plain = unpackBeginning(input);
  if (plain !== undefined) return plain;
  let sound = 0;
  for (let damaged = input.length; damaged - sound > 1;) {
    const middle = (sound + damaged) >> 1;
    const unpacked = unpackBeginning(input.subarray(0, middle));
    if (unpacked === undefined) damaged = middle;
    else sound = middle;
    plain = unpacked ?? plain;
  }
  return plain ?? Buffer.alloc(0);
}

function unpackBeginning(input: Uint8Array): Buffer | undefined {
  try {
    return gunzipSync(input, OPTIONS);
  } catch (error) {
    if (!isDamage(error)) throw error;
    return undefined;
  }
}

function isCutOff(error: Error): boolean {
  return (error as NodeJS.ErrnoException).code === 'Z_BUF_ERROR';
}

function isDamage(error: unknown): error is Error {
  return error instanceof Error && /^Z_(?:DATA|BUF)_ERROR$/.test((error as NodeJS.ErrnoException).code ?? '');
}
