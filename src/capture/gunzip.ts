import { Readable } from 'node:stream';
import { constants, createGunzip, gunzipSync, type ZlibOptions } from 'node:zlib';

const MAGIC = Buffer.from([0x1f, 0x8b, 0x08]);
/** What is there of a file that was cut off or is still being written is read; nothing is thrown away for the rest. */
const OPTIONS: ZlibOptions = { finishFlush: constants.Z_SYNC_FLUSH, chunkSize: 256 * 1024 };

export function isGzip(head: Uint8Array): boolean {
  return MAGIC.equals(head.subarray(0, MAGIC.length));
}

/** What a gzip input holds, up to where it is damaged: then `onDamage` is told, and the input ends there. */
export async function* gunzip(
  input: AsyncIterable<Uint8Array>,
  onDamage: (why: string) => void,
): AsyncIterable<Uint8Array> {
  const source = Readable.from(input, { objectMode: false });
  const plain = createGunzip(OPTIONS);
  source.on('error', (error) => plain.destroy(error));
  source.pipe(plain);
  try {
    for await (const chunk of plain) yield chunk as Buffer;
  } catch (error) {
    if (!isDamage(error)) throw error;
    onDamage(error.message);
  } finally {
    source.destroy();
    plain.destroy();
  }
}

/** The same for an input that is there already: undefined where it is damaged. */
export function gunzipWhole(input: Uint8Array): Buffer | undefined {
  try {
    return gunzipSync(input, OPTIONS);
  } catch (error) {
    if (!isDamage(error)) throw error;
    return undefined;
  }
}

function isDamage(error: unknown): error is Error {
  return error instanceof Error && /^Z_(?:DATA|BUF)_ERROR$/.test((error as NodeJS.ErrnoException).code ?? '');
}
