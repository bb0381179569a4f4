import type { Gap } from '../../model/frame.ts';
import { RecentEntries } from './recent-entries.ts';
import { type LookContext, StreamLife } from './stream-life.ts';
import { type StreamState, type StreamWords, timeOf } from '../../redis/stream-info.ts';
import { isAfter } from './stream-state.ts';

type Gaps = readonly Gap[];
const NONE: Gaps = [];
const BEGINNING = '0-0';

/**
 * Compares what was read of one stream with what was added to it, to know what was trimmed away in between, and
 * passes over what comes a second time because the stream is read anew.
 */
export class StreamAccount {
  readonly name: string;
  readonly key: Buffer;
  readonly #life: StreamLife;
  /** Up to this id everything is accounted for, and so many entries had been added then. */
  #settledId: string;
  #settledAdded: number | undefined;
  /** Entries read after `settledId`. */
  #readCount = 0;
  #readId: string;
  #pending: StreamState | undefined;
  /** Gaps that stand before whatever is read next. */
  #before: Gaps = NONE;
  /** Read since the last look, and thus perhaps of the life that the next look finds. */
  #recent = new RecentEntries();
  /** What may come again. */
  #doubles = new RecentEntries();
  /** The reply that comes next was asked for before the stream was found to be another one. */
  #isStale = false;

  /** Reading begins after `since`, or after what is there now. */
  constructor(name: string, state: StreamState, since: string | undefined) {
    this.name = name;
    this.key = Buffer.from(name);
    this.#life = new StreamLife(state, since);
    this.#settledId = state.lastId;
    this.#settledAdded = state.added;
    this.#readId = since ?? state.lastId;
    const { first, added, length } = state;
    const wasTrimmed = added === undefined || added > length;
    if (since === undefined || since === BEGINNING || !wasTrimmed || first === undefined) return;
    if (isAfter(first.id, since)) this.#before = [gapBetween(since, first.id)];
  }

  /** Another connection: the reply that was under way on the last one will not come. */
  resume(): void {
    this.#isStale = false;
  }

  /** Redis has said at `time` (microseconds) how the stream is, after all that was read so far. */
  look(state: StreamState, { isAfterBreak, time }: LookContext & { readonly time: number }): void {
    const { lastId } = this.#life;
    const recent = this.#recent;
    this.#recent = new RecentEntries();
    const turn = this.#life.look(state, { isAfterBreak });
    if (turn.is === 'same') {
      this.#note(state);
      return;
    }
    // Nobody can know how much was added to the former stream and went with it.
    const from = timeOf(lastId);
    const to = turn.is === 'anew' && state.first !== undefined ? timeOf(state.first.id) : time;
    this.#before = [...this.#before, { via: 'stream', reason: 'trimmed', from, to: Math.max(from, to) }];
    this.#doubles = recent;
    this.#isStale = true;
    this.#pending = undefined;
    this.#readCount = 0;
    this.#readId = turn.from;
    this.#settledId = turn.is === 'anew' ? BEGINNING : state.lastId;
    this.#settledAdded = turn.is === 'anew' ? 0 : state.added;
  }

  /** An entry comes; answers the gaps before it, or nothing where the entry has come before. */
  read(entry: StreamWords): Gaps | undefined {
    this.#life.read(entry);
    if (this.#isStale) {
      this.#doubles.add(entry);
      return this.#takeBefore();
    }
    const isBeyond = this.#pending !== undefined && isAfter(entry.id, this.#pending.lastId);
    const settled = isBeyond ? this.#settle() : NONE;
    if (isAfter(entry.id, this.#settledId)) this.#readCount++;
    this.#readId = entry.id;
    const isDouble = this.#doubles.has(entry);
    this.#recent.add(entry);
    if (settled.length > 0) this.#before = [...this.#before, ...settled];
    return isDouble ? undefined : this.#takeBefore();
  }

  /** A reply is over; `isAll` when everything that was there has been read. Answers the gaps after it. */
  endReply(isAll: boolean): Gaps {
    const wasStale = this.#isStale;
    this.#isStale = false;
    if (wasStale || !isAll) return this.#takeBefore();
    this.#doubles = new RecentEntries();
    return [...this.#takeBefore(), ...this.#settle()];
  }

  #note(state: StreamState): void {
    const { added, first, lastId } = state;
    if (added !== undefined) {
      this.#pending ??= state;
    } else if (
      this.#readId !== BEGINNING &&
      first !== undefined &&
      isAfter(first.id, this.#readId) &&
      isAfter(lastId, this.#readId)
    ) {
      // An older Redis does not count; but our place is gone while there is more to read.
      this.#before = [...this.#before, gapBetween(this.#readId, first.id)];
    }
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
    return missed > 0 ? [gapBetween(from, look.lastId, missed)] : NONE;
  }
}

/** Both are stream ids; their times are the gap's. */
function gapBetween(from: string, to: string, missed?: number): Gap {
  const gap: Gap = { via: 'stream', reason: 'trimmed', from: timeOf(from), to: timeOf(to) };
  return missed === undefined ? gap : { ...gap, missed };
}
