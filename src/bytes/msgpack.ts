import { isUtf8 } from 'node:buffer';
import { MAX_DEPTH, MAX_VALUES, type MapEntry, type Value } from '../model/value.ts';
import { asBuffer, DecodeError, describeByte, leftOver } from './decode-error.ts';
import { readExtension } from './msgpack-extensions.ts';
import { ShortTexts } from './short-texts.ts';

/**
 * How the codes that changed meaning are read. `modern` is the current specification; `msgpack-js` is
 * msgpack-js 0.3.0 (`msgpack.js`): strings and buffers of the old "raw" era, `c4` undefined, `d8` buffer with a
 * 16-bit length, `d9` buffer with a 32-bit length, no str8, no bin, no extensions, no 64-bit integers.
 */
export type MsgpackDialect = 'modern' | 'msgpack-js';

/**
 * Decodes one value that fills `bytes` exactly.
 * @throws {DecodeError} when bytes are missing, left over, of no known type, or nested too deep.
 */
export function decodeMsgpack(bytes: Uint8Array, dialect: MsgpackDialect = 'modern'): Value {
  const value = readMsgpack(bytes, 0, dialect);
  if (value.length < bytes.length) throw leftOver(bytes, value.length, 'the value');
  return value;
}

/** Reads the one value that starts at `offset`; what follows it is not looked at. */
export function readMsgpack(bytes: Uint8Array, offset = 0, dialect: MsgpackDialect = 'modern'): Value {
  return new MsgpackReader(asBuffer(bytes), dialect).readAt(offset);
}

/** The bytes that mean different things in the two dialects; a payload without them needs one reading only. */
export function hasDialectBytes(bytes: Uint8Array): boolean {
  return bytes.includes(0xc4) || bytes.includes(0xd8) || bytes.includes(0xd9);
}

/** Shared by all that are empty: a payload may hold a million of them. */
const NO_ITEMS: Value[] = [];
const NO_ENTRIES: MapEntry[] = [];

const shortTexts = new ShortTexts();

class MsgpackReader {
  readonly #bytes: Buffer;
  readonly #modern: boolean;
  #position = 0;
  #depth: number;
  #values = 0;

  constructor(bytes: Buffer, dialect: MsgpackDialect, depth = 0) {
    this.#bytes = bytes;
    this.#modern = dialect === 'modern';
    this.#depth = depth;
  }

  readAt(offset: number): Value {
    this.#position = offset;
    return this.#read();
  }

  #read(): Value {
    const offset = this.#position;
    const lead = this.#bytes[offset];
    if (++this.#values > MAX_VALUES) {
      throw new DecodeError('too-large', `holds more than ${MAX_VALUES} values`, offset);
    }
    if (lead === undefined)
      throw new DecodeError('truncated', 'the bytes end where a value should start', offset);
    this.#position = offset + 1;
    if (lead < 0x80) return { type: 'int', offset, length: 1, value: lead };
    if (lead < 0x90) return this.#map(offset, lead & 0b1111);
    if (lead < 0xa0) return this.#array(offset, lead & 0b1111);
    if (lead < 0xc0) return this.#string(offset, lead & 0b11111);
    if (lead >= 0xe0) return { type: 'int', offset, length: 1, value: lead - 0x100 };
    return this.#tagged(offset, lead);
  }

  #tagged(offset: number, lead: number): Value {
    switch (lead) {
      case 0xc0:
        return { type: 'nil', offset, length: 1 };
      case 0xc2:
        return { type: 'bool', offset, length: 1, value: false };
      case 0xc3:
        return { type: 'bool', offset, length: 1, value: true };
      case 0xca:
        this.#need(4);
        return { type: 'float', offset, length: 5, value: this.#bytes.readFloatBE(this.#advance(4)) };
      case 0xcb:
        this.#need(8);
        return { type: 'float', offset, length: 9, value: this.#bytes.readDoubleBE(this.#advance(8)) };
      case 0xcc:
        return { type: 'int', offset, length: 2, value: this.#uint(1) };
      case 0xcd:
        return { type: 'int', offset, length: 3, value: this.#uint(2) };
      case 0xce:
        return { type: 'int', offset, length: 5, value: this.#uint(4) };
      case 0xd0:
        this.#need(1);
        return { type: 'int', offset, length: 2, value: this.#bytes.readInt8(this.#advance(1)) };
      case 0xd1:
        this.#need(2);
        return { type: 'int', offset, length: 3, value: this.#bytes.readInt16BE(this.#advance(2)) };
      case 0xd2:
        this.#need(4);
        return { type: 'int', offset, length: 5, value: this.#bytes.readInt32BE(this.#advance(4)) };
      case 0xda:
        return this.#string(offset, this.#uint(2));
      case 0xdb:
        return this.#string(offset, this.#uint(4));
      case 0xdc:
        return this.#array(offset, this.#uint(2));
      case 0xdd:
        return this.#array(offset, this.#uint(4));
      case 0xde:
        return this.#map(offset, this.#uint(2));
      case 0xdf:
        return this.#map(offset, this.#uint(4));
      default:
        return this.#modern ? this.#modernOnly(offset, lead) : this.#msgpackJsOnly(offset, lead);
    }
  }

  #modernOnly(offset: number, lead: number): Value {
    switch (lead) {
      case 0xc4:
        return this.#binary(offset, this.#uint(1));
      case 0xc5:
        return this.#binary(offset, this.#uint(2));
      case 0xc6:
        return this.#binary(offset, this.#uint(4));
      case 0xc7:
        return this.#extension(offset, this.#uint(1));
      case 0xc8:
        return this.#extension(offset, this.#uint(2));
      case 0xc9:
        return this.#extension(offset, this.#uint(4));
      case 0xcf:
        this.#need(8);
        return {
          type: 'int',
          offset,
          length: 9,
          value: narrow(this.#bytes.readBigUInt64BE(this.#advance(8))),
        };
      case 0xd3:
        this.#need(8);
        return {
          type: 'int',
          offset,
          length: 9,
          value: narrow(this.#bytes.readBigInt64BE(this.#advance(8))),
        };
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.#extension(offset, 1 << (lead - 0xd4));
      case 0xd9:
        return this.#string(offset, this.#uint(1));
      default:
        throw new DecodeError('bad-type', `${describeByte(lead)} starts no msgpack value`, offset);
    }
  }

  #msgpackJsOnly(offset: number, lead: number): Value {
    switch (lead) {
      case 0xc4:
        return { type: 'undefined', offset, length: 1 };
      case 0xd8:
        return this.#binary(offset, this.#uint(2));
      case 0xd9:
        return this.#binary(offset, this.#uint(4));
      default:
        throw new DecodeError('bad-type', `${describeByte(lead)} starts no value in msgpack-js`, offset);
    }
  }

  #string(offset: number, lengthBytes: number): Value {
    const start = this.#take(lengthBytes);
    const end = start + lengthBytes;
    const value = shortTexts.read(this.#bytes, start, end) ?? this.#bytes.toString('utf8', start, end);
    const length = end - offset;
    if (value.includes('\ufffd')) {
      const bytes = this.#bytes.subarray(start, end);
      if (!isUtf8(bytes)) return { type: 'str', offset, length, value, bytes };
    }
    return { type: 'str', offset, length, value };
  }

  #binary(offset: number, lengthBytes: number): Value {
    const start = this.#take(lengthBytes);
    const end = start + lengthBytes;
    return { type: 'bin', offset, length: end - offset, bytes: this.#bytes.subarray(start, end) };
  }

  #extension(offset: number, lengthBytes: number): Value {
    this.#need(1);
    const code = this.#bytes.readInt8(this.#advance(1));
    const start = this.#take(lengthBytes);
    const bytes = this.#bytes.subarray(start, start + lengthBytes);
    const span = { offset, length: start + lengthBytes - offset };
    return readExtension(span, code, bytes, () => this.#inner(start, lengthBytes));
  }

  /**
   * The msgpack value inside an extension of msgpack-lite, or undefined when it does not fill the extension.
   * Its reader sees nothing behind the extension: else each byte could be read twice at every level.
   */
  #inner(start: number, lengthBytes: number): Value | undefined {
    if (this.#depth === MAX_DEPTH) throw tooDeep(start);
    const bytes = this.#bytes.subarray(0, start + lengthBytes);
    try {
      const value = new MsgpackReader(bytes, 'modern', this.#depth + 1).readAt(start);
      return value.length === lengthBytes ? value : undefined;
    } catch (error) {
      if (error instanceof DecodeError && error.code !== 'too-deep' && error.code !== 'too-large')
        return undefined;
      throw error;
    }
  }

  #array(offset: number, count: number): Value {
    this.#enter(offset);
    this.#mustHold(offset, count, 1);
    const items: Value[] = count === 0 ? NO_ITEMS : [];
    for (let index = 0; index < count; index++) items.push(this.#read());
    this.#depth--;
    return { type: 'array', offset, length: this.#position - offset, items };
  }

  #map(offset: number, count: number): Value {
    this.#enter(offset);
    this.#mustHold(offset, count, 2);
    const entries: MapEntry[] = count === 0 ? NO_ENTRIES : [];
    for (let index = 0; index < count; index++) entries.push({ key: this.#read(), value: this.#read() });
    this.#depth--;
    return { type: 'map', offset, length: this.#position - offset, entries };
  }

  #enter(offset: number): void {
    if (++this.#depth > MAX_DEPTH) throw tooDeep(offset);
  }

  /**
   * Every item takes at least a byte: a header that claims more than that is refused at once. What it claims is not
   * allocated beforehand either, since 500 nested headers may all claim the same bytes.
   */
  #mustHold(offset: number, count: number, bytesEach: number): void {
    const left = this.#bytes.length - this.#position;
    if (count * bytesEach > left) {
      throw new DecodeError('truncated', `claims ${count} items, but only ${left} bytes are left`, offset);
    }
  }

  #uint(size: 1 | 2 | 4): number {
    this.#need(size);
    return this.#bytes.readUIntBE(this.#advance(size), size);
  }

  #take(lengthBytes: number): number {
    this.#need(lengthBytes);
    return this.#advance(lengthBytes);
  }

  #need(lengthBytes: number): void {
    const left = this.#bytes.length - this.#position;
    if (lengthBytes > left) {
      throw new DecodeError(
        'truncated',
        `${lengthBytes} bytes should follow, but only ${left} are left`,
        this.#position,
      );
    }
  }

  #advance(lengthBytes: number): number {
    const start = this.#position;
    this.#position += lengthBytes;
    return start;
  }
}

function tooDeep(offset: number): DecodeError {
  return new DecodeError('too-deep', `nested deeper than ${MAX_DEPTH} levels`, offset);
}

function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
