import { isUtf8 } from 'node:buffer';
import type { Span, StrValue } from '../model/value.ts';
import { DecodeError } from './decode-error.ts';

/** Longer integers are refused: writing them out in decimal takes quadratic time. */
const MAX_INTEGER_BYTES = 40_000;
const MAX_INTEGER_DIGITS = 100_000;

/** Text in UTF-8 with lone surrogates allowed (`surrogatepass`, CPython `Modules/_pickle.c`). */
export function readUtf8(bytes: Buffer, span: Span): StrValue {
  const { offset, length } = span;
  if (isUtf8(bytes)) return { type: 'str', offset, length, value: bytes.toString('utf8') };
  const passed = passSurrogates(bytes);
  if (passed !== undefined) return { type: 'str', offset, length, value: passed };
  return { type: 'str', offset, length, value: bytes.toString('utf8'), bytes };
}

/** Undefined where something else than surrogates is wrong. `ed a0 80` to `ed bf bf` are the 2048 surrogates. */
function passSurrogates(bytes: Buffer): string | undefined {
  const parts: string[] = [];
  let from = 0;
  for (let at = bytes.indexOf(0xed); at !== -1; at = bytes.indexOf(0xed, at + 1)) {
    const second = bytes[at + 1] ?? 0;
    const third = bytes[at + 2] ?? 0;
    if (at < from || second < 0xa0 || second > 0xbf || third < 0x80 || third > 0xbf) continue;
    const before = bytes.subarray(from, at);
    if (!isUtf8(before)) return undefined;
    parts.push(before.toString('utf8'));
    parts.push(String.fromCharCode(0xd000 | ((second & 0x3f) << 6) | (third & 0x3f)));
    from = at + 3;
  }
  const rest = bytes.subarray(from);
  if (from === 0 || !isUtf8(rest)) return undefined;
  return parts.join('') + rest.toString('utf8');
}

/** The line of UNICODE: latin-1 with `\uXXXX` and `\UXXXXXXXX` after an odd number of backslashes. */
export function readRawUnicodeEscape(line: Buffer, offset: number): string {
  return line
    .toString('latin1')
    .replace(
      /(?<!\\)((?:\\\\)*)\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/g,
      (_, slashes: string, short?: string, long?: string) => {
        const code = Number.parseInt(short ?? long ?? '', 16);
        if (code > 0x10ffff)
          throw new DecodeError('bad-syntax', `there is no character U+${code.toString(16)}`, offset);
        return slashes + String.fromCodePoint(code);
      },
    );
}

/** The line of STRING: a Python 2 `repr` in quotes. Its characters are bytes. */
export function readQuotedString(line: Buffer, offset: number): Buffer {
  const text = line.toString('latin1').trim();
  const quote = text[0];
  if (text.length < 2 || (quote !== '"' && quote !== "'") || !text.endsWith(quote)) {
    throw new DecodeError('bad-syntax', 'the string is not in quotes', offset);
  }
  const plain = text.slice(1, -1).replace(/\\(?:x([0-9a-fA-F]{2})|([0-7]{1,3})|(.))/gs, unescapeByte);
  return Buffer.from(plain, 'latin1');
}

function unescapeByte(all: string, hex?: string, octal?: string, letter?: string): string {
  if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
  if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff);
  return LETTERS.get(letter ?? '') ?? all;
}

const LETTERS: ReadonlyMap<string, string> = new Map([
  ['\\', '\\'],
  ["'", "'"],
  ['"', '"'],
  ['a', '\x07'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
]);

/** Digits as INT and LONG write them, the `L` of LONG already taken off. */
export function readDecimal(text: string, offset: number): number | bigint {
  if (text.length > MAX_INTEGER_DIGITS)
    throw new DecodeError('too-large', `an integer of ${text.length} digits`, offset);
  if (!/^[+-]?\d+$/.test(text))
    throw new DecodeError('bad-syntax', `"${text.slice(0, 20)}" is no integer`, offset);
  const value = Number(text) + 0;
  return Number.isSafeInteger(value) ? value : BigInt(text.replace('+', ''));
}

/** Little-endian two's complement of any length, as LONG1 and LONG4 write it; no bytes are 0. */
export function readLong(bytes: Buffer, offset: number): number | bigint {
  if (bytes.length > MAX_INTEGER_BYTES)
    throw new DecodeError('too-large', `an integer of ${bytes.length} bytes`, offset);
  if (bytes.length === 0) return 0;
  if (bytes.length <= 6) return bytes.readIntLE(0, bytes.length);
  const value = BigInt.asIntN(bytes.length * 8, BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`));
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Digits as FLOAT writes them: Python's `repr` of a float. */
export function readFloat(text: string, offset: number): number {
  const word = text.trim().toLowerCase();
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/.test(word)) return Number(word);
  const special = SPECIAL_FLOATS.get(word.replace('+', ''));
  if (special === undefined)
    throw new DecodeError('bad-syntax', `"${text.slice(0, 20)}" is no float`, offset);
  return special;
}

const SPECIAL_FLOATS: ReadonlyMap<string, number> = new Map([
  ['inf', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
  ['nan', Number.NaN],
  ['-nan', Number.NaN],
]);
