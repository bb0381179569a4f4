import type { StreamState, StreamWords } from '../../redis/stream-info.ts';
import { earlierOf, isAfter, isSameEntry } from './stream-state.ts';

/**
 * What has become of a stream since the last look: it goes on; it lost its last entries and goes on from there, as
 * after a failover; or all of it is new, as after DEL and FLUSHALL. The last two are read again from `from` on.
 */
export type Turn = { readonly is: 'same' } | { readonly is: 'back' | 'anew'; readonly from: string };

export interface LookContext {
  /** The connection was lost since the last look, so that an older state of the data may be back. */
  readonly isAfterBreak: boolean;
}

const BEGINNING = '0-0';
const SAME: Turn = { is: 'same' };

/**
 * What is known of a stream, to notice that it is another one. Whoever reads the same replies with the same questions
 * in between comes to the same conclusions.
 *
 * Ids never go back within a stream's life, the count of what was ever added neither, and what is first in a stream
 * from which nothing was removed stays first (redis 7.0.15, src/t_stream.c). A stream that was made anew with just as
 * many entries, equal in what its first and last ones say, cannot be told from the former.
 */
export class StreamLife {
  /** Where the reading stands: the next XREAD asks for what comes after it. */
  position = BEGINNING;
  #state: StreamState;
  /** The greatest id that is known, and the entry that has it where that is known. */
  #lastId: string;
  #last: StreamWords | undefined;
  /** Entries read that had not been added at the last look. */
  #fresh = 0;

  constructor(state: StreamState, since: string | undefined) {
    this.#state = state;
    this.#lastId = state.lastId;
    this.#last = state.last;
    this.position = since ?? state.lastId;
  }

  get lastId(): string {
    return this.#lastId;
  }

  read(entry: StreamWords): void {
    if (!isAfter(entry.id, this.#lastId)) return;
    this.#lastId = entry.id;
    this.#last = entry;
    this.#fresh++;
  }

  look(state: StreamState, { isAfterBreak }: LookContext): Turn {
    const turn = this.#isAnother(state) ? this.#nameTurn(state, { isAfterBreak }) : SAME;
    this.#state = state;
    this.#lastId = state.lastId;
    this.#last = state.last;
    this.#fresh = 0;
    if (turn.is !== 'same') this.position = turn.from;
    return turn;
  }

  #nameTurn(state: StreamState, { isAfterBreak }: LookContext): Turn {
    if (!isAfterBreak || !this.#hasOurs(state)) return { is: 'anew', from: BEGINNING };
    return { is: 'back', from: earlierOf(this.position, earlierOf(state.lastId, this.#state.lastId)) };
  }

  #isAnother({ length, lastId, added, first, last }: StreamState): boolean {
    const before = this.#state;
    if (isAfter(this.#lastId, lastId)) return true;
    if (added !== undefined && before.added !== undefined) {
      if (added < before.added + this.#fresh) return true;
      const hasLostNone = added === length;
      if (hasLostNone && before.added > before.length) return true;
      if (hasLostNone && before.first !== undefined && !isSameEntry(first, before.first)) return true;
    }
    return isOtherByContent(first, before.first) || isOtherByContent(last, this.#last);
  }

  /** Whether entries are in it that were there before: then it has only lost its last ones. */
  #hasOurs({ first, last }: StreamState): boolean {
    const before = this.#state.first;
    if (first === undefined || isAfter(first.id, this.#lastId)) return false;
    // A stream that begins earlier than it did has what was trimmed away since.
    if (before !== undefined && (isSameEntry(first, before) || isAfter(before.id, first.id))) return true;
    return isSameEntry(last, this.#state.last);
  }
}

function isOtherByContent(now: StreamWords | undefined, before: StreamWords | undefined): boolean {
  return now !== undefined && now.id === before?.id && !isSameEntry(now, before);
}
