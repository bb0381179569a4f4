import type { DateValue, ExtValue, Span, Value } from '../model/value.ts';

/** Beyond this JavaScript has no dates (ECMAScript, "Time Values": ±8.64e15 ms). */
const MAX_DATE_SECONDS = 8.64e12;
const NANOS_PER_SECOND = 1_000_000_000;

/** Names of the extension codes of msgpack-lite 0.1.26 (`lib/ext-packer.js`); starred there: the body is msgpack. */
const MSGPACK_LITE_INNER: ReadonlyMap<number, string> = new Map([
  [0x01, 'EvalError'],
  [0x02, 'RangeError'],
  [0x03, 'ReferenceError'],
  [0x04, 'SyntaxError'],
  [0x05, 'TypeError'],
  [0x06, 'URIError'],
  [0x0a, 'RegExp'],
  [0x0b, 'Boolean'],
  [0x0c, 'String'],
  [0x0e, 'Error'],
  [0x0f, 'Number'],
]);

const MSGPACK_LITE_NUMBERS: ReadonlyMap<number, string> = new Map([
  [0x11, 'Int8Array'],
  [0x13, 'Int16Array'],
  [0x14, 'Uint16Array'],
  [0x15, 'Int32Array'],
  [0x16, 'Uint32Array'],
  [0x17, 'Float32Array'],
  [0x18, 'Float64Array'],
]);

/** Uint8Array, Uint8ClampedArray, ArrayBuffer, Buffer, DataView: plain bytes. */
const MSGPACK_LITE_BYTES: ReadonlySet<number> = new Set([0x12, 0x19, 0x1a, 0x1b, 0x1d]);
const MSGPACK_LITE_DATE = 0x0d;
const TIMESTAMP = -1;
const NOTEPACK = 0;

/**
 * Gives an extension the meaning that the libraries of the Node adapters give it.
 *
 * Code −1 is the specification's timestamp. Code 0 is notepack.io 1.x and 2.x (`lib/encode.js`): one zero byte is
 * undefined, eight bytes are a date, and a length that is written out is an ArrayBuffer. The rest is msgpack-lite.
 * Anything else, also a known code with an impossible body, stays a plain extension.
 */
export function readExtension(
  span: Span,
  code: number,
  bytes: Buffer,
  inner: () => Value | undefined,
): Value {
  if (code === TIMESTAMP) return readTimestamp(span, bytes) ?? plain(span, code, bytes);
  if (code === NOTEPACK) return readNotepack(span, bytes);
  if (MSGPACK_LITE_BYTES.has(code)) return { ...span, type: 'bin', bytes };
  if (code === MSGPACK_LITE_DATE) return readMsgpackLiteDate(span, bytes, inner);
  const name = MSGPACK_LITE_INNER.get(code);
  const body = name === undefined ? undefined : inner();
  if (name !== undefined && body !== undefined) return { ...plain(span, code, bytes), name, inner: body };
  const numbers = MSGPACK_LITE_NUMBERS.get(code);
  return numbers === undefined ? plain(span, code, bytes) : { ...plain(span, code, bytes), name: numbers };
}

function readTimestamp(span: Span, bytes: Buffer): Value | undefined {
  switch (bytes.length) {
    case 4:
      return date(span, TIMESTAMP, bytes, bytes.readUInt32BE(0), 0);
    case 8: {
      const both = bytes.readBigUInt64BE(0);
      return date(span, TIMESTAMP, bytes, Number(both & 0x3_ffff_ffffn), Number(both >> 34n));
    }
    case 12:
      return date(span, TIMESTAMP, bytes, Number(bytes.readBigInt64BE(4)), bytes.readUInt32BE(0));
    default:
      return undefined;
  }
}

function readNotepack(span: Span, bytes: Buffer): Value {
  const headerBytes = span.length - bytes.length;
  const isFixext = headerBytes === 2;
  if (isFixext && bytes.length === 1 && bytes[0] === 0) return { ...span, type: 'undefined' };
  if (isFixext && bytes.length === 8) {
    const ms = bytes.readBigInt64BE(0);
    return fromMilliseconds(span, NOTEPACK, bytes, Number(ms)) ?? plain(span, NOTEPACK, bytes);
  }
  return isFixext ? plain(span, NOTEPACK, bytes) : { ...span, type: 'bin', bytes };
}

function readMsgpackLiteDate(span: Span, bytes: Buffer, inner: () => Value | undefined): Value {
  const ms = inner();
  if (ms?.type !== 'int' && ms?.type !== 'float') return plain(span, MSGPACK_LITE_DATE, bytes);
  const value = Number(ms.value);
  if (Number.isNaN(value)) {
    return { ...span, type: 'date', seconds: Number.NaN, nanos: 0, code: MSGPACK_LITE_DATE, bytes };
  }
  return fromMilliseconds(span, MSGPACK_LITE_DATE, bytes, value) ?? plain(span, MSGPACK_LITE_DATE, bytes);
}

function fromMilliseconds(span: Span, code: number, bytes: Buffer, ms: number): Value | undefined {
  if (!Number.isInteger(ms)) return undefined;
  const seconds = Math.floor(ms / 1000);
  return date(span, code, bytes, seconds, (ms - seconds * 1000) * 1_000_000);
}

/** A date that JavaScript cannot hold stays an extension, so that nothing is rounded (output contract §1). */
function date(span: Span, code: number, bytes: Buffer, seconds: number, nanos: number): Value {
  const isBeyond = Math.abs(seconds) > MAX_DATE_SECONDS || (seconds === MAX_DATE_SECONDS && nanos > 0);
  if (nanos >= NANOS_PER_SECOND || isBeyond) return plain(span, code, bytes);
  const value: DateValue = { ...span, type: 'date', seconds, nanos, code, bytes };
  return value;
}

function plain(span: Span, code: number, bytes: Buffer): ExtValue {
  return { ...span, type: 'ext', code, bytes };
}
