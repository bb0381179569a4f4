import type { Span } from '../model/value.ts';
import { BIG_NUMBER, BOOLEAN, DOUBLE, ERROR, INTEGER, NULL, SIMPLE } from './resp-types.ts';
import { RespError, type RespErrorCode, type RespValue } from './resp-value.ts';

const LETTER_T = 0x74;
const LETTER_F = 0x66;
const MINUS = 0x2d;
const PLUS = 0x2b;
/** More digits than this may not be a safe integer. */
const SAFE_DIGITS = 15;
const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

/** A decimal integer of 64 bits in `bytes[from…to)`, or undefined when something else stands there. */
export function parseInteger(bytes: Buffer, from: number, to: number): number | bigint | undefined {
  let at = from;
  const sign = bytes[at];
  if (sign === MINUS || sign === PLUS) at++;
  const digits = to - at;
  if (digits <= 0) return undefined;
  let value = 0;
  for (; at < to; at++) {
    const digit = (bytes[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  if (digits > SAFE_DIGITS) return parseLong(latin1(bytes, from, to));
  return sign === MINUS && value !== 0 ? -value : value;
}

/**
 * The value on one line, whose content is `line[from…to)`: all types but those with a length.
 * Throws RespError with `offset`, the place of the value in the stream.
 */
export function readScalar(
  type: number,
  line: Buffer,
  from: number,
  to: number,
  { offset, length }: Span,
): RespValue {
  const fail = (code: RespErrorCode, message: string): never => {
    throw new RespError(code, message, offset);
  };
  switch (type) {
    case SIMPLE:
      return { type: 'simple', bytes: line.subarray(from, to), offset, length };
    case ERROR:
      return { type: 'error', bytes: line.subarray(from, to), offset, length };
    case INTEGER: {
      const value = parseInteger(line, from, to) ?? fail('bad-number', 'invalid integer');
      return { type: 'integer', value, offset, length };
    }
    case DOUBLE: {
      const value = parseDouble(line, from, to) ?? fail('bad-number', 'invalid double');
      return { type: 'double', value, offset, length };
    }
    case BIG_NUMBER: {
      const value = parseBigNumber(line, from, to) ?? fail('bad-number', 'invalid big number');
      return { type: 'bignumber', value, offset, length };
    }
    case BOOLEAN: {
      const letter = to - from === 1 ? line[from] : undefined;
      if (letter !== LETTER_T && letter !== LETTER_F) fail('bad-number', 'invalid boolean');
      return { type: 'boolean', value: letter === LETTER_T, offset, length };
    }
    case NULL:
      if (from !== to) fail('bad-number', 'invalid null');
      return { type: 'null', offset, length };
    default:
      return fail('unknown-type', `no type starts with byte 0x${type.toString(16).padStart(2, '0')}`);
  }
}

/** `inf`, `-inf`, `nan` or a decimal with fraction and exponent, as RESP3 writes doubles. */
function parseDouble(bytes: Buffer, from: number, to: number): number | undefined {
  const text = latin1(bytes, from, to);
  if (/^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text)) return Number(text);
  if (/^\+?inf$/i.test(text)) return Number.POSITIVE_INFINITY;
  if (/^-inf$/i.test(text)) return Number.NEGATIVE_INFINITY;
  return /^-?nan$/i.test(text) ? Number.NaN : undefined;
}

function parseBigNumber(bytes: Buffer, from: number, to: number): bigint | undefined {
  const text = latin1(bytes, from, to);
  return /^[+-]?\d+$/.test(text) ? toBigInt(text) : undefined;
}

function parseLong(text: string): number | bigint | undefined {
  const value = toBigInt(text);
  if (value > INT64_MAX || value < INT64_MIN) return undefined;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function toBigInt(text: string): bigint {
  return text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text.startsWith('+') ? text.slice(1) : text);
}

function latin1(bytes: Buffer, from: number, to: number): string {
  return bytes.toString('latin1', from, to);
}
