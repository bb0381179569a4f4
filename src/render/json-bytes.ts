import type { ByteBlock } from '../bytes/byte-block.ts';
import { formatTime } from './json-lines.ts';

/**
 * JSON written as bytes, straight into memory that has room: what `quoteJson` and `String` answer, without texts in
 * between. Each function answers with the place behind what it wrote.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const DIGIT_0 = 0x30;
const MINUS = 0x2d;
const POINT = 0x2e;
/** A byte becomes six at most: `\u0000`; a false or a nil with its comma, too. */
export const MOST_PER_BYTE = 6;

/** 1 for the bytes that JSON writes as they are. */
const PLAIN = new Uint8Array(256).fill(1, 0x20, 0x7f);
PLAIN[QUOTE] = 0;
PLAIN[BACKSLASH] = 0;
/** Character → what follows the backslash, or 0 where only `\u` will do. */
const SHORT_ESCAPES = new Uint8Array(256);
for (const pair of ['""', '\\\\', '\bb', '\tt', '\nn', '\ff', '\rr'])
  SHORT_ESCAPES[pair.charCodeAt(0)] = pair.charCodeAt(1);
const HEX = Buffer.from('0123456789abcdef');

/** Texts are looked through by four bytes at a time; the memory that they are read from needs as many more at its end. */
export const STEP = 4;
const FILLERS = [0, 0x20202000 | 0, 0x20200000, 0x20000000];

/**
 * UTF-8 between two places as a JSON text, its quotes included; -1 where it is no UTF-8. Up to `STEP` bytes behind it
 * are overwritten.
 */
export function writeJsonText(
  source: ByteBlock,
  start: number,
  end: number,
  target: ByteBlock,
  to: number,
): number {
  let put = to;
  target.bytes[put++] = QUOTE;
  let at = start;
  while (at < end) {
    let four = source.view.getInt32(at, true);
    const left = end - at;
    if (left < STEP) four = (four & ((1 << (8 * left)) - 1)) | (FILLERS[left] ?? 0);
    if (isPlain(four)) {
      target.view.setInt32(put, four, true);
      put += left < STEP ? left : STEP;
      at += STEP;
      continue;
    }
    const byte = source.bytes[at] ?? 0;
    if (PLAIN[byte] === 1) {
      target.bytes[put++] = byte;
      at++;
    } else if (byte < 0x80) {
      put = writeEscape(byte, target.bytes, put);
      at++;
    } else {
      const length = characterLength(source.bytes, at, end);
      if (length === 0) return -1;
      put = writeCharacter(source.bytes, at, length, target.bytes, put);
      at += length;
    }
  }
  target.bytes[put++] = QUOTE;
  return put;
}

/**
 * Whether four bytes are all `PLAIN`: the highest bit of each lane is set where it is below 0x20 or a quote (their
 * second bit turned around, these are the ones below 0x21), a backslash, 0x7f, or 0x80 and above.
 */
function isPlain(four: number): boolean {
  const turned = four ^ 0x02020202;
  const slashed = four ^ 0x5c5c5c5c;
  const odd =
    ((turned - 0x21212121) & ~turned) | ((slashed - 0x01010101) & ~slashed) | (four + 0x01010101) | four;
  return (odd & 0x80808080) === 0;
}

function writeEscape(code: number, target: Uint8Array, to: number): number {
  const letter = SHORT_ESCAPES[code] ?? 0;
  target[to] = BACKSLASH;
  if (letter !== 0) {
    target[to + 1] = letter;
    return to + 2;
  }
  target[to + 1] = 0x75;
  for (let digit = 0; digit < 4; digit++) target[to + 2 + digit] = HEX[(code >> (12 - 4 * digit)) & 0xf] ?? 0;
  return to + 6;
}

/** A character of several bytes, escaped where the contract wants it: C1 and bidirectional controls. */
function writeCharacter(
  source: Uint8Array,
  at: number,
  length: number,
  target: Uint8Array,
  to: number,
): number {
  const code = length === 4 ? 0 : codeOf(source, at, length);
  if (isEscaped(code)) return writeEscape(code, target, to);
  for (let index = 0; index < length; index++) target[to + index] = source[at + index] ?? 0;
  return to + length;
}

function codeOf(source: Uint8Array, at: number, length: number): number {
  const second = (source[at + 1] ?? 0) & 0x3f;
  if (length === 2) return (((source[at] ?? 0) & 0x1f) << 6) | second;
  return (((source[at] ?? 0) & 0x0f) << 12) | (second << 6) | ((source[at + 2] ?? 0) & 0x3f);
}

/** As `ESCAPED` of json-value.ts. */
function isEscaped(code: number): boolean {
  if (code < 0x2000) return (code >= 0x80 && code <= 0x9f) || code === 0x61c;
  return (
    code === 0x200e ||
    code === 0x200f ||
    (code >= 0x202a && code <= 0x202e) ||
    (code >= 0x2066 && code <= 0x2069)
  );
}

/** The bytes of the well-formed UTF-8 character at `at` (Unicode 15, table 3-7), or 0. */
function characterLength(source: Uint8Array, at: number, end: number): number {
  const lead = source[at] ?? 0;
  const length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  if (length === 0 || at + length > end) return 0;
  const second = source[at + 1] ?? 0;
  const least = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const most = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (second < least || second > most) return 0;
  for (let index = 2; index < length; index++) if (((source[at + index] ?? 0) & 0xc0) !== 0x80) return 0;
  return length;
}

/** Above, integers are written in two halves: each is one that a processor divides quickly. */
const HALF = 1_000_000_000;
const HALF_DIGITS = 9;

/** A safe integer. */
export function writeInteger(value: number, target: Uint8Array, to: number): number {
  if (value >= 0) return writeNatural(value, target, to);
  target[to] = MINUS;
  return writeNatural(-value, target, to + 1);
}

function writeNatural(value: number, target: Uint8Array, to: number): number {
  if (value < HALF) return writePadded(value, digitsOf(value), target, to);
  const high = Math.floor(value / HALF);
  return writePadded(value - high * HALF, HALF_DIGITS, target, writeNatural(high, target, to));
}

function digitsOf(value: number): number {
  if (value < 10) return 1;
  if (value < 100) return 2;
  if (value < 1000) return 3;
  let digits = 4;
  for (let limit = 10_000; value >= limit; limit *= 10) digits++;
  return digits;
}

/** The last `digits` digits of a number below 2^31. */
function writePadded(value: number, digits: number, target: Uint8Array, to: number): number {
  let left = value | 0;
  for (let at = to + digits - 1; at >= to; at--) {
    const tenth = (left / 10) | 0;
    target[at] = DIGIT_0 + left - tenth * 10;
    left = tenth;
  }
  return to + digits;
}

/** Numbers below it with up to two decimals have fewer digits than a double tells apart: theirs are the shortest. */
const MOST_HUNDREDTHS = 1_000_000_000;

/** A finite double that is not -0, as `String` writes it. Prices are written without a text. */
export function writeDouble(value: number, target: Uint8Array, to: number): number {
  const hundredths = Math.round(value * 100);
  if (hundredths / 100 !== value || Math.abs(hundredths) > MOST_HUNDREDTHS)
    return writeLatin(String(value), target, to);
  const size = Math.abs(hundredths);
  const whole = (size / 100) | 0;
  const part = size - whole * 100;
  let put = to;
  if (value < 0) target[put++] = MINUS;
  put = writeNatural(whole, target, put);
  if (part === 0) return put;
  target[put++] = POINT;
  return part % 10 === 0 ? writePadded(part / 10, 1, target, put) : writePadded(part, 2, target, put);
}

/** A text of Latin-1 characters below 0x80, as it is. */
function writeLatin(text: string, target: Uint8Array, to: number): number {
  for (let at = 0; at < text.length; at++) target[to + at] = text.charCodeAt(at);
  return to + text.length;
}

const MICROS = 1_000_000;

/** Writes times as `formatTime` does; those of one second share all but their last digits. */
export class TimeWriter {
  #second = Number.NaN;
  #prefix: Uint8Array = new Uint8Array(0);

  /** Microseconds since 1970. */
  write(micros: number, target: Uint8Array, to: number): number {
    const second = Math.floor(micros / MICROS);
    const rest = micros - second * MICROS;
    if (!Number.isSafeInteger(micros) || micros < 0) return writeLatin(formatTime(micros), target, to);
    if (second !== this.#second) {
      this.#second = second;
      this.#prefix = Buffer.from(formatTime(second * MICROS).slice(0, -7));
    }
    const prefix = this.#prefix;
    for (let at = 0; at < prefix.length; at++) target[to + at] = prefix[at] ?? 0;
    const put = writePadded(rest, 6, target, to + prefix.length);
    target[put] = 0x5a;
    return put + 1;
  }
}
