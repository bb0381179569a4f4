import { asBuffer, DecodeError, describeByte } from '../bytes/decode-error.ts';
import { readJson } from '../bytes/json.ts';
import { MAX_DEPTH, type Value } from '../model/value.ts';
import { type Token, Tokens, type Walk } from './token.ts';

interface Level {
  readonly token: number;
  readonly isMap: boolean;
  count: number;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_MAP = 0x7b;
const CLOSE_MAP = 0x7d;

/**
 * Takes JSON apart into brackets, keys and leaves, as far as it goes. White space, colons and commas belong to the
 * token before them, brackets that close one after the other are one token. Never throws.
 */
export function walkJson(bytes: Uint8Array): Walk {
  return new JsonWalker(asBuffer(bytes)).walk();
}

class JsonWalker {
  readonly #bytes: Buffer;
  readonly #tokens = new Tokens();
  readonly #levels: Level[] = [];
  #position = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  walk(): Walk {
    let trouble: string | undefined;
    try {
      do this.#readValue();
      while (this.#next() && !this.#tokens.isFull);
      const left = this.#bytes.length - this.#position;
      if (left > 0 && !this.#tokens.isFull) trouble = `the value has ended, but ${left} bytes are left over`;
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      trouble = `${error.message} (byte ${error.offset})`;
    }
    this.#stretch();
    return this.#tokens.finish(this.#bytes, this.#position, trouble);
  }

  /** Each token reaches to the start of the next: what lies between belongs to the one before. */
  #stretch(): void {
    let end = this.#position;
    for (let index = this.#tokens.list.length - 1; index >= 0; index--) {
      const token = this.#tokens.list[index];
      if (token === undefined) continue;
      token.length = end - token.offset;
      end = token.offset;
    }
  }

  /** A key if one belongs here, then a leaf or an opening bracket. */
  #readValue(): void {
    this.#skipSpace();
    const level = this.#levels.at(-1);
    const key = level?.isMap === true ? this.#readKey() : undefined;
    if (level !== undefined) level.count++;
    const place: Pick<Token, 'role' | 'segment'> =
      level === undefined
        ? { role: 'item' }
        : key === undefined
          ? { role: 'item', segment: level.count - 1 }
          : { role: 'value', segment: key };
    const lead = this.#bytes[this.#position];
    if (lead !== OPEN_ARRAY && lead !== OPEN_MAP) {
      this.#pushLeaf(place, readJson(this.#bytes, this.#position));
      return;
    }
    if (this.#levels.length >= MAX_DEPTH) {
      throw new DecodeError('too-deep', `nested deeper than ${MAX_DEPTH} levels`, this.#position);
    }
    const isMap = lead === OPEN_MAP;
    const token = this.#push({ ...place, shape: isMap ? 'map' : 'array' });
    this.#position++;
    this.#skipSpace();
    this.#levels.push({ token, isMap, count: 0 });
  }

  #readKey(): string {
    const key = this.#bytes[this.#position] === QUOTE ? readJson(this.#bytes, this.#position) : undefined;
    if (key?.type !== 'str') return this.#unexpected('a key in quotes');
    this.#pushLeaf({ role: 'key', segment: key.value }, key);
    if (this.#bytes[this.#position] !== COLON) this.#unexpected('":"');
    this.#position++;
    this.#skipSpace();
    return key.value;
  }

  #pushLeaf(place: Pick<Token, 'role' | 'segment'>, value: Value): void {
    this.#push({ ...place, value });
    this.#position += value.length;
    this.#skipSpace();
  }

  #push(rest: Pick<Token, 'role' | 'segment' | 'shape' | 'value'>): number {
    const level = this.#levels.at(-1);
    const offset = this.#tokens.list.length === 0 ? 0 : this.#position;
    const parent = level?.token ?? -1;
    const depth = level === undefined ? 0 : (this.#tokens.list[level.token]?.depth ?? 0) + 1;
    return this.#tokens.push({ ...rest, offset, length: 0, parent, depth });
  }

  /** Closes what ends here; true when another value follows. */
  #next(): boolean {
    let closer: Token | undefined;
    for (;;) {
      const level = this.#levels.at(-1);
      if (level === undefined) return false;
      const byte = this.#bytes[this.#position];
      const bracket = level.isMap ? CLOSE_MAP : CLOSE_ARRAY;
      if (byte !== bracket) {
        const isFresh = level.count === 0;
        if (isFresh) return true;
        if (byte !== COMMA) return this.#unexpected(`"," or "${String.fromCharCode(bracket)}"`);
        this.#position++;
        this.#skipSpace();
        return true;
      }
      closer = this.#close(level, closer);
    }
  }

  /** An empty container ends in its own token; brackets in a row share one, at the place of the outermost. */
  #close(level: Level, before: Token | undefined): Token | undefined {
    const opened = this.#tokens.list[level.token];
    this.#levels.pop();
    if (opened !== undefined) opened.count = level.count;
    const start = this.#position;
    this.#position++;
    this.#skipSpace();
    if (level.count === 0) return undefined;
    if (before !== undefined) this.#tokens.list.pop();
    const closer: Token = {
      offset: before?.offset ?? start,
      length: 0,
      depth: opened?.depth ?? 0,
      parent: level.token,
      role: 'close',
      type: 'end',
    };
    this.#tokens.push(closer);
    return closer;
  }

  #skipSpace(): void {
    for (;;) {
      const byte = this.#bytes[this.#position];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
      this.#position++;
    }
  }

  #unexpected(wanted: string): never {
    const byte = this.#bytes[this.#position];
    const message =
      byte === undefined
        ? `the bytes end where ${wanted} should stand`
        : `${describeByte(byte)} stands where ${wanted} should`;
    throw new DecodeError(byte === undefined ? 'truncated' : 'bad-syntax', message, this.#position);
  }
}
