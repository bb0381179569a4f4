import { asBuffer, DecodeError } from '../bytes/decode-error.ts';
import { type MsgpackDialect, readMsgpack } from '../bytes/msgpack.ts';
import { MAX_DEPTH, type Value } from '../model/value.ts';
import { Tokens, type Walk } from './token.ts';

/** A container that is being walked. */
interface Level {
  readonly token: number;
  readonly isMap: boolean;
  readonly count: number;
  /** Items or entries begun. */
  begun: number;
  /** The key whose value comes next. */
  key: string | undefined;
}

interface Header {
  readonly isMap: boolean;
  readonly count: number;
  readonly length: number;
}

/**
 * Takes msgpack apart into headers and leaves, as far as it goes: what `decodeMsgpack` refuses as a whole is
 * explained here up to the byte where it breaks. Never throws; takes time and memory in the length of `bytes`.
 */
export function walkMsgpack(bytes: Uint8Array, dialect: MsgpackDialect): Walk {
  const walker = new MsgpackWalker(asBuffer(bytes), dialect);
  return walker.walk();
}

class MsgpackWalker {
  readonly #bytes: Buffer;
  readonly #dialect: MsgpackDialect;
  readonly #tokens = new Tokens();
  readonly #levels: Level[] = [];
  #position = 0;

  constructor(bytes: Buffer, dialect: MsgpackDialect) {
    this.#bytes = bytes;
    this.#dialect = dialect;
  }

  walk(): Walk {
    try {
      do this.#step();
      while (this.#leaveEnded() && !this.#tokens.isFull);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return this.#tokens.finish(this.#bytes, this.#position, this.#sayTrouble(error));
    }
    const left = this.#bytes.length - this.#position;
    const trouble =
      left > 0 && !this.#tokens.isFull ? `the value has ended, but ${left} bytes are left over` : undefined;
    return this.#tokens.finish(this.#bytes, this.#position, trouble);
  }

  /** One header or one leaf. */
  #step(): void {
    const header = readHeader(this.#bytes, this.#position);
    if (header !== undefined && this.#levels.length >= MAX_DEPTH) {
      throw new DecodeError('too-deep', `nested deeper than ${MAX_DEPTH} levels`, this.#position);
    }
    const leaf = header === undefined ? readMsgpack(this.#bytes, this.#position, this.#dialect) : undefined;
    const length = header?.length ?? leaf?.length ?? 0;
    const token = this.#push(length, header, leaf);
    this.#position += length;
    if (header === undefined) return;
    this.#levels.push({ token, isMap: header.isMap, count: header.count, begun: 0, key: undefined });
  }

  #push(length: number, header: Header | undefined, leaf: Value | undefined): number {
    const level = this.#levels.at(-1);
    const common = {
      offset: this.#position,
      length,
      parent: level?.token ?? -1,
      depth: level === undefined ? 0 : (this.#tokens.list[level.token]?.depth ?? 0) + 1,
      ...(header === undefined
        ? {}
        : { shape: header.isMap ? ('map' as const) : ('array' as const), count: header.count }),
      ...(leaf === undefined ? {} : { value: leaf }),
    };
    if (level === undefined) return this.#tokens.push({ ...common, role: 'item' });
    if (level.key !== undefined) {
      const segment = level.key;
      level.key = undefined;
      return this.#tokens.push({ ...common, role: 'value', segment });
    }
    const index = level.begun++;
    if (!level.isMap) return this.#tokens.push({ ...common, role: 'item', segment: index });
    level.key = nameKey(leaf);
    return this.#tokens.push({ ...common, role: 'key', segment: level.key });
  }

  /** Leaves the containers that are complete; false when the outermost was one of them, or there is none. */
  #leaveEnded(): boolean {
    for (;;) {
      const level = this.#levels.at(-1);
      if (level === undefined) return false;
      if (level.begun < level.count || level.key !== undefined) return true;
      this.#levels.pop();
    }
  }

  #sayTrouble(error: DecodeError): string {
    const level = this.#levels.at(-1);
    if (level === undefined || error.code !== 'truncated' || this.#position < this.#bytes.length) {
      return `${error.message} (byte ${error.offset})`;
    }
    const header = this.#tokens.list[level.token]?.offset ?? 0;
    const what = level.isMap ? 'map' : 'array';
    const missing = level.count - level.begun + (level.key === undefined ? 0 : 1);
    return `the bytes end here: ${missing} of the ${level.count} items of the ${what} at byte ${header} are missing`;
  }
}

/** The header of an array or a map, or undefined for anything else. */
function readHeader(bytes: Buffer, offset: number): Header | undefined {
  const lead = bytes[offset];
  if (lead === undefined) return undefined;
  if (lead >= 0x80 && lead < 0x90) return { isMap: true, count: lead & 0b1111, length: 1 };
  if (lead >= 0x90 && lead < 0xa0) return { isMap: false, count: lead & 0b1111, length: 1 };
  if (lead < 0xdc || lead > 0xdf) return undefined;
  const size = lead % 2 === 0 ? 2 : 4;
  if (offset + 1 + size > bytes.length) return undefined;
  return { isMap: lead >= 0xde, count: bytes.readUIntBE(offset + 1, size), length: 1 + size };
}

function nameKey(key: Value | undefined): string {
  if (key?.type === 'str') return key.value;
  if (key?.type === 'int') return String(key.value);
  return key?.type ?? 'key';
}
