import { RespReader } from '../../bytes/resp.ts';
import { RespError, type RespItems, type RespValue } from '../../bytes/resp-value.ts';

/** Bytes of a stream with the time of the packet that brought them. */
export interface TimedBytes {
  readonly bytes: Buffer;
  readonly time: number | undefined;
}

/** A command or a delivery is an array, in RESP3 a push, whose first element is a string. */
const ARRAY = 0x2a;
const PUSH = 0x3e;
const BULK = 0x24;
const CR = 0x0d;
const LF = 0x0a;
/** Longest `*N` and `$N` with their line ends that are looked at. */
const MAX_DIGITS = 9;
/** A value that is longer cannot be verified; the search goes on inside it. */
const MAX_HELD_BYTES = 16 * 1024 * 1024;
const MAX_PIECES = 50_000;
/** Reads from wrong places may cost this many times the bytes that came. */
const MAX_EFFORT = 16;
/** So many whole values in a row are no accident; one is enough where it ends with its packet. */
const PROOF_VALUES = 2;

/**
 * Finds the start of a value in the middle of a stream: a place after a line end where `*N`, `$N` and every length
 * after them hold. Nothing less is trusted, because payloads may hold the text of commands.
 */
export class BoundarySearch {
  readonly #fits: (value: RespItems) => boolean;
  #bytes: Buffer = Buffer.alloc(4096);
  #length = 0;
  #marks: { at: number; time: number | undefined }[] = [];
  readonly #starts = new Set<number>();
  #at = 0;
  #candidate: RespReader | undefined;
  #values = 0;
  #effort = 0;
  #total = 0;
  /** Bytes that were searched in vain. */
  skippedBytes = 0;

  /** `fits` says whether the first value may be one. */
  constructor(fits: (value: RespItems) => boolean) {
    this.#fits = fits;
  }

  get heldBytes(): number {
    return this.#length;
  }

  /** The bytes from a verified boundary on, or undefined while there is none. */
  push(bytes: Buffer, time: number | undefined): TimedBytes[] | undefined {
    const isTooMuch = this.#length + bytes.length > MAX_HELD_BYTES || this.#marks.length === MAX_PIECES;
    if (isTooMuch || this.#effort > MAX_EFFORT * this.#total + MAX_HELD_BYTES) this.abandon();
    this.#append(bytes, time);
    const fresh = this.#bytes.subarray(this.#length - bytes.length, this.#length);
    if (this.#candidate !== undefined) {
      const verdict = this.#probe(this.#candidate, fresh);
      if (verdict === 'found') return this.#result();
      if (verdict === 'wrong') this.#at++;
      else return undefined;
    }
    return this.#scan();
  }

  /** Gives up what is held: bytes before a gap are never read together with those after it. */
  abandon(): void {
    this.skippedBytes += this.#length;
    this.#length = 0;
    this.#at = 0;
    this.#marks = [];
    this.#starts.clear();
    this.#candidate = undefined;
  }

  #append(bytes: Buffer, time: number | undefined): void {
    this.#total += bytes.length;
    const needed = this.#length + bytes.length;
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    bytes.copy(this.#bytes, this.#length);
    this.#marks.push({ at: this.#length, time });
    this.#starts.add(this.#length);
    this.#length = needed;
  }

  #scan(): TimedBytes[] | undefined {
    for (; this.#at < this.#length; this.#at++) {
      const header = this.#headerAt(this.#at);
      if (header === 'no') continue;
      if (header === 'more') return undefined;
      this.#candidate = new RespReader({ maxBulkBytes: MAX_HELD_BYTES });
      this.#values = 0;
      // The reader keeps views, and the buffer is used again.
      const verdict = this.#probe(this.#candidate, this.#bytes.subarray(this.#at, this.#length));
      if (verdict === 'found') return this.#result();
      if (verdict === 'open') return undefined;
    }
    return undefined;
  }

  #probe(reader: RespReader, bytes: Buffer): 'found' | 'wrong' | 'open' {
    this.#effort += bytes.length;
    reader.push(bytes);
    try {
      for (let value = reader.next(); value !== undefined; value = reader.next()) {
        if (this.#values === 0 && !(isItems(value) && this.#fits(value))) return this.#reject();
        if (++this.#values === PROOF_VALUES) return 'found';
      }
    } catch (error) {
      if (!(error instanceof RespError)) throw error;
      return this.#reject();
    }
    return this.#values > 0 && reader.consumedBytes === this.#length - this.#at ? 'found' : 'open';
  }

  #reject(): 'wrong' {
    this.#candidate = undefined;
    return 'wrong';
  }

  #result(): TimedBytes[] {
    this.skippedBytes += this.#at;
    const found: TimedBytes[] = [];
    for (const [index, mark] of this.#marks.entries()) {
      const end = this.#marks[index + 1]?.at ?? this.#length;
      if (end > this.#at) {
        found.push({ bytes: this.#bytes.subarray(Math.max(mark.at, this.#at), end), time: mark.time });
      }
    }
    return found;
  }

  /** Whether `*N` CRLF `$N` CRLF stands at this place, where a line may begin; `more` while that is open. */
  #headerAt(at: number): 'yes' | 'no' | 'more' {
    const bytes = this.#bytes;
    if (bytes[at] !== ARRAY && bytes[at] !== PUSH) return 'no';
    const isLineStart = at === 0 || (bytes[at - 1] === LF && bytes[at - 2] === CR);
    if (!isLineStart && !this.#starts.has(at)) return 'no';
    const second = this.#lineEnd(at + 1);
    if (typeof second === 'string') return second;
    if (second >= this.#length) return 'more';
    if (bytes[second] !== BULK) return 'no';
    const end = this.#lineEnd(second + 1);
    return typeof end === 'string' ? end : 'yes';
  }

  /** Where the line after the digits at `at` begins. */
  #lineEnd(at: number): number | 'no' | 'more' {
    let end = at;
    while (end < this.#length && end - at <= MAX_DIGITS && isDigit(this.#bytes[end])) end++;
    if (end + 1 >= this.#length) return end === this.#length || this.#bytes[end] === CR ? 'more' : 'no';
    if (end === at || this.#bytes[end] !== CR || this.#bytes[end + 1] !== LF) return 'no';
    return end + 2;
  }
}

function isItems(value: RespValue): value is RespItems {
  return value.type === 'array' || value.type === 'push';
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}
