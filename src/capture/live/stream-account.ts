import type { Captured, Gap } from '../../model/frame.ts';

/** What XINFO STREAM says of a stream. */
export interface StreamState {
  readonly length: number;
  readonly firstId?: string;
  readonly lastId: string;
  /** Entries ever added; from Redis 7.0 on. */
  readonly added?: number;
}

type Gaps = readonly Captured[];
const NONE: Gaps = [];

/** Compares what was read of one stream with what was added to it, to know what was trimmed away in between. */
export class StreamAccount {
  readonly name: string;
  readonly key: Buffer;
  /** Up to this id everything is accounted for, and so many entries had been added then. */
  #settledId = '0-0';
  #settledAdded: number | undefined;
  /** Entries read after `settledId`. */
  #readCount = 0;
  #readId = '0-0';
  #pending: StreamState | undefined;
  /** Gaps that stand before whatever is read next. */
  #before: Gaps = NONE;

  constructor(name: string) {
    this.name = name;
    this.key = Buffer.from(name);
  }

  /** Reading begins after `since`, or after what is there now. */
  begin(state: StreamState, since: string | undefined): void {
    this.#settledId = state.lastId;
    this.#settledAdded = state.added;
    this.#readId = since ?? state.lastId;
    const { firstId, added, length } = state;
    const wasTrimmed = added === undefined || added > length;
    if (since === undefined || since === '0-0' || !wasTrimmed || firstId === undefined) return;
    if (isAfter(firstId, since)) this.#before = [gapBetween(since, firstId)];
  }

  /** Redis has said how the stream is, after all that was read so far. */
  look(state: StreamState): void {
    const { added, firstId, lastId } = state;
    if (added !== undefined) {
      this.#pending ??= state;
    } else if (firstId !== undefined && isAfter(firstId, this.#readId) && isAfter(lastId, this.#readId)) {
      // An older Redis does not count; but our place is gone while there is more to read.
      this.#before = [...this.#before, gapBetween(this.#readId, firstId)];
    }
  }

  /** An entry comes; answers the gaps before it. */
  read(id: string): Gaps {
    const gaps = this.#takeBefore();
    const isBeyond = this.#pending !== undefined && isAfter(id, this.#pending.lastId);
    const settled = isBeyond ? this.#settle() : NONE;
    if (isAfter(id, this.#settledId)) this.#readCount++;
    this.#readId = id;
    return [...gaps, ...settled];
  }

  /** Everything that was there has been read. */
  allRead(): Gaps {
    return [...this.#takeBefore(), ...this.#settle()];
  }

  #takeBefore(): Gaps {
    const gaps = this.#before;
    this.#before = NONE;
    return gaps;
  }

  /** What was added up to the look and was not read is missing. */
  #settle(): Gaps {
    const look = this.#pending;
    if (look?.added === undefined) return NONE;
    const missed = look.added - (this.#settledAdded ?? 0) - this.#readCount;
    const from = this.#settledId;
    this.#pending = undefined;
    this.#settledId = look.lastId;
    this.#settledAdded = look.added;
    this.#readCount = 0;
    // Fewer than were read: the stream was deleted and begun anew.
    return missed > 0 ? [gapBetween(from, look.lastId, missed)] : NONE;
  }
}

/** Both are stream ids; their times are the gap's. */
function gapBetween(from: string, to: string, missed?: number): Captured {
  const gap: Gap = { via: 'stream', reason: 'trimmed', from: timeOf(from), to: timeOf(to) };
  return { is: 'gap', gap: missed === undefined ? gap : { ...gap, missed } };
}

/** Microseconds since 1970: the clock of the Redis that made the id. */
export function timeOf(id: string): number {
  return Number.parseInt(id, 10) * 1000;
}

/** Whether stream id `a` comes after `b`; both are `ms-seq`, 64 bits each. */
function isAfter(a: string, b: string): boolean {
  const [aMs = 0n, aSeq = 0n] = a.split('-').map(BigInt);
  const [bMs = 0n, bSeq = 0n] = b.split('-').map(BigInt);
  return aMs === bMs ? aSeq > bSeq : aMs > bMs;
}
