/**
 * Redis' quoting of bytes as printable ASCII: what MONITOR, redis-cli and SLOWLOG print.
 *
 * Written by `sdscatrepr` (Redis 7.0, src/sds.c): `\\ \" \n \r \t \a \b`, and `\xHH` with lower-case digits for
 * every other byte outside 0x20..0x7e. Dragonfly writes `\'` too. Nothing is lost in it.
 */
import type { ByteBlock } from './byte-block.ts';
import { DecodeError } from './decode-error.ts';

/** An argument read from its quoted form. */
export interface Quoted {
  /** The bytes that were quoted: a copy, never a view of the text. */
  readonly bytes: Uint8Array;
  /** Byte of the text after the closing quote. */
  readonly next: number;
  /** Where the first escape stands that Redis does not write; such escapes are kept as they are. */
  readonly unknownEscapeAt?: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LETTER_X = 0x78;

/** Character after a backslash → byte, or -1. */
const SHORT_ESCAPES = new Int16Array(256).fill(-1);
/** Byte → its quoted form. */
const QUOTED: string[] = [];
/** Character of a hexadecimal digit → its value, or -1. */
const HEX_DIGITS = new Int8Array(256).fill(-1);

for (let byte = 0; byte < 256; byte++) {
  const printable = byte >= 0x20 && byte <= 0x7e;
  QUOTED.push(printable ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`);
}
for (const [letter, byte] of [
  ['\\', 0x5c],
  ['"', 0x22],
  ['n', 0x0a],
  ['r', 0x0d],
  ['t', 0x09],
  ['a', 0x07],
  ['b', 0x08],
] as const) {
  SHORT_ESCAPES[letter.charCodeAt(0)] = byte;
  QUOTED[byte] = `\\${letter}`;
}
SHORT_ESCAPES[0x27] = 0x27;
for (let value = 0; value < 16; value++) {
  const digit = value.toString(16);
  HEX_DIGITS[digit.charCodeAt(0)] = value;
  HEX_DIGITS[digit.toUpperCase().charCodeAt(0)] = value;
}

/** Quotes bytes exactly as Redis 7 prints them, quotes included. */
export function quoteBytes(bytes: Uint8Array): string {
  let text = '"';
  for (const byte of bytes) text += QUOTED[byte] ?? '';
  return `${text}"`;
}

/**
 * Reads one quoted argument; `text[offset]` must be its opening quote.
 *
 * Linear in the length of the argument, and allocates exactly what it yields.
 * @throws {DecodeError} `bad-syntax` without an opening quote, `truncated` (at the opening quote) without a closing one
 */
export function readQuoted(text: Uint8Array, offset: number): Quoted {
  if (text[offset] !== QUOTE) throw new DecodeError('bad-syntax', 'a double quote was expected', offset);
  const start = offset + 1;
  let shrink = 0;
  let end = start;
  for (; text[end] !== QUOTE; end++) {
    if (end >= text.length) throw endless(offset);
    if (text[end] !== BACKSLASH) continue;
    const width = escapeWidth(text, end);
    if (width === 0) {
      // A backslash that Redis would not have written; whatever follows it cannot be a quote.
      if (end + 1 >= text.length) throw endless(offset);
      continue;
    }
    shrink += width - 1;
    end += width - 1;
  }
  const bytes = Buffer.allocUnsafe(end - start - shrink);
  if (shrink === 0 && !text.subarray(start, end).includes(BACKSLASH)) {
    bytes.set(text.subarray(start, end));
    return { bytes, next: end + 1 };
  }
  const unknownEscapeAt = unescapeInto(bytes, text, start);
  return unknownEscapeAt === -1 ? { bytes, next: end + 1 } : { bytes, next: end + 1, unknownEscapeAt };
}

/**
 * Reads the rest of a quoted argument, from behind its opening quote on, into `target`, which has room for as many bytes
 * as `text` goes on. Answers with the place of its closing quote, or with -1 where there is none, or anything that Redis
 * does not write.
 */
export function unescapeQuoted(text: Uint8Array, start: number, target: ByteBlock): number {
  const { bytes } = target;
  let to = 0;
  let at = start;
  for (;;) {
    const byte = text[at] ?? 0;
    if (byte === QUOTE) break;
    if (byte < 0x20 || byte > 0x7e) return -1;
    if (byte !== BACKSLASH) {
      bytes[to++] = byte;
      at++;
      continue;
    }
    const letter = text[at + 1] ?? 0;
    const value =
      letter === LETTER_X
        ? ((HEX_DIGITS[text[at + 2] ?? 0] ?? -1) << 4) | (HEX_DIGITS[text[at + 3] ?? 0] ?? -1)
        : (SHORT_ESCAPES[letter] ?? -1);
    if (value < 0) return -1;
    bytes[to++] = value;
    at += letter === LETTER_X ? 4 : 2;
  }
  target.used = to;
  return at;
}

/** Fills `bytes` from the escaped text at `start`; says where the first unknown escape stands, or -1. */
function unescapeInto(bytes: Uint8Array, text: Uint8Array, start: number): number {
  let unknownEscapeAt = -1;
  let at = start;
  for (let i = 0; i < bytes.length; i++) {
    const byte = text[at] ?? 0;
    if (byte !== BACKSLASH) {
      bytes[i] = byte;
      at++;
      continue;
    }
    const width = escapeWidth(text, at);
    if (width === 4) {
      bytes[i] = ((HEX_DIGITS[text[at + 2] ?? 0] ?? 0) << 4) | (HEX_DIGITS[text[at + 3] ?? 0] ?? 0);
    } else if (width === 2) {
      bytes[i] = SHORT_ESCAPES[text[at + 1] ?? 0] ?? 0;
    } else {
      bytes[i] = BACKSLASH;
      if (unknownEscapeAt === -1) unknownEscapeAt = at;
    }
    at += width === 0 ? 1 : width;
  }
  return unknownEscapeAt;
}

/** Characters of the escape at `at` (2 or 4), or 0 when Redis writes no such escape. */
function escapeWidth(text: Uint8Array, at: number): 0 | 2 | 4 {
  const letter = text[at + 1] ?? 0;
  if (letter !== LETTER_X) return (SHORT_ESCAPES[letter] ?? -1) === -1 ? 0 : 2;
  const isHex = (HEX_DIGITS[text[at + 2] ?? 0] ?? -1) >= 0 && (HEX_DIGITS[text[at + 3] ?? 0] ?? -1) >= 0;
  return isHex ? 4 : 0;
}

function endless(offset: number): DecodeError {
  return new DecodeError('truncated', 'the closing double quote is missing', offset);
}
