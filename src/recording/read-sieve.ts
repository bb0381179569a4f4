import type { Captured } from '../model/frame.ts';

/** XREADs of one connection from one stream closer to each other than this say the same. */
const APART_MICROS = 500_000;
const MOST_READERS = 4096;

/**
 * Servers ask for more of a stream as often as something is in it, each of them: recorded one by one that would be more
 * than all that is said. How far behind a server is, and the doctor asks for nothing else, one in half a second tells.
 */
export class ReadSieve {
  readonly #last = new Map<string, number>();

  /** The same item; without what it asked for where that was asked a moment ago. */
  thin(captured: Captured): Captured {
    if (captured.is !== 'other' || captured.read?.command !== 'XREAD') return captured;
    const { read, ...rest } = captured;
    const { client = '', stream, time = 0 } = read;
    const id = `${client} ${Buffer.from(stream).toString('latin1')}`;
    const last = this.#last.get(id);
    if (last !== undefined && Math.abs(time - last) < APART_MICROS) return rest;
    if (this.#last.size >= MOST_READERS) this.#last.clear();
    this.#last.set(id, time);
    return captured;
  }
}
