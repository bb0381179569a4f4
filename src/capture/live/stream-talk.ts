import type { Socket } from 'node:net';
import { RespReader } from '../../bytes/resp.ts';
import { encodeCommand } from '../../bytes/resp-encode.ts';
import { RespError, type RespValue } from '../../bytes/resp-value.ts';
import type { Talk } from './way.ts';

/** Where we are in each stream, kept from one connection to the next. */
export interface Reading {
  readonly names: readonly string[];
  /** The id of the last entry that came whole, for each name. */
  readonly last: string[];
}

/** Entries of one stream in one reply: enough that the round trips cost nothing, and few enough that Redis serves others in between. */
export const COUNT = 256;
/** How long one XREAD waits. It bounds how long the end waits, too: a connection that blocks hears nothing else. */
const BLOCK_MS = 500;
/** How often to ask how many entries were added, while some are. */
const LOOK_MS = 1000;

/**
 * Asks for the next entries as soon as the last ones have come, so that they are read before they are trimmed away,
 * and from time to time how many there were (XINFO STREAM for each stream, in order).
 */
export class StreamTalk implements Talk {
  readonly #socket: Socket;
  readonly #reading: Reading;
  readonly #reader = new RespReader();
  #lookedAt = performance.now();
  #isFresh = false;
  #done: (() => void) | undefined;
  #isFinal = false;

  constructor(socket: Socket, reading: Reading) {
    this.#socket = socket;
    this.#reading = reading;
    this.#read(BLOCK_MS);
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
    if (value.type === 'null') this.#next(0);
    else if (value.type === 'array' && value.items[0]?.type === 'array')
      this.#next(this.#advance(value.items));
    // An answer to XINFO STREAM: of a stream that is not there it is an error, as after FLUSHALL.
    else if (value.type === 'error' && !/no such key/i.test(value.bytes.toString())) {
      this.#socket.destroy(new Error(value.bytes.toString()));
    }
  }

  /** Notes the last id of each stream; the most entries that one of them gave. */
  #advance(streams: readonly RespValue[]): number {
    let most = 0;
    for (const stream of streams) {
      if (stream.type !== 'array') continue;
      const [name, entries] = stream.items;
      if (name?.type !== 'bulk' || entries?.type !== 'array') continue;
      const last = entries.items.at(-1);
      const id = last?.type === 'array' ? last.items[0] : undefined;
      const index = this.#reading.names.indexOf(name.bytes.toString());
      if (id?.type !== 'bulk' || index === -1) continue;
      this.#reading.last[index] = id.bytes.toString('latin1');
      most = Math.max(most, entries.items.length);
    }
    return most;
  }

  #next(entries: number): void {
    this.#isFresh ||= entries > 0;
    if (this.#isFinal && entries === 0) {
      this.#done?.();
      return;
    }
    const isLate = performance.now() - this.#lookedAt >= LOOK_MS;
    const isEnding = this.#done !== undefined && !this.#isFinal;
    if (isEnding || (this.#isFresh && (isLate || entries === COUNT))) this.#look();
    this.#isFinal ||= isEnding;
    this.#read(this.#isFinal ? undefined : BLOCK_MS);
  }

  #look(): void {
    this.#lookedAt = performance.now();
    this.#isFresh = false;
    for (const name of this.#reading.names) this.#socket.write(encodeCommand(['XINFO', 'STREAM', name]));
  }

  #read(blockMs: number | undefined): void {
    const { names, last } = this.#reading;
    const block = blockMs === undefined ? [] : ['BLOCK', String(blockMs)];
    this.#socket.write(
      encodeCommand(['XREAD', 'COUNT', String(COUNT), ...block, 'STREAMS', ...names, ...last]),
    );
  }
}
