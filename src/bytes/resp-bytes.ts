const CR = 0x0d;
const LF = 0x0a;
const EMPTY = Buffer.alloc(0);
/** Headers are short: this far a loop is faster than a call of indexOf. */
const SHORT_LINE = 24;
const FIRST_CAPACITY = 64;

/**
 * Chunks of a stream as lines and runs of bytes. What lies within one chunk is a view into it; what crosses from one
 * chunk into the next is gathered in a buffer that doubles, so that each byte is copied a bounded number of times
 * and no more than twice the bytes that came are ever allocated.
 */
export class ChunkedBytes {
  /** The buffer that holds the line last found, and where it lies there, without its LF. */
  line: Buffer = EMPTY;
  from = 0;
  to = 0;
  crlf = true;

  #waiting: Buffer[] = [];
  #next = 0;
  #chunk: Buffer = EMPTY;
  #at = 0;
  #base = 0;
  #held: Buffer = EMPTY;
  #heldBytes = 0;

  push(chunk: Uint8Array): void {
    const bytes = Buffer.isBuffer(chunk)
      ? chunk
      : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (this.#at < this.#chunk.length || this.#next < this.#waiting.length) this.#waiting.push(bytes);
    else this.#begin(bytes);
  }

  /** Bytes of the stream that have been read, those of an unfinished token included. */
  get position(): number {
    return this.#base + this.#at;
  }

  /** Bytes gathered of a token that is not whole yet. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** First byte of the next token, or undefined when there is none yet. */
  peek(): number | undefined {
    if (this.#heldBytes > 0) return this.#held[0];
    if (this.#at === this.#chunk.length && !this.#advance()) return undefined;
    return this.#chunk[this.#at];
  }

  /** Finds the next line and passes it; false when its LF has not come. */
  readLine(): boolean {
    if (this.#heldBytes > 0) return this.#gatherLine();
    const chunk = this.#chunk;
    const end = Math.min(chunk.length, this.#at + SHORT_LINE);
    let index = this.#at;
    while (index < end && chunk[index] !== LF) index++;
    if (index === end) index = chunk.indexOf(LF, index);
    if (index === -1) return this.#gatherLine();
    this.line = chunk;
    this.from = this.#at;
    this.to = index;
    this.#at = index + 1;
    return true;
  }

  /**
   * The next `length` bytes, passed together with the CRLF that must follow them; undefined when they have not all
   * come. `crlf` says whether it was CRLF.
   */
  takeBulk(length: number): Buffer | undefined {
    const wanted = length + 2;
    if (this.#heldBytes === 0 && this.#at + wanted <= this.#chunk.length) {
      const at = this.#at;
      this.#at += wanted;
      return this.#cutBulk(this.#chunk, at, at + length);
    }
    for (;;) {
      const end = Math.min(this.#chunk.length, this.#at + wanted - this.#heldBytes);
      this.#hold(end, wanted);
      if (this.#heldBytes === wanted) return this.#cutBulk(this.#release(), 0, length);
      if (!this.#advance()) return undefined;
    }
  }

  #cutBulk(bytes: Buffer, from: number, to: number): Buffer {
    this.crlf = bytes[to] === CR && bytes[to + 1] === LF;
    return bytes.subarray(from, to);
  }

  #gatherLine(): boolean {
    for (;;) {
      const index = this.#chunk.indexOf(LF, this.#at);
      this.#hold(index === -1 ? this.#chunk.length : index + 1, Number.POSITIVE_INFINITY);
      if (index !== -1) {
        this.line = this.#release();
        this.from = 0;
        this.to = this.line.length - 1;
        return true;
      }
      if (!this.#advance()) return false;
    }
  }

  #hold(end: number, wanted: number): void {
    const bytes = end - this.#at;
    if (bytes === 0) return;
    const needed = this.#heldBytes + bytes;
    if (needed > this.#held.length) {
      const capacity = Math.min(wanted, Math.max(needed, this.#heldBytes * 2, FIRST_CAPACITY));
      const larger = Buffer.allocUnsafeSlow(capacity);
      this.#held.copy(larger, 0, 0, this.#heldBytes);
      this.#held = larger;
    }
    this.#chunk.copy(this.#held, this.#heldBytes, this.#at, end);
    this.#heldBytes = needed;
    this.#at = end;
  }

  #release(): Buffer {
    const whole = this.#held.subarray(0, this.#heldBytes);
    this.#held = EMPTY;
    this.#heldBytes = 0;
    return whole;
  }

  #advance(): boolean {
    const next = this.#waiting[this.#next++];
    if (next === undefined) {
      this.#waiting = [];
      this.#next = 0;
      return false;
    }
    this.#begin(next);
    return true;
  }

  #begin(chunk: Buffer): void {
    this.#base += this.#chunk.length;
    this.#chunk = chunk;
    this.#at = 0;
  }
}
