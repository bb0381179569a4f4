import type { MessageSeen } from '../../analyse/correlate-thread.ts';
import type { StreamRead } from '../../model/frame.ts';
import { noteUnder } from './bounded.ts';

/** An XREAD that was behind what had been written by then. Without lag the numbers are 0. */
export interface Reading {
  readonly client: string;
  readonly stream: string;
  /** Microseconds since 1970. */
  readonly at: number;
  /** Between the entry after which it reads and the newest that was there. */
  readonly behindMs: number;
  /** Entries seen to be written that it had not read yet. */
  readonly behindEntries: number;
}

/** An XRANGE to the end of a stream, as a session is restored. */
export interface Restoring {
  readonly client: string;
  readonly stream: string;
  readonly at: number;
  /** Milliseconds since 1970 of the entry from which on it reads. */
  readonly fromMs: number;
  /** Entries and payload bytes from there on, as far as they were seen; undefined where some were written before. */
  readonly entries?: number;
  readonly bytes?: number;
}

interface Stream {
  /** When entries were written (microseconds) and how large they were, in order; the oldest are forgotten. */
  readonly times: number[];
  readonly sizes: number[];
  /** What all readings are behind by at least: two clocks in one capture. */
  skewMs: number;
  readonly readings: Map<string, Reading[]>;
}

/** Entries remembered for a stream: the default `maxLen` of the adapter, and as many again. */
const MAX_ENTRIES = 20_000;
const READINGS_KEPT = 3;
const MAX_RESTORINGS = 1000;
const MAX_PENDING = 1000;

/** Who writes to streams, and who reads them how far behind. */
export class Streams {
  readonly restorings: Restoring[] = [];
  #hasReads = false;
  readonly #pending: StreamRead[] = [];
  readonly #streams = new Map<string, Stream>();

  add({ frame, message }: MessageSeen): void {
    if (frame.entry === undefined || frame.channel === undefined || message.adapter !== 'redis-streams')
      return;
    const stream = noteUnder(this.#streams, Buffer.from(frame.channel).toString('utf8'), begin);
    if (stream === undefined || frame.time === undefined) return;
    this.#settle(frame.time);
    if (stream.times.length >= 2 * MAX_ENTRIES) {
      stream.times.splice(0, MAX_ENTRIES);
      stream.sizes.splice(0, MAX_ENTRIES);
    }
    stream.times.push(frame.time);
    stream.sizes.push(frame.payload?.length ?? 0);
  }

  /** A reading may be told before the messages that came before it: a capture is observed in blocks. */
  addRead(read: StreamRead): void {
    this.#hasReads = true;
    if (this.#pending.length >= MAX_PENDING) this.#settle(Number.POSITIVE_INFINITY);
    this.#pending.push(read);
  }

  finish(): void {
    this.#settle(Number.POSITIVE_INFINITY);
  }

  #settle(before: number): void {
    let [read] = this.#pending;
    while (read !== undefined && (read.time ?? 0) < before) {
      this.#pending.shift();
      this.#judge(read);
      [read] = this.#pending;
    }
  }

  #judge(read: StreamRead): void {
    const name = Buffer.from(read.stream).toString('utf8');
    const stream = this.#streams.get(name);
    const [, ms] = /^(\d+)(?:-\d+)?$/.exec(read.from) ?? [];
    if (stream === undefined || read.time === undefined || read.client === undefined || !(Number(ms) > 0))
      return;
    const one = { stream: name, client: read.client, at: read.time };
    if (read.command === 'XREAD') note(stream, measure(stream, one, Number(ms)), read.via === 'pcap');
    else if (read.to === '+' && read.count === undefined && this.restorings.length < MAX_RESTORINGS)
      this.restorings.push({ ...one, fromMs: Number(ms), ...lengthFrom(stream, Number(ms)) });
  }

  /** Streams that the adapter was seen to write. */
  names(): readonly string[] {
    return [...this.#streams.keys()];
  }

  /** True where the capture shows who reads: MONITOR and packets do. */
  get showsReads(): boolean {
    return this.#hasReads;
  }

  /** The last readings of each reader, in order of time. */
  readers(): readonly (readonly Reading[])[] {
    return [...this.#streams.values()].flatMap(({ readings, skewMs }) =>
      [...readings.values()].map((list) =>
        list.map((reading) => ({ ...reading, behindMs: reading.behindMs - skewMs })),
      ),
    );
  }

  /** Bytes of an entry's payload, on average; 0 where none was seen. */
  meanBytes(name: string): number {
    const sizes = this.#streams.get(name)?.sizes ?? [];
    return sizes.length === 0 ? 0 : sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
  }
}

function begin(): Stream {
  return { times: [], sizes: [], skewMs: 0, readings: new Map() };
}

function measure({ times }: Stream, one: Pick<Reading, 'client' | 'stream' | 'at'>, fromMs: number): Reading {
  const newest = times.at(-1) ?? 0;
  return {
    ...one,
    behindMs: Math.max(0, newest / 1000 - fromMs),
    behindEntries: times.length - firstAfter(times, fromMs),
  };
}

/** Entry ids are Redis' clock, packets have that of the machine that captured them: who is nearest is taken for up to date. */
function note(stream: Stream, reading: Reading, hasOtherClock: boolean): void {
  const list = noteUnder(stream.readings, reading.client, (): Reading[] => []);
  if (list === undefined) return;
  if (hasOtherClock) {
    const isFirst = [...stream.readings.values()].every(({ length }) => length === 0);
    stream.skewMs = isFirst ? reading.behindMs : Math.min(stream.skewMs, reading.behindMs);
  }
  list.push(reading);
  if (list.length > READINGS_KEPT) list.shift();
}

function lengthFrom({ times, sizes }: Stream, fromMs: number): Pick<Restoring, 'entries' | 'bytes'> {
  const at = firstAfter(times, fromMs);
  // Entries that were written before the capture may belong to it.
  if (at === 0) return {};
  return { entries: times.length - at, bytes: sizes.slice(at).reduce((sum, size) => sum + size, 0) };
}

/** Index of the first entry that was written in a later millisecond. */
function firstAfter(times: readonly number[], ms: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) < (ms + 1) * 1000) low = middle + 1;
    else high = middle;
  }
  return low;
}
