import type { ByteBlock } from './byte-block.ts';

const ALPHABET = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
const PAD = 0x3d;

/** Two characters, the first in the higher byte → the twelve bits that they stand for; -1 for what is no base64. */
const PAIRS = new Int16Array(0x10000).fill(-1);
for (const [high, first] of ALPHABET.entries()) {
  for (const [low, second] of ALPHABET.entries()) PAIRS[(first << 8) | second] = (high << 6) | low;
}

/** How many characters `lengthBytes` bytes take, padding included. */
export function base64Length(lengthBytes: number): number {
  return Math.ceil(lengthBytes / 3) * 4;
}

/**
 * Decodes padded base64 that stands at `start` of `text` into the first `lengthBytes` bytes of `target`, where one
 * byte more may be overwritten. Both must be long enough. False when the characters are no base64 of so many bytes;
 * `target` then holds nothing useful.
 *
 * Node decodes texts only: to make one of bytes first costs more than all of this.
 */
export function decodeBase64(text: DataView, start: number, target: ByteBlock, lengthBytes: number): boolean {
  const { view } = target;
  const rest = lengthBytes % 3;
  const end = lengthBytes - rest;
  let at = start;
  let all = 0;
  for (let to = 0; to < end; to += 3, at += 4) {
    const four = text.getInt32(at);
    const group = ((PAIRS[four >>> 16] ?? -1) << 12) | (PAIRS[four & 0xffff] ?? -1);
    all |= group;
    view.setInt32(to, group << 8);
  }
  if (rest === 0 || all < 0) return all >= 0;
  const first = PAIRS[text.getUint16(at)] ?? -1;
  const third = text.getUint8(at + 2);
  if (text.getUint8(at + 3) !== PAD || (rest === 1) !== (third === PAD)) return false;
  // The third character for two bytes, the letter for nothing in its place for one.
  const second = PAIRS[((rest === 1 ? (ALPHABET[0] ?? 0) : third) << 8) | (ALPHABET[0] ?? 0)] ?? -1;
  const group = (first << 12) | second;
  view.setUint8(end, group >> 16);
  if (rest === 2) view.setUint8(end + 1, group >> 8);
  return group >= 0;
}
