import { type Answer, listOf, textOf } from './questions.ts';

/** One entry as Redis tells it: its id, then field and value in turn. */
export interface StreamWords {
  readonly id: string;
  readonly words: readonly Buffer[];
}

/** What XINFO STREAM says of a stream. */
export interface StreamState {
  readonly length: number;
  /** The greatest id that was ever given out; `0-0` where none was. */
  readonly lastId: string;
  /** Entries ever added; from Redis 7.0 on. */
  readonly added?: number;
  readonly first?: StreamWords;
  readonly last?: StreamWords;
}

/** A stream that is not there. */
export const NO_STREAM: StreamState = { length: 0, lastId: '0-0', added: 0 };

/** Of the reply to XINFO STREAM. */
export function readStreamState(answer: Answer): StreamState {
  const items = listOf(answer);
  const field = (name: string): Answer | undefined => {
    const at = items.findIndex((item, index) => index % 2 === 0 && textOf(item) === name);
    return at === -1 ? undefined : items[at + 1];
  };
  const added = field('entries-added');
  const [first, last] = [toWords(field('first-entry')), toWords(field('last-entry'))];
  return {
    length: Number(field('length') ?? 0),
    lastId: textOf(field('last-generated-id')),
    ...(added === undefined ? {} : { added: Number(added) }),
    ...(first === undefined ? {} : { first }),
    ...(last === undefined ? {} : { last }),
  };
}

function toWords(answer: Answer | undefined): StreamWords | undefined {
  const [id, words] = listOf(answer);
  if (id === undefined) return undefined;
  return { id: textOf(id), words: listOf(words).flatMap((word) => (Buffer.isBuffer(word) ? [word] : [])) };
}

/** Microseconds since 1970: the clock of the Redis that made the id. */
export function timeOf(id: string): number {
  return Number.parseInt(id, 10) * 1000;
}
