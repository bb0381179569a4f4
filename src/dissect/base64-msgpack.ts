import { DecodeError } from '../bytes/decode-error.ts';
import { decodeMsgpack } from '../bytes/msgpack.ts';
import type { Body } from '../model/message.ts';
import type { Refusal } from './view.ts';

/**
 * Reads msgpack that was stored as base64 text (@socket.io/redis-streams-adapter, `lib/adapter.ts`: entries with
 * binary, and sessions; written by @msgpack/msgpack 2.8). The offsets of the tree count in the decoded bytes, those
 * of a refusal in the text.
 */
export function readBase64Msgpack(text: Uint8Array, as: string): Body | Refusal {
  const name = `${as} in base64 of msgpack`;
  const bytes = decodeBase64(text);
  if (typeof bytes === 'number')
    return { as: name, why: `no base64 text from byte ${bytes} on`, code: 'bad-base64', offset: bytes };
  try {
    return { bytes, root: decodeMsgpack(bytes, 'modern'), wrapped: 'base64' };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const offset = placeInBase64(error.offset);
    return {
      as: name,
      why: `${error.message} (byte ${error.offset} of the msgpack)`,
      code: error.code,
      offset,
    };
  }
}

/** The character of a base64 text that holds the first bits of a byte of its content. */
export function placeInBase64(offset: number): number {
  return Math.floor((offset * 4) / 3);
}

/** The bytes, or the offset of the first character that canonical base64 does not have there. */
function decodeBase64(text: Uint8Array): Buffer | number {
  const letters = Buffer.from(text.buffer, text.byteOffset, text.byteLength).toString('latin1');
  const bytes = Buffer.from(letters, 'base64');
  const canonical = bytes.toString('base64');
  if (canonical === letters) return bytes;
  let at = 0;
  while (at < letters.length && letters[at] === canonical[at]) at++;
  return at;
}
