import { open } from 'node:fs/promises';
import { constants, gunzipSync } from 'node:zlib';
import { RECORDING_START } from './format.ts';

/** A header is far shorter. */
const PEEKED_BYTES = 16_384;

/** When the recording in a file was begun, ISO 8601; undefined where it is no recording, or that cannot be read. */
export async function peekStart(file: string): Promise<string | undefined> {
  const [line = ''] = (await peekText(file)).split('\n', 1);
  if (!line.startsWith(RECORDING_START)) return undefined;
  try {
    const { startedAt } = JSON.parse(line) as { readonly startedAt?: unknown };
    return typeof startedAt === 'string' ? startedAt : undefined;
  } catch {
    return undefined;
  }
}

async function peekText(file: string): Promise<string> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(PEEKED_BYTES), 0, PEEKED_BYTES, 0);
    const bytes = buffer.subarray(0, bytesRead);
    const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
    return (isGzip ? unpackStart(bytes) : bytes).toString('utf8');
  } finally {
    await handle.close();
  }
}

function unpackStart(bytes: Buffer): Buffer {
  try {
    return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: PEEKED_BYTES * 64 });
  } catch {
    return Buffer.alloc(0);
  }
}
