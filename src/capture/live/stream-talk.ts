import type { Socket } from 'node:net';
import { RespReader } from '../../bytes/resp.ts';
import { encodeCommand } from '../../bytes/resp-encode.ts';
import { RespError, type RespValue } from '../../bytes/resp-value.ts';
import type { StreamLife } from './stream-life.ts';
import type { StreamState } from '../../redis/stream-info.ts';
import { entriesOf, readDescription } from './stream-state.ts';
import type { Talk } from './way.ts';

/** A stream that is read, kept from one connection to the next. */
export interface Reading {
  readonly name: string;
  readonly key: Buffer;
  readonly life: StreamLife;
}

/** Entries of one stream in one reply: enough that the round trips cost nothing, and few enough that Redis serves others in between. */
export const COUNT = 256;
/** How long one XREAD waits. It bounds how long the end waits, too: a connection that blocks hears nothing else. */
const BLOCK_MS = 500;
/** How often to ask what has become of the streams: while entries come, and while none do. */
const LOOK_MS = 1000;
const IDLE_LOOK_MS = 5000;
/** So many bytes of XINFO's answers a millisecond, while entries come and while none do: its first and last entry may be giants. */
const LOOK_BYTES_PER_MS = 1000;
const IDLE_LOOK_BYTES_PER_MS = 100;
/** What was read since the last look may have to be told from what comes a second time: not too much of it. */
const LOOK_ENTRIES = 2000;

/**
 * Asks for the next entries as soon as the last ones have come, so that they are read before they are trimmed away,
 * and from time to time what has become of the streams (XINFO STREAM for each, in order, then an XREAD that does not
 * wait). A stream that is another one by then is read anew.
 */
export class StreamTalk implements Talk {
  readonly #socket: Socket;
  readonly #streams: readonly Reading[];
  readonly #isResumed: boolean;
  readonly #reader = new RespReader();
  /** Answers to XINFO so far. */
  #described = 0;
  #lookedAt = 0;
  #lookBytes = 0;
  #sinceLook = 0;
  /** Those whose next reply to XREAD was asked for before they were found to be others. */
  readonly #turned = new Set<Reading>();
  #done: (() => void) | undefined;
  #isFinal = false;

  constructor(socket: Socket, streams: readonly Reading[], isResumed: boolean) {
    this.#socket = socket;
    this.#streams = streams;
    this.#isResumed = isResumed;
    this.#ask({ looks: true, waits: false });
  }

  readonly hear = (bytes: Buffer): void => {
    try {
      this.#reader.push(bytes);
      for (let value = this.#reader.next(); value !== undefined; value = this.#reader.next())
        this.#take(value);
    } catch (error) {
      // The decoder meets the same bytes, and says it.
      if (!(error instanceof RespError)) throw error;
    }
  };

  readonly finish = (): Promise<void> =>
    new Promise((resolve) => {
      this.#done = resolve;
    });

  readonly end = (): void => {
    this.#done?.();
  };

  #take(value: RespValue): void {
    const state = readDescription(value);
    if (state !== undefined) {
      this.#describe(state);
      this.#lookBytes += value.length;
    } else if (value.type === 'error') {
      this.#socket.destroy(new Error(value.bytes.toString()));
    } else {
      this.#next(this.#advance(value));
    }
  }

  #describe(state: StreamState): void {
    const stream = this.#streams[this.#described % this.#streams.length];
    if (stream === undefined) return;
    const isAfterBreak = this.#isResumed && this.#described < this.#streams.length;
    this.#described++;
    if (stream.life.look(state, { isAfterBreak }).is !== 'same') this.#turned.add(stream);
  }

  /** Notes where each stream was read to; the most entries that one of them gave. */
  #advance(reply: RespValue): number {
    let most = 0;
    for (const stream of this.#streams) {
      const entries = entriesOf(reply, stream.key);
      for (const entry of entries) stream.life.read(entry);
      const last = entries.at(-1);
      if (last !== undefined && !this.#turned.has(stream)) stream.life.position = last.id;
      most = Math.max(most, entries.length);
    }
    return most;
  }

  #next(entries: number): void {
    this.#sinceLook += entries;
    const isRereading = this.#turned.size > 0;
    this.#turned.clear();
    if (this.#isFinal && entries === 0 && !isRereading) {
      this.#done?.();
      return;
    }
    // What is read anew by now is looked at once more before the end.
    if (isRereading) this.#isFinal = false;
    const isEnding = this.#done !== undefined && !this.#isFinal;
    const looks = isEnding || (!isRereading && this.#isTimeToLook(entries));
    this.#isFinal ||= isEnding;
    this.#ask({ looks, waits: !looks && !isRereading && !this.#isFinal });
  }

  #isTimeToLook(entries: number): boolean {
    if (entries === COUNT || this.#sinceLook >= LOOK_ENTRIES) return true;
    const sinceMs = performance.now() - this.#lookedAt;
    const isIdle = this.#sinceLook === 0;
    return isIdle
      ? sinceMs >= Math.max(IDLE_LOOK_MS, this.#lookBytes / IDLE_LOOK_BYTES_PER_MS)
      : sinceMs >= Math.max(LOOK_MS, this.#lookBytes / LOOK_BYTES_PER_MS);
  }

  /** All in one piece: what XINFO says and what XREAD gives belong together. */
  #ask({ looks, waits }: { readonly looks: boolean; readonly waits: boolean }): void {
    this.#socket.cork();
    if (looks) this.#look();
    const names = this.#streams.map(({ name }) => name);
    const positions = this.#streams.map(({ life }) => life.position);
    const block = waits ? ['BLOCK', String(BLOCK_MS)] : [];
    this.#socket.write(
      encodeCommand(['XREAD', 'COUNT', String(COUNT), ...block, 'STREAMS', ...names, ...positions]),
    );
    this.#socket.uncork();
  }

  #look(): void {
    this.#lookedAt = performance.now();
    this.#lookBytes = 0;
    this.#sinceLook = 0;
    for (const { name } of this.#streams) this.#socket.write(encodeCommand(['XINFO', 'STREAM', name]));
  }
}
