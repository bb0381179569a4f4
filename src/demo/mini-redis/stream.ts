import { CommandError } from './reply.ts';

/** A stream id as one number: milliseconds above 64 bits of sequence. */
export type StreamId = bigint;

export interface StreamRecord {
  readonly id: StreamId;
  /** Field, value, field, value, … */
  readonly fields: readonly Buffer[];
}

const BITS = 64n;
const MAX_PART = (1n << BITS) - 1n;
export const MAX_ID: StreamId = (1n << (2n * BITS)) - 1n;
/** Redis trims whole nodes of its radix tree when asked for about (`~`) n entries: stream-node-max-entries. */
const NODE_ENTRIES = 100;
const INVALID_ID = 'ERR Invalid stream ID specified as stream command argument';

/** `ms` or `ms-seq`; `missingSequence` stands in for a sequence that is not there. */
export function parseId(text: string, missingSequence = 0n): StreamId {
  const match = /^(\d{1,20})(?:-(\d{1,20}))?$/.exec(text);
  const ms = BigInt(match?.[1] ?? -1);
  const sequence = match?.[2] === undefined ? missingSequence : BigInt(match[2]);
  if (match === null || ms > MAX_PART || sequence > MAX_PART) throw new CommandError(INVALID_ID);
  return (ms << BITS) | sequence;
}

export function formatId(id: StreamId): string {
  return `${String(id >> BITS)}-${String(id & MAX_PART)}`;
}

/** The highest sequence: what a range's end means when it names milliseconds only. */
export const LAST_SEQUENCE = MAX_PART;

/** Entries in order of their ids, and the counters that XINFO tells. */
export class Stream {
  #records: StreamRecord[] = [];
  lastId: StreamId = 0n;
  maxDeletedId: StreamId = 0n;
  entriesAdded = 0;

  get length(): number {
    return this.#records.length;
  }

  get first(): StreamRecord | undefined {
    return this.#records[0];
  }

  get last(): StreamRecord | undefined {
    return this.#records.at(-1);
  }

  /** Nodes of the radix tree that Redis would have: as many as full ones hold the entries. */
  get nodes(): number {
    return Math.ceil(this.#records.length / NODE_ENTRIES);
  }

  /** The id that `*` or `ms-*` stands for now. */
  nextId(wanted: '*' | `${string}-*`): StreamId {
    const now = BigInt(Date.now()) << BITS;
    if (wanted === '*') return now > this.lastId ? now : this.lastId + 1n;
    const first = parseId(wanted.slice(0, -2));
    return first >> BITS === this.lastId >> BITS ? this.lastId + 1n : first;
  }

  add(id: StreamId, fields: readonly Buffer[]): void {
    if (id === 0n) throw new CommandError('ERR The ID specified in XADD must be greater than 0-0');
    if (id <= this.lastId) {
      throw new CommandError(
        'ERR The ID specified in XADD is equal or smaller than the target stream top item',
      );
    }
    this.#records.push({ id, fields });
    this.lastId = id;
    this.entriesAdded++;
  }

  range(start: StreamId, end: StreamId, count = Number.POSITIVE_INFINITY): readonly StreamRecord[] {
    const from = this.#indexOf(start);
    const to = Math.min(this.#indexOf(end + 1n), from + count);
    return this.#records.slice(from, Math.max(from, to));
  }

  rangeBackwards(start: StreamId, end: StreamId, count = Number.POSITIVE_INFINITY): readonly StreamRecord[] {
    const to = this.#indexOf(end + 1n);
    const from = Math.max(this.#indexOf(start), to - count);
    return this.#records.slice(Math.min(from, to), to).reverse();
  }

  delete(ids: readonly StreamId[]): number {
    let deleted = 0;
    for (const id of ids) {
      const index = this.#indexOf(id);
      if (this.#records[index]?.id !== id) continue;
      this.#records.splice(index, 1);
      if (id > this.maxDeletedId) this.maxDeletedId = id;
      deleted++;
    }
    return deleted;
  }

  /** Keeps the newest `length` entries; `approximate` drops whole nodes only. Answers how many went. */
  trimToLength(length: number, approximate: boolean): number {
    return this.#dropFirst(this.#records.length - length, approximate);
  }

  /** Drops entries before `id`. */
  trimBefore(id: StreamId, approximate: boolean): number {
    return this.#dropFirst(this.#indexOf(id), approximate);
  }

  #dropFirst(surplus: number, approximate: boolean): number {
    const count = approximate ? surplus - (surplus % NODE_ENTRIES) : surplus;
    if (count <= 0) return 0;
    this.#records.splice(0, count);
    return count;
  }

  /** Index of the first entry whose id is not below `id`. */
  #indexOf(id: StreamId): number {
    let low = 0;
    let high = this.#records.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#records[middle]?.id ?? 0n) < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
