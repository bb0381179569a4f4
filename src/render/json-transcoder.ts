import { isUtf8 } from 'node:buffer';
import { asBuffer } from '../bytes/decode-error.ts';
import { ShortTexts } from '../bytes/short-texts.ts';
import { quoteJson } from './json-value.ts';

/** Deeper, longer or stranger payloads are left to the reader that builds a tree and says what is odd about them. */
const MAX_DEPTH = 64;
const MAX_ITEMS = 65_536;
/** Maps with more keys are not compared key by key. */
const MAX_KEYS = 12;

/**
 * Writes plain msgpack values as the JSON of a record, straight from the bytes.
 *
 * Plain means: nil, booleans, numbers that a double holds exactly, UTF-8 texts, arrays, and maps whose keys are
 * ordinary texts. Everything else (binary, extensions, 64-bit integers, NaN, odd keys, broken bytes) makes the
 * methods answer undefined, and whoever called them takes the long way: this is a shortcut, never a second opinion.
 */
export class JsonTranscoder {
  position = 0;
  #bytes: Buffer = Buffer.alloc(0);
  readonly #texts = new ShortTexts((bytes, start, end) => quoteUtf8(bytes, start, end) ?? BROKEN);
  #items = 0;

  start(bytes: Uint8Array): void {
    this.#bytes = asBuffer(bytes);
    this.position = 0;
    this.#items = 0;
  }

  get isAtEnd(): boolean {
    return this.position === this.#bytes.length;
  }

  /** The byte at the position, without moving on. */
  peek(): number | undefined {
    return this.#bytes[this.position];
  }

  skip(): void {
    this.position++;
  }

  /** A text of up to 31 bytes, as JSON. */
  shortText(): string | undefined {
    const lead = this.#bytes[this.position] ?? 0;
    if (lead < 0xa0 || lead > 0xbf) return undefined;
    return this.#text(this.position + 1, lead & 0b11111);
  }

  /** Any plain value. */
  value(depth = 0): string | undefined {
    const lead = this.#bytes[this.position];
    if (lead === undefined || ++this.#items > MAX_ITEMS) return undefined;
    if (lead < 0x80) {
      this.position++;
      return String(lead);
    }
    if (lead < 0x90) return this.map(depth);
    if (lead < 0xa0) return this.array(depth);
    if (lead < 0xc0) return this.#text(this.position + 1, lead & 0b11111);
    if (lead >= 0xe0) {
      this.position++;
      return String(lead - 0x100);
    }
    return this.#tagged(lead);
  }

  /** An array of up to 15 items. */
  array(depth = 0): string | undefined {
    const lead = this.#bytes[this.position] ?? 0;
    if (lead < 0x90 || lead > 0x9f || depth === MAX_DEPTH) return undefined;
    this.position++;
    const count = lead & 0b1111;
    let text = '[';
    for (let index = 0; index < count; index++) {
      const item = this.value(depth + 1);
      if (item === undefined) return undefined;
      text += index === 0 ? item : `,${item}`;
    }
    return `${text}]`;
  }

  /** A map of up to 12 pairs. */
  map(depth = 0): string | undefined {
    const lead = this.#bytes[this.position] ?? 0;
    const count = lead & 0b1111;
    if (lead < 0x80 || lead > 0x8f || count > MAX_KEYS || depth === MAX_DEPTH) return undefined;
    this.position++;
    const keys: string[] = [];
    let text = '{';
    for (let index = 0; index < count; index++) {
      const key = this.#key(keys);
      if (key === undefined) return undefined;
      const value = this.value(depth + 1);
      if (value === undefined) return undefined;
      text += index === 0 ? `${key}:${value}` : `,${key}:${value}`;
    }
    return `${text}}`;
  }

  /** Keys that a record writes otherwise (`__proto__`, wrappers, twins) are not plain. */
  #key(before: string[]): string | undefined {
    const lead = this.#bytes[this.position] ?? 0;
    const first = this.#bytes[this.position + 1];
    if (lead < 0xa0 || lead > 0xbf || first === 0x24 || first === 0x5f) return undefined;
    const key = this.shortText();
    if (key === undefined || before.includes(key)) return undefined;
    before.push(key);
    return key;
  }

  #tagged(lead: number): string | undefined {
    switch (lead) {
      case 0xc0:
        this.position++;
        return 'null';
      case 0xc2:
        this.position++;
        return 'false';
      case 0xc3:
        this.position++;
        return 'true';
      case 0xcc:
        return this.#integer(1, false);
      case 0xcd:
        return this.#integer(2, false);
      case 0xce:
        return this.#integer(4, false);
      case 0xd0:
        return this.#integer(1, true);
      case 0xd1:
        return this.#integer(2, true);
      case 0xd2:
        return this.#integer(4, true);
      case 0xcf:
        return this.#unsigned64();
      case 0xcb:
        return this.#double();
      case 0xd9:
        return this.#longText();
      case 0xda:
        return this.#text(
          this.position + 3,
          this.#bytes.readUInt16BE(Math.min(this.position + 1, this.#bytes.length - 2)),
        );
      default:
        return undefined;
    }
  }

  #integer(size: 1 | 2 | 4, signed: boolean): string | undefined {
    const start = this.position + 1;
    if (start + size > this.#bytes.length) return undefined;
    this.position = start + size;
    return String(signed ? this.#bytes.readIntBE(start, size) : this.#bytes.readUIntBE(start, size));
  }

  /** As far as a double holds it exactly: times in milliseconds are written so. */
  #unsigned64(): string | undefined {
    const start = this.position + 1;
    if (start + 8 > this.#bytes.length) return undefined;
    const high = this.#bytes.readUInt32BE(start);
    if (high >= 0x20_0000) return undefined;
    this.position = start + 8;
    return String(high * 0x1_0000_0000 + this.#bytes.readUInt32BE(start + 4));
  }

  #double(): string | undefined {
    const start = this.position + 1;
    if (start + 8 > this.#bytes.length) return undefined;
    const value = this.#bytes.readDoubleBE(start);
    if (!Number.isFinite(value) || Object.is(value, -0)) return undefined;
    this.position = start + 8;
    return String(value);
  }

  /**
   * A text of 32 to 255 bytes, which msgpack-js would read as a buffer with a 32-bit length: only where that length
   * exceeds the payload is it certain that there is no second reading.
   */
  #longText(): string | undefined {
    const start = this.position + 1;
    if (start + 4 > this.#bytes.length) return undefined;
    if (this.#bytes.readUInt32BE(start) <= this.#bytes.length) return undefined;
    return this.#text(start + 1, this.#bytes[start] ?? 0);
  }

  #text(start: number, lengthBytes: number): string | undefined {
    const end = start + lengthBytes;
    if (end > this.#bytes.length) return undefined;
    this.position = end;
    const short = this.#texts.read(this.#bytes, start, end);
    return short === undefined ? quoteUtf8(this.#bytes, start, end) : short === BROKEN ? undefined : short;
  }
}

/** No JSON text: stands for bytes that are not UTF-8 among the remembered texts. */
const BROKEN = '';

function quoteUtf8(bytes: Buffer, start: number, end: number): string | undefined {
  const text = bytes.toString('utf8', start, end);
  if (text.includes('\ufffd') && !isUtf8(bytes.subarray(start, end))) return undefined;
  return quoteJson(text);
}
