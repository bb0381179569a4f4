import { DecodeError } from '../../bytes/decode-error.ts';
import { readQuoted } from '../../bytes/sds-repr.ts';
import { elementCount, type Scalar } from './delivery.ts';

/** A reply as redis-cli prints it at a terminal: `1) "pmessage"`, nested ones indented. */
export type Reply = Scalar | readonly Reply[];

interface Level {
  /** Column behind `N) `: the same for all elements of one list, which are right-aligned. */
  readonly column: number;
  readonly items: Reply[];
}

const INDEX = / *(\d+)\) /y;
const MAX_LEVELS = 32;

/** Whether a line is an element of a list: spaces, digits, `) `. Cheap, because it is asked of every line. */
export function isNumberedLine(line: Uint8Array): boolean {
  let at = 0;
  while (line[at] === 0x20) at++;
  const digits = at;
  while ((line[at] ?? 0) >= 0x30 && (line[at] ?? 0) <= 0x39) at++;
  return at > digits && line[at] === 0x29 && line[at + 1] === 0x20;
}

/** Collects the lines of one reply. */
export class NumberedReply {
  readonly #levels: Level[] = [];
  readonly #lines: Buffer[] = [];

  /** The lines that were added, for when they make no sense. */
  get raw(): Buffer {
    return Buffer.concat(this.#lines.flatMap((line) => [line, Buffer.from('\n')])).subarray(0, -1);
  }

  get items(): readonly Reply[] {
    return this.#levels[0]?.items ?? [];
  }

  /** Whether this line is the first of another reply. */
  startsAnew(line: Buffer): boolean {
    const root = this.#levels[0];
    if (root === undefined) return false;
    const first = matchIndex(line, 0);
    return first?.index === 1 && first.end <= root.column;
  }

  /** A delivery is whole before the next one starts. */
  isWholeDelivery(): boolean {
    return this.#levels.length === 1 && elementCount(firstScalar(this.items)) === this.items.length;
  }

  /**
   * Takes the next line.
   * @throws {DecodeError} when it does not continue the reply; it was added to `raw` all the same
   */
  add(line: Buffer): void {
    this.#lines.push(Buffer.from(line));
    let at = 0;
    for (let match = matchIndex(line, at); match !== undefined; match = matchIndex(line, at)) {
      this.#enter(match.end, at === 0);
      at = match.end;
    }
    this.#levels.at(-1)?.items.push(readScalar(line, at));
  }

  #enter(column: number, isFirst: boolean): void {
    if (isFirst && this.#levels.length > 0) {
      while (this.#levels.length > 1 && (this.#levels.at(-1)?.column ?? 0) > column) this.#levels.pop();
      if (this.#levels.at(-1)?.column === column) return;
      throw new DecodeError('bad-syntax', 'the list does not go on at this indentation', 0);
    }
    if (this.#levels.length === MAX_LEVELS) throw new DecodeError('too-deep', 'lists are nested too deep', 0);
    const items: Reply[] = [];
    this.#levels.at(-1)?.items.push(items);
    this.#levels.push({ column, items });
  }
}

function firstScalar(items: readonly Reply[]): Scalar | undefined {
  const [first] = items;
  return first === undefined || isList(first) ? undefined : first;
}

export function isList(reply: Reply | undefined): reply is readonly Reply[] {
  return Array.isArray(reply);
}

/** ` 1) ` at a place in a line; a line is long only behind its indices. */
function matchIndex(line: Buffer, at: number): { index: number; end: number } | undefined {
  INDEX.lastIndex = 0;
  const match = INDEX.exec(line.toString('latin1', at, at + 256));
  return match === null ? undefined : { index: Number(match[1]), end: at + INDEX.lastIndex };
}

function readScalar(line: Buffer, at: number): Scalar {
  if (line[at] === 0x22) {
    const quoted = readQuoted(line, at);
    if (line.toString('latin1', quoted.next).trim() !== '') {
      throw new DecodeError('bad-syntax', 'something follows the closing quote', quoted.next);
    }
    return quoted.bytes;
  }
  const word = line.toString('latin1', at, at + 256).trim();
  const integer = /^\(integer\) (-?\d+)$/.exec(word);
  if (integer !== null) return Number(integer[1]);
  if (/^\((nil|empty .*)\)$/.test(word)) return null;
  throw new DecodeError('bad-syntax', 'neither a quoted string nor (integer) nor (nil)', at);
}
