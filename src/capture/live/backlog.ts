import { type Arrival, Spool } from './spool.ts';

export interface BacklogOptions {
  /** Memory for what has arrived and is not decoded yet; then a spool file is used. Default 256 MB. */
  readonly bufferBytes?: number;
  /** Where the spool file may be made. Default: the system's directory for temporary files. */
  readonly spoolDirectory?: string;
  /** Called once when the spool file is needed, and again for each time after it was emptied. */
  readonly onSpool?: () => void;
}

const DEFAULT_BUFFER_BYTES = 256 * 1024 * 1024;
/** The part of it for what waits for the disk: more means that the disk is slower than Redis. */
const UNWRITTEN_BYTES = 64 * 1024 * 1024;
const WRITE_BYTES = 4 * 1024 * 1024;
/** What an arrival costs besides its bytes: the Buffer and its place in the queue. */
const ARRIVAL_OVERHEAD_BYTES = 200;
/** Arrivals that were taken and still stand in the queue's array: seldom enough to be cheap, often enough to be small. */
const COMPACT_AT = 4096;

/**
 * What has arrived and is not decoded yet, in order: first in memory (`ready`), the rest in a file, and behind that
 * what is still on its way into the file (`unwritten`). Pushing never waits.
 */
export class Backlog {
  readonly #options: BacklogOptions;
  /** Arrivals are spooled when those at hand are more. */
  readonly #limit: number;
  #ready: Arrival[] = [];
  #head = 0;
  #readyBytes = 0;
  #unwritten: Arrival[] = [];
  #unwrittenBytes = 0;
  #spool: Spool | undefined;
  /** New arrivals queue up behind the file while this is true. */
  #spooling = false;
  #writing: Promise<void> | undefined;
  #broken = false;
  #ended = false;
  /** All that was ever pushed: its growth tells whether the socket had something. */
  pushedBytes = 0;
  #wake: () => void = () => undefined;

  constructor(options: BacklogOptions = {}) {
    this.#options = options;
    const bytes = options.bufferBytes ?? DEFAULT_BUFFER_BYTES;
    this.#limit = Math.max(bytes - UNWRITTEN_BYTES, bytes / 2);
  }

  /** False when there is no room for more: this arrival is kept, but no other may come before `hasRoom`. */
  push(arrival: Arrival): boolean {
    const cost = costOf(arrival);
    this.pushedBytes += arrival.bytes.length;
    if (!this.#spooling && this.#readyBytes + cost > this.#limit) {
      this.#spooling = true;
      this.#options.onSpool?.();
    }
    if (this.#spooling) {
      this.#unwritten.push(arrival);
      this.#unwrittenBytes += cost;
      this.#write();
    } else {
      this.#ready.push(arrival);
      this.#readyBytes += cost;
    }
    this.#wake();
    return this.#memoryBytes() < this.#limit + (this.#broken ? 0 : UNWRITTEN_BYTES);
  }

  /**
   * Whether pushing makes sense again after it did not. Where the disk has refused, not before the spool is read back:
   * each part of it that is read takes memory, and nothing more can be put there.
   */
  get hasRoom(): boolean {
    return !this.#broken && this.#memoryBytes() <= this.#limit / 2;
  }

  /** The next arrival if it is at hand. */
  take(): Arrival | undefined {
    const arrival = this.#ready[this.#head];
    if (arrival === undefined) return undefined;
    this.#head++;
    this.#readyBytes -= costOf(arrival);
    if (this.#head === this.#ready.length) {
      this.#ready = [];
      this.#head = 0;
    } else if (this.#head >= COMPACT_AT) {
      this.#ready = this.#ready.slice(this.#head);
      this.#head = 0;
    }
    return arrival;
  }

  /** Resolves when `take` may have something; false when nothing will come any more. */
  async more(): Promise<boolean> {
    for (;;) {
      if (this.#head < this.#ready.length) return true;
      if (this.#spooling) {
        await this.#refill();
      } else {
        if (this.#ended) return false;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }

  /** Nothing will be pushed any more. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async close(): Promise<void> {
    this.end();
    await this.#writing;
    await this.#spool?.close();
    this.#spool = undefined;
  }

  #memoryBytes(): number {
    return this.#readyBytes + this.#unwrittenBytes;
  }

  #write(): void {
    if (this.#broken || this.#unwritten.length === 0) return;
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
  }

  async #writeAll(): Promise<void> {
    try {
      this.#spool ??= await Spool.open(this.#options.spoolDirectory);
      while (this.#unwritten.length > 0) {
        const batch = this.#nextBatch();
        await this.#spool.append(batch);
        this.#unwritten.splice(0, batch.length);
        for (const arrival of batch) this.#unwrittenBytes -= costOf(arrival);
      }
    } catch {
      // A full or forbidden disk: what is unwritten stays in memory, and `push` says that there is no room.
      this.#broken = true;
    }
  }

  #nextBatch(): readonly Arrival[] {
    let bytes = 0;
    let count = 0;
    for (const arrival of this.#unwritten) {
      bytes += arrival.bytes.length;
      count++;
      if (bytes >= WRITE_BYTES) break;
    }
    return this.#unwritten.slice(0, count);
  }

  /** Brings the file's next part, or what never reached it, into memory. Called with nothing ready only. */
  async #refill(): Promise<void> {
    if (this.#spool === undefined || this.#spool.bytes === 0) {
      while (this.#writing !== undefined) await this.#writing;
    }
    const spool = this.#spool;
    if (spool !== undefined && spool.bytes > 0) {
      this.#admit(await spool.read());
      return;
    }
    // Nothing is being written and nothing is left to read: memory is in order again, and the file is given back.
    this.#admit(this.#unwritten);
    this.#unwritten = [];
    this.#unwrittenBytes = 0;
    this.#spooling = false;
    this.#broken = false;
    this.#spool = undefined;
    await spool?.close();
  }

  #admit(arrivals: readonly Arrival[]): void {
    for (const arrival of arrivals) {
      this.#ready.push(arrival);
      this.#readyBytes += costOf(arrival);
    }
  }
}

function costOf({ bytes }: Arrival): number {
  return bytes.length + ARRIVAL_OVERHEAD_BYTES;
}
