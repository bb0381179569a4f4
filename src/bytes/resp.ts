import { ChunkedBytes } from './resp-bytes.ts';
import { splitInlineWords } from './resp-inline.ts';
import { parseInteger, readScalar } from './resp-scalar.ts';
import {
  ARRAY,
  ATTRIBUTE,
  BLOB_ERROR,
  BULK,
  CHUNK,
  END,
  ERROR,
  MAP,
  PUSH,
  SET,
  SIMPLE,
  STREAMED,
  VERBATIM,
} from './resp-types.ts';
import { type RespEntry, RespError, type RespErrorCode, type RespValue } from './resp-value.ts';

export interface RespReaderOptions {
  /** The longest bulk string accepted, in bytes. Default: 512 MB, Redis' proto-max-bulk-len. */
  readonly maxBulkBytes?: number;
  /** How deep aggregates may be nested. Default 128; Redis' own replies stay below 10. */
  readonly maxDepth?: number;
  /** Read as a server does: arrays of bulk strings and inline commands only. Empty commands are skipped. */
  readonly inline?: boolean;
}

const DEFAULT_MAX_BULK_BYTES = 512 * 1024 * 1024;
const DEFAULT_MAX_DEPTH = 128;
/** Redis' PROTO_INLINE_MAX_SIZE: the longest header or inline command. */
const MAX_HEADER_BYTES = 64 * 1024;
/** MONITOR writes a byte as up to four characters, and puts a whole command on one simple line. */
const QUOTED_BYTE = 4;
const MAX_COUNT = 2 ** 31 - 1;

const CR = 0x0d;
const COLON = 0x3a;
const INFINITE = Number.POSITIVE_INFINITY;

/** An aggregate that is being read. `expected` items end it; infinitely many while it is streamed. */
interface Level {
  readonly type: number;
  readonly offset: number;
  readonly items: RespValue[];
  readonly expected: number;
  readonly attributes: Attributes | undefined;
}

interface Attributes {
  readonly offset: number;
  readonly entries: readonly RespEntry[];
}

/**
 * Reads RESP2 and RESP3 from chunks as they come, in any splits: push bytes, then take values until there is none.
 * Bulk strings are views into the chunk they came in. After a RespError the reader stays broken.
 *
 * Source: redis/redis-specifications, protocol/RESP2.md and RESP3.md; the server side (`inline`) and its messages:
 * redis 7.0.15, src/networking.c, processInlineBuffer and processMultibulkBuffer.
 */
export class RespReader {
  readonly #bytes = new ChunkedBytes();
  readonly #maxBulkBytes: number;
  readonly #maxDepth: number;
  readonly #inline: boolean;
  readonly #stack: Level[] = [];
  #offset = 0;
  #consumed = 0;
  /** The type and length of the bulk string whose bytes have not all come; type 0 is none. */
  #bulkType = 0;
  #bulkLength = 0;
  /** Those that the next value will carry. */
  #attributes: Attributes | undefined;
  #error: RespError | undefined;

  constructor(options: RespReaderOptions = {}) {
    this.#maxBulkBytes = options.maxBulkBytes ?? DEFAULT_MAX_BULK_BYTES;
    this.#maxDepth = options.maxDepth ?? DEFAULT_MAX_DEPTH;
    this.#inline = options.inline ?? false;
  }

  /** Bytes of the stream that whole values took. What was pushed beyond them belongs to an unfinished value. */
  get consumedBytes(): number {
    return this.#consumed;
  }

  push(chunk: Uint8Array): void {
    this.#bytes.push(chunk);
  }

  /** The next whole value, or undefined when more bytes are needed. Throws RespError, also when asked again. */
  next(): RespValue | undefined {
    if (this.#error !== undefined) throw this.#error;
    try {
      return this.#read();
    } catch (error) {
      if (error instanceof RespError) this.#error = error;
      throw error;
    }
  }

  #read(): RespValue | undefined {
    for (;;) {
      const leaf = this.#bulkType === 0 ? this.#readToken() : this.#readBulkBytes();
      if (leaf === undefined) return undefined;
      if (leaf === 'again') continue;
      const value = this.#stack.length === 0 ? leaf : this.#close(leaf);
      if (value === undefined) continue;
      this.#consumed = this.#bytes.position;
      return value;
    }
  }

  #readToken(): RespValue | 'again' | undefined {
    const bytes = this.#bytes;
    const type = bytes.peek();
    if (type === undefined) return undefined;
    if (!bytes.readLine()) {
      this.#offset = bytes.position - bytes.heldBytes;
      this.#checkLine(type, bytes.heldBytes);
      return undefined;
    }
    const { line, from, to } = bytes;
    this.#offset = bytes.position - (to + 1 - from);
    this.#checkLine(type, to - from);
    const crlf = to > from && line[to - 1] === CR;
    if (this.#inline) return this.#readServerSide(type, line, from, crlf ? to - 1 : to);
    if (!crlf) this.#fail('bad-line-end', 'a line ends without CR');
    if (type !== CHUNK && this.#stack.at(-1)?.type === CHUNK) {
      this.#fail('bad-stream', 'a streamed string breaks off');
    }
    return this.#readTyped(type, line, from + 1, to - 1);
  }

  #checkLine(type: number, lineBytes: number): void {
    if (lineBytes <= MAX_HEADER_BYTES) return;
    if (!this.#inline) {
      const longest = MAX_HEADER_BYTES + this.#maxBulkBytes * QUOTED_BYTE;
      if ((type === SIMPLE || type === ERROR) && lineBytes <= longest) return;
      this.#fail('too-long', 'too long a line');
    }
    if (this.#stack.length > 0) this.#fail('too-long', 'too big bulk count string');
    this.#fail('too-long', type === ARRAY ? 'too big mbulk count string' : 'too big inline request');
  }

  #readServerSide(type: number, line: Buffer, from: number, to: number): RespValue | 'again' | undefined {
    if (this.#stack.length > 0) {
      if (type === BULK) return this.#openBulk(type, line, from + 1, to);
      return this.#fail('expected-bulk', `expected '$', got '${String.fromCharCode(type)}'`);
    }
    if (type === ARRAY) {
      const count = this.#parseCount(line, from + 1, to, 'invalid multibulk length');
      return count <= 0 ? this.#skip() : this.#open(type, count);
    }
    const words = splitInlineWords(line.subarray(from, to));
    if (words === undefined) return this.#fail('unbalanced-quotes', 'unbalanced quotes in request');
    if (words.length === 0) return this.#skip();
    return { type: 'inline', words, offset: this.#offset, length: this.#bytes.position - this.#offset };
  }

  #skip(): 'again' {
    this.#consumed = this.#bytes.position;
    return 'again';
  }

  #readTyped(type: number, line: Buffer, from: number, to: number): RespValue | 'again' | undefined {
    switch (type) {
      case BULK:
      case BLOB_ERROR:
      case VERBATIM:
      case CHUNK:
        return this.#openBulk(type, line, from, to);
      case ARRAY:
      case PUSH:
      case MAP:
      case SET:
      case ATTRIBUTE:
        return this.#openItems(type, line, from, to);
      case END:
        return this.#endStreamed(from === to);
      default: {
        const span = { offset: this.#offset, length: this.#bytes.position - this.#offset };
        return this.#annotate(readScalar(type, line, from, to, span));
      }
    }
  }

  #openBulk(type: number, line: Buffer, from: number, to: number): RespValue | 'again' | undefined {
    if (!this.#inline && type === BULK) {
      if (isStreamed(line, from, to)) return this.#open(CHUNK, INFINITE);
      if (isMinusOne(line, from, to)) return this.#readNull();
    }
    const length = this.#parseCount(line, from, to, 'invalid bulk length');
    if (length < 0 || length > this.#maxBulkBytes) this.#fail('bad-length', 'invalid bulk length');
    if (type === CHUNK) {
      if (this.#stack.at(-1)?.type !== CHUNK) this.#fail('bad-stream', 'a part of no streamed string');
      if (length === 0) return this.#finish(this.#stack.pop());
    }
    this.#bulkType = type;
    this.#bulkLength = length;
    return this.#readBulkBytes();
  }

  #readBulkBytes(): RespValue | undefined {
    const bytes = this.#bytes.takeBulk(this.#bulkLength);
    if (bytes === undefined) return undefined;
    if (!this.#bytes.crlf) this.#fail('bad-bulk-end', 'a bulk string does not end where it says');
    const type = this.#bulkType;
    this.#bulkType = 0;
    const offset = this.#offset;
    const length = this.#bytes.position - offset;
    if (type === BULK) return this.#annotate({ type: 'bulk', bytes, offset, length });
    if (type === CHUNK) return { type: 'bulk', bytes, offset, length };
    if (type === BLOB_ERROR) return this.#annotate({ type: 'blob-error', bytes, offset, length });
    if (bytes[3] !== COLON) this.#fail('bad-verbatim', 'a verbatim string without its format');
    const format = bytes.toString('latin1', 0, 3);
    return this.#annotate({ type: 'verbatim', format, bytes: bytes.subarray(4), offset, length });
  }

  #readNull(): RespValue {
    return this.#annotate({
      type: 'null',
      offset: this.#offset,
      length: this.#bytes.position - this.#offset,
    });
  }

  #openItems(type: number, line: Buffer, from: number, to: number): RespValue | 'again' {
    if (type !== ATTRIBUTE && isStreamed(line, from, to)) return this.#open(type, INFINITE);
    if (type === ARRAY && isMinusOne(line, from, to)) return this.#readNull();
    const count = this.#parseCount(line, from, to, 'invalid multibulk length');
    if (count < 0) this.#fail('bad-length', 'invalid multibulk length');
    this.#open(type, type === MAP || type === ATTRIBUTE ? count * 2 : count);
    return count === 0 ? this.#finish(this.#stack.pop()) : 'again';
  }

  #open(type: number, expected: number): 'again' {
    if (this.#stack.length === this.#maxDepth) this.#fail('too-deep', `nested deeper than ${this.#maxDepth}`);
    const attributes = this.#attributes;
    this.#attributes = undefined;
    this.#stack.push({ type, offset: attributes?.offset ?? this.#offset, items: [], expected, attributes });
    return 'again';
  }

  #endStreamed(bare: boolean): RespValue | 'again' {
    const level = this.#stack.pop();
    const whole = level?.type !== MAP || level.items.length % 2 === 0;
    if (!bare || level?.expected !== INFINITE || !whole || this.#attributes !== undefined) {
      return this.#fail('bad-stream', 'an end of no streamed aggregate');
    }
    return this.#finish(level);
  }

  /** Adds a value to the aggregate around it; the outermost value when that made it whole. */
  #close(leaf: RespValue): RespValue | undefined {
    let value = leaf;
    for (let level = this.#stack.at(-1); level !== undefined; level = this.#stack.at(-1)) {
      level.items.push(value);
      if (level.items.length < level.expected) return undefined;
      this.#stack.pop();
      const built = this.#finish(level);
      if (built === 'again') return undefined;
      value = built;
    }
    return value;
  }

  #finish(level: Level | undefined): RespValue | 'again' {
    if (level === undefined) return this.#fail('bad-stream', 'an end of nothing');
    const { type, offset, items, attributes } = level;
    if (type === ATTRIBUTE) {
      this.#attributes = { offset, entries: [...(attributes?.entries ?? []), ...pair(items)] };
      return 'again';
    }
    const value = buildItems(type, items, offset, this.#bytes.position - offset);
    return attributes === undefined ? value : { ...value, attributes: attributes.entries };
  }

  #annotate(value: RespValue): RespValue {
    const attributes = this.#attributes;
    if (attributes === undefined) return value;
    this.#attributes = undefined;
    const { offset, entries } = attributes;
    return { ...value, offset, length: this.#bytes.position - offset, attributes: entries };
  }

  #parseCount(line: Buffer, from: number, to: number, message: string): number {
    const count = parseInteger(line, from, to);
    if (typeof count !== 'number' || count > MAX_COUNT) return this.#fail('bad-length', message);
    return count;
  }

  #fail(code: RespErrorCode, message: string): never {
    throw new RespError(code, message, this.#offset);
  }
}

function isStreamed(line: Buffer, from: number, to: number): boolean {
  return line[from] === STREAMED && to - from === 1;
}

function isMinusOne(line: Buffer, from: number, to: number): boolean {
  return line[from] === ERROR && line[from + 1] === 0x31 && to - from === 2;
}

function buildItems(type: number, items: readonly RespValue[], offset: number, length: number): RespValue {
  if (type === MAP) return { type: 'map', entries: pair(items), offset, length };
  if (type === CHUNK) {
    const parts = items.map((item) => (item.type === 'bulk' ? item.bytes : Buffer.alloc(0)));
    return { type: 'bulk', bytes: Buffer.concat(parts), offset, length };
  }
  return { type: type === PUSH ? 'push' : type === SET ? 'set' : 'array', items, offset, length };
}

function pair(items: readonly RespValue[]): RespEntry[] {
  const entries: RespEntry[] = [];
  for (let index = 0; index + 1 < items.length; index += 2) {
    const [key, value] = items.slice(index, index + 2);
    if (key !== undefined && value !== undefined) entries.push([key, value]);
  }
  return entries;
}
