import { ByteBlock, type BytePiece } from '../bytes/byte-block.ts';
import { writeDouble, writeInteger, writeJsonText } from './json-bytes.ts';

/** Deeper, longer or stranger payloads are left to the reader that builds a tree and says what is odd about them. */
const MAX_DEPTH = 64;
const MAX_ITEMS = 65_536;
/** Each key of a map is compared with those before it. */
const MAX_KEYS = 32;

const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_MAP = 0x7b;
const CLOSE_MAP = 0x7d;
const DOLLAR = 0x24;
const UNDERSCORE = 0x5f;

const NOTHING = new ByteBlock(Buffer.alloc(0));

/** Where the keys of the map that is read, and of those around it, start and end. */
const KEY_PLACES = 2 * MAX_KEYS * (MAX_DEPTH + 1);

/**
 * Writes plain msgpack values as the JSON of a record, from bytes to bytes.
 *
 * Plain means: nil, booleans, numbers that a double holds exactly, UTF-8 texts, arrays, and maps whose keys are
 * ordinary texts. Everything else (binary, extensions, larger integers, NaN, odd keys, broken bytes) makes the
 * methods answer false, and whoever called them takes the long way: this is a shortcut, never a second opinion.
 */
export class JsonTranscoder {
  /** Where the next value is read. */
  at = 0;
  /** Where its JSON goes. */
  to = 0;
  hasMet = false;
  #source = NOTHING;
  #end = 0;
  #target = NOTHING;
  #items = 0;
  readonly #keys = new Int32Array(KEY_PLACES);
  #keyCount = 0;

  /**
   * Reads up to `used` of the source, which needs `STEP` bytes behind that. The target needs `MOST_PER_BYTE` bytes for
   * each byte that is read, and `STEP` more.
   */
  start(source: ByteBlock, target: ByteBlock, to: number): void {
    this.#source = source;
    this.#end = source.used;
    this.#target = target;
    this.at = 0;
    this.to = to;
    this.#items = 0;
    this.#keyCount = 0;
  }

  get isAtEnd(): boolean {
    return this.at === this.#end;
  }

  /** The items of the array that starts here, which are read next; -1 where there is none, or one of many items. */
  enterArray(): number {
    return this.#enter(0x90);
  }

  /** The same for a map and its pairs. */
  enterMap(): number {
    return this.#enter(0x80);
  }

  #enter(base: number): number {
    const count = (this.#source.bytes[this.at] ?? 0) - base;
    if (count < 0 || count > 15) return -1;
    this.at++;
    return count;
  }

  /** Whether just these bytes come next; they are passed over. */
  skip(expected: BytePiece): boolean {
    if (this.at + expected.length > this.#end || !expected.isAt(this.#source, this.at)) return false;
    this.at += expected.length;
    return true;
  }

  /** Any plain value. */
  value(depth = 0): boolean {
    const lead = this.#source.bytes[this.at] ?? 0;
    if (this.at >= this.#end || ++this.#items > MAX_ITEMS) return false;
    if (lead < 0x80) return this.#integer(lead, 1);
    if (lead < 0x90) return this.#map(lead & 0b1111, 1, depth);
    if (lead < 0xa0) return this.#list(lead & 0b1111, 1, depth);
    if (lead < 0xc0) return this.#text(1, lead & 0b11111);
    if (lead >= 0xe0) return this.#integer(lead - 0x100, 1);
    return this.#tagged(lead, depth);
  }

  /** A text. */
  text(): boolean {
    const lead = this.#source.bytes[this.at] ?? 0;
    if (lead >= 0xa0 && lead < 0xc0) return this.#text(1, lead & 0b11111);
    return (lead === 0xd9 || lead === 0xda) && this.#tagged(lead, 0);
  }

  /** A list of texts; `hasMet` says whether one of them is `wanted`, which is a text as JSON. */
  texts(wanted?: Uint8Array): boolean {
    this.hasMet = false;
    const count = this.enterArray();
    if (count < 0) return false;
    this.#put(OPEN_LIST);
    for (let index = 0; index < count; index++) {
      if (index > 0) this.#put(COMMA);
      const { to } = this;
      if (!this.text()) return false;
      if (wanted !== undefined) this.hasMet ||= isAt(this.#target.bytes, to, this.to, wanted);
    }
    this.#put(CLOSE_LIST);
    return true;
  }

  /** A map. */
  map(): boolean {
    const count = this.enterMap();
    return count >= 0 && this.#map(count, 0, 0);
  }

  #put(byte: number): void {
    this.#target.bytes[this.to++] = byte;
  }

  /** `head`: the bytes before the first item. */
  #list(count: number, head: number, depth: number): boolean {
    if (depth === MAX_DEPTH) return false;
    this.at += head;
    this.#put(OPEN_LIST);
    for (let index = 0; index < count; index++) {
      if (index > 0) this.#put(COMMA);
      if (!this.value(depth + 1)) return false;
    }
    this.#put(CLOSE_LIST);
    return true;
  }

  #map(count: number, head: number, depth: number): boolean {
    if (depth === MAX_DEPTH || count > MAX_KEYS) return false;
    this.at += head;
    this.#put(OPEN_MAP);
    const first = this.#keyCount;
    for (let index = 0; index < count; index++) {
      if (index > 0) this.#put(COMMA);
      if (!this.#key(first)) return false;
      this.#put(COLON);
      if (!this.value(depth + 1)) return false;
    }
    this.#keyCount = first;
    this.#put(CLOSE_MAP);
    return true;
  }

  /** Keys that a record writes otherwise (`__proto__`, wrappers, twins) are not plain. `first`: this map's first key. */
  #key(first: number): boolean {
    const lead = this.#source.bytes[this.at] ?? 0;
    if (lead < 0xa0 || lead > 0xbf) return false;
    const start = this.at + 1;
    const end = start + (lead & 0b11111);
    const character = this.#source.bytes[start];
    if (character === DOLLAR || character === UNDERSCORE || this.#isTwin(first, start, end)) return false;
    this.#keys[this.#keyCount++] = start;
    this.#keys[this.#keyCount++] = end;
    return this.#text(1, end - start);
  }

  #isTwin(first: number, start: number, end: number): boolean {
    const keys = this.#keys;
    for (let index = first; index < this.#keyCount; index += 2) {
      const other = keys[index] ?? 0;
      if ((keys[index + 1] ?? 0) - other === end - start && this.#isSame(other, start, end)) return true;
    }
    return false;
  }

  #isSame(other: number, start: number, end: number): boolean {
    const source = this.#source.bytes;
    for (let at = start; at < end; at++) if (source[at] !== source[other + at - start]) return false;
    return true;
  }

  #tagged(lead: number, depth: number): boolean {
    const { view } = this.#source;
    const start = this.at + 1;
    if (this.#end - start < (WIDTHS[lead] ?? 0)) return false;
    switch (lead) {
      case 0xc0:
        return this.#word(NULL);
      case 0xc2:
        this.#put(LETTER_F);
        return this.#word(ALSE);
      case 0xc3:
        return this.#word(TRUE);
      case 0xca:
        return this.#double(view.getFloat32(start), 5);
      case 0xcb:
        return this.#double(view.getFloat64(start), 9);
      case 0xcc:
        return this.#integer(view.getUint8(start), 2);
      case 0xcd:
        return this.#integer(view.getUint16(start), 3);
      case 0xce:
        return this.#integer(view.getUint32(start), 5);
      case 0xcf:
        return this.#wide(view.getUint32(start), start);
      case 0xd0:
        return this.#integer(view.getInt8(start), 2);
      case 0xd1:
        return this.#integer(view.getInt16(start), 3);
      case 0xd2:
        return this.#integer(view.getInt32(start), 5);
      case 0xd3:
        return this.#wide(view.getInt32(start), start);
      case 0xd9:
        return this.#longText(start);
      case 0xda:
        return this.#text(3, view.getUint16(start));
      case 0xdc:
        return this.#list(view.getUint16(start), 3, depth);
      case 0xde:
        return this.#map(view.getUint16(start), 3, depth);
      default:
        return false;
    }
  }

  #word(word: number): boolean {
    this.at++;
    this.#target.view.setInt32(this.to, word);
    this.to += 4;
    return true;
  }

  #integer(value: number, width: number): boolean {
    this.at += width;
    this.to = writeInteger(value, this.#target.bytes, this.to);
    return true;
  }

  /** 64 bits, as far as a double holds them exactly: times in milliseconds are written so. */
  #wide(high: number, start: number): boolean {
    const value = high * 0x1_0000_0000 + this.#source.view.getUint32(start + 4);
    return Number.isSafeInteger(value) && this.#integer(value, 9);
  }

  #double(value: number, width: number): boolean {
    if (!Number.isFinite(value) || Object.is(value, -0)) return false;
    this.at += width;
    this.to = writeDouble(value, this.#target.bytes, this.to);
    return true;
  }

  /**
   * A text of 32 to 255 bytes, which msgpack-js would read as a buffer with a 32-bit length: only where that length
   * exceeds the payload is it certain that there is no second reading.
   */
  #longText(start: number): boolean {
    if (this.#source.view.getUint32(start) <= this.#end) return false;
    return this.#text(2, this.#source.bytes[start] ?? 0);
  }

  #text(head: number, lengthBytes: number): boolean {
    const start = this.at + head;
    const end = start + lengthBytes;
    if (end > this.#end) return false;
    const to = writeJsonText(this.#source, start, end, this.#target, this.to);
    if (to === -1) return false;
    this.at = end;
    this.to = to;
    return true;
  }
}

function isAt(bytes: Uint8Array, start: number, end: number, expected: Uint8Array): boolean {
  if (end - start !== expected.length) return false;
  for (let at = start; at < end; at++) if (bytes[at] !== expected[at - start]) return false;
  return true;
}

const LETTER_F = 0x66;
const NULL = Buffer.from('null').readInt32BE();
const ALSE = Buffer.from('alse').readInt32BE();
const TRUE = Buffer.from('true').readInt32BE();

/** Type byte → bytes that must follow it; a text of 8-bit length is looked at with three more. */
const WIDTHS = new Uint8Array(256);
for (const [width, leads] of [
  [1, [0xcc, 0xd0]],
  [2, [0xcd, 0xd1, 0xda, 0xdc, 0xde]],
  [4, [0xca, 0xce, 0xd2, 0xd9]],
  [8, [0xcb, 0xcf, 0xd3]],
] as const)
  for (const lead of leads) WIDTHS[lead] = width;
