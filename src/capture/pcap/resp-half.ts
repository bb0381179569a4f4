import { RespReader } from '../../bytes/resp.ts';
import { RespError, type RespItems, type RespValue } from '../../bytes/resp-value.ts';
import type { Gap } from '../../model/frame.ts';
import { BoundarySearch, type TimedBytes } from './boundary-search.ts';

/** Told what one side of a connection said. */
export interface HalfListener {
  value(value: RespValue, time: number | undefined): void;
  /** Bytes are missing; told when it is known where reading goes on, or when nothing more comes. */
  gap(gap: Pick<Gap, 'reason' | 'from' | 'to'>): void;
  /** The stream is not RESP; the bytes are those at hand, from that place on. */
  broken(bytes: Buffer, message: string, time: number | undefined): void;
}

/**
 * A published message has at most 512 MB (proto-max-bulk-len), but a subscriber's buffer 32 MB: more in one value is
 * not worth the memory that a hostile file could claim.
 */
const MAX_BULK_BYTES = 128 * 1024 * 1024;

type Missing = { reason: Gap['reason']; from?: number };

/** Reads the RESP of one direction; after a gap it looks for the next verified boundary. */
export class RespHalf {
  readonly #listener: HalfListener;
  readonly #isClient: boolean;
  readonly #fits: (value: RespItems) => boolean;
  #reader: RespReader | undefined;
  #search: BoundarySearch | undefined;
  #pushed = 0;
  #time: number | undefined;
  #missing: Missing | undefined;
  /** Bytes that belong to no value that could be read whole. */
  skippedBytes = 0;

  constructor(isClient: boolean, fits: (value: RespItems) => boolean, listener: HalfListener) {
    this.#isClient = isClient;
    this.#fits = fits;
    this.#listener = listener;
  }

  /** Bytes kept in memory: of a value that is not whole, or searched. */
  get heldBytes(): number {
    return this.#reader === undefined
      ? (this.#search?.heldBytes ?? 0)
      : this.#pushed - this.#reader.consumedBytes;
  }

  /** Reading starts at a boundary: at the start of the connection, or at one that was verified. */
  start(): void {
    this.#reader = new RespReader({ inline: this.#isClient, maxBulkBytes: MAX_BULK_BYTES });
    this.#search = undefined;
    this.#pushed = 0;
  }

  data(bytes: Buffer, time: number | undefined): void {
    if (this.#reader !== undefined) {
      this.#read(this.#reader, bytes, time);
      return;
    }
    this.#search ??= new BoundarySearch(this.#fits);
    const found = this.#search.push(bytes, time);
    if (found !== undefined) this.#goOn(this.#search.skippedBytes, found);
  }

  gap(gap: Pick<Gap, 'reason'>): void {
    if (this.#reader !== undefined) this.#lose(this.#pushed - this.#reader.consumedBytes);
    this.#search?.abandon();
    const from = this.#time === undefined ? {} : { from: this.#time };
    this.#missing ??= { reason: gap.reason, ...from };
  }

  end(): void {
    this.#tellMissing(undefined);
    this.#search?.abandon();
    this.skippedBytes += this.#search?.skippedBytes ?? 0;
    this.#search = undefined;
    this.#reader = undefined;
  }

  #goOn(skippedBytes: number, found: readonly TimedBytes[]): void {
    this.skippedBytes += skippedBytes;
    this.start();
    this.#tellMissing(found[0]?.time);
    for (const { bytes, time } of found) this.data(bytes, time);
  }

  #tellMissing(to: number | undefined): void {
    if (this.#missing === undefined) return;
    this.#listener.gap({ ...this.#missing, ...(to === undefined ? {} : { to }) });
    this.#missing = undefined;
  }

  #read(reader: RespReader, bytes: Buffer, time: number | undefined): void {
    this.#time = time ?? this.#time;
    const before = this.#pushed;
    this.#pushed += bytes.length;
    reader.push(bytes);
    try {
      for (let value = reader.next(); value !== undefined; value = reader.next()) {
        this.#listener.value(value, time);
      }
    } catch (error) {
      if (!(error instanceof RespError)) throw error;
      const rest = bytes.subarray(Math.max(0, reader.consumedBytes - before));
      this.#lose(before - Math.min(before, reader.consumedBytes));
      this.#listener.broken(rest, error.message, time);
      // The first byte is where reading failed: the search begins behind it.
      this.skippedBytes += Math.min(1, rest.length);
      if (rest.length > 1) this.data(rest.subarray(1), time);
    }
  }

  #lose(bytes: number): void {
    this.skippedBytes += bytes;
    this.#reader = undefined;
    this.#search = undefined;
  }
}
