import { isUtf8 } from 'node:buffer';
import { MAX_DEPTH, MAX_VALUES, type MapEntry, type StrValue, type Value } from '../model/value.ts';
import { asBuffer, DecodeError, describeByte, leftOver } from './decode-error.ts';

/** A number longer than this is refused: turning it into a bigint would take minutes. */
const MAX_DIGITS = 1_000_000;

/**
 * Decodes one JSON text that fills `bytes`, white space around it allowed (RFC 8259).
 * Integers are never rounded, duplicate keys are kept, strings may hold bytes that are not UTF-8.
 * @throws {DecodeError}
 */
export function decodeJson(bytes: Uint8Array): Value {
  const reader = new JsonReader(asBuffer(bytes));
  const value = reader.readAt(0);
  reader.skipSpace();
  if (reader.position < bytes.length) throw leftOver(bytes, reader.position, 'the value');
  return value;
}

/** Reads the one JSON value that starts at `offset` (after white space); what follows it is not looked at. */
export function readJson(bytes: Uint8Array, offset = 0): Value {
  return new JsonReader(asBuffer(bytes)).readAt(offset);
}

class JsonReader {
  readonly #bytes: Buffer;
  #depth = 0;
  #values = 0;
  position = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  readAt(offset: number): Value {
    this.position = offset;
    return this.#read();
  }

  skipSpace(): void {
    for (;;) {
      const byte = this.#bytes[this.position];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
      this.position++;
    }
  }

  #read(): Value {
    this.skipSpace();
    const offset = this.position;
    if (++this.#values > MAX_VALUES) {
      throw new DecodeError('too-large', `holds more than ${MAX_VALUES} values`, offset);
    }
    const byte = this.#bytes[offset];
    switch (byte) {
      case 0x7b:
        return this.#object(offset);
      case 0x5b:
        return this.#array(offset);
      case 0x22:
        return this.#string(offset);
      case 0x74:
        return { type: 'bool', offset, length: this.#word('true'), value: true };
      case 0x66:
        return { type: 'bool', offset, length: this.#word('false'), value: false };
      case 0x6e:
        return { type: 'nil', offset, length: this.#word('null') };
      default:
        if (byte === 0x2d || isDigit(byte)) return this.#number(offset);
        return this.#unexpected('a value');
    }
  }

  #object(offset: number): Value {
    const entries: MapEntry[] = [];
    this.#open(offset);
    if (!this.#closes(0x7d)) {
      do {
        this.skipSpace();
        if (this.#bytes[this.position] !== 0x22) this.#unexpected('a key in quotes');
        const key = this.#string(this.position);
        this.#expect(0x3a, '":"');
        entries.push({ key, value: this.#read() });
      } while (this.#continues(0x7d));
    }
    this.#depth--;
    return { type: 'map', offset, length: this.position - offset, entries };
  }

  #array(offset: number): Value {
    const items: Value[] = [];
    this.#open(offset);
    if (!this.#closes(0x5d)) {
      do items.push(this.#read());
      while (this.#continues(0x5d));
    }
    this.#depth--;
    return { type: 'array', offset, length: this.position - offset, items };
  }

  #open(offset: number): void {
    this.position = offset + 1;
    if (++this.#depth > MAX_DEPTH) {
      throw new DecodeError('too-deep', `nested deeper than ${MAX_DEPTH} levels`, offset);
    }
  }

  #closes(bracket: number): boolean {
    this.skipSpace();
    if (this.#bytes[this.position] !== bracket) return false;
    this.position++;
    return true;
  }

  /** After an item: true at a comma, false at the closing bracket. */
  #continues(bracket: number): boolean {
    if (this.#closes(bracket)) return false;
    this.#expect(0x2c, `"," or "${String.fromCharCode(bracket)}"`);
    return true;
  }

  #string(offset: number): StrValue {
    let end = offset + 1;
    let escaped = false;
    for (; ; end++) {
      const byte = this.#bytes[end];
      if (byte === 0x22) break;
      if (byte === 0x5c) {
        escaped = true;
        end++;
      } else if (byte === undefined || byte < 0x20) {
        this.position = Math.min(end, this.#bytes.length);
        this.#unexpected('the closing quote');
      }
    }
    this.position = end + 1;
    const length = this.position - offset;
    const bytes = this.#bytes.subarray(offset + 1, end);
    if (!isUtf8(bytes)) {
      const raw = escaped ? this.#unescapeBytes(bytes, offset + 1) : bytes;
      return { type: 'str', offset, length, value: raw.toString('utf8'), bytes: raw };
    }
    const text = bytes.toString('utf8');
    return { type: 'str', offset, length, value: escaped ? this.#unescape(text, offset + 1) : text };
  }

  /** For a text that is not UTF-8: what the escapes stand for becomes UTF-8, every other byte stays. */
  #unescapeBytes(bytes: Buffer, offset: number): Buffer {
    const unescaped = Buffer.allocUnsafe(bytes.length);
    let to = 0;
    for (let at = 0; at < bytes.length;) {
      const end = escapesEnd(bytes, at);
      if (end === at) unescaped[to++] = bytes[at++] ?? 0;
      else to += unescaped.write(this.#unescape(bytes.toString('latin1', at, end), offset + at), to);
      at = Math.max(at, end);
    }
    return unescaped.subarray(0, to);
  }

  /** What is between the quotes has no bare quote and no control character: only a bad escape can make it fail. */
  #unescape(text: string, offset: number): string {
    try {
      return JSON.parse(`"${text}"`) as string;
    } catch {
      const bad = firstBadEscape(text);
      throw new DecodeError('bad-syntax', `${bad} is no JSON escape`, offset);
    }
  }

  #number(offset: number): Value {
    let end = offset;
    while (isNumberByte(this.#bytes[end])) end++;
    const length = end - offset;
    const text = this.#bytes.toString('latin1', offset, Math.min(end, offset + MAX_DIGITS + 1));
    if (text.length > MAX_DIGITS)
      throw new DecodeError('too-large', `a number of ${length} characters`, offset);
    if (!/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text)) {
      throw new DecodeError('bad-syntax', `"${text.slice(0, 20)}" is no JSON number`, offset);
    }
    this.position = end;
    const value = Number(text);
    if (/[.eE]/.test(text) || Object.is(value, -0)) return { type: 'float', offset, length, value };
    return { type: 'int', offset, length, value: Number.isSafeInteger(value) ? value : BigInt(text) };
  }

  #word(word: string): number {
    const start = this.position;
    for (let index = 0; index < word.length; index++)
      this.#expectAt(start + index, word.charCodeAt(index), word);
    this.position = start + word.length;
    return word.length;
  }

  #expect(byte: number, what: string): void {
    this.skipSpace();
    this.#expectAt(this.position, byte, what);
    this.position++;
  }

  #expectAt(position: number, byte: number, what: string): void {
    if (this.#bytes[position] === byte) return;
    this.position = position;
    this.#unexpected(what);
  }

  #unexpected(wanted: string): never {
    const byte = this.#bytes[this.position];
    if (byte === undefined) {
      throw new DecodeError('truncated', `the bytes end where ${wanted} should stand`, this.position);
    }
    throw new DecodeError('bad-syntax', `${describeByte(byte)} stands where ${wanted} should`, this.position);
  }
}

/** Where the escapes end that follow one another from `start` on: both halves of a surrogate pair are among them. */
function escapesEnd(bytes: Buffer, start: number): number {
  let at = start;
  while (bytes[at] === 0x5c) at += bytes[at + 1] === 0x75 ? 6 : 2;
  return Math.min(at, bytes.length);
}

const ESCAPES = /\\(?:u[0-9a-fA-F]{4}|.)/gs;
const GOOD_ESCAPE = /^\\(?:u[0-9a-fA-F]{4}|["\\/bfnrt])$/;

function firstBadEscape(text: string): string {
  for (const [escaped] of text.matchAll(ESCAPES)) if (!GOOD_ESCAPE.test(escaped)) return escaped;
  return text.slice(0, 20);
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function isNumberByte(byte: number | undefined): boolean {
  return isDigit(byte) || byte === 0x2d || byte === 0x2b || byte === 0x2e || byte === 0x65 || byte === 0x45;
}
