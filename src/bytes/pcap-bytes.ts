const EMPTY = Buffer.alloc(0);

/** Bytes of a file as they come, handed out in runs of known length. A run within one chunk is a view into it. */
export class ByteQueue {
  #current: Buffer = EMPTY;
  #at = 0;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #toSkip = 0;
  /** Bytes handed out or passed over since the start of the file. */
  position = 0;

  get length(): number {
    return this.#current.length - this.#at + this.#waitingBytes;
  }

  push(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (bytes.length === 0) return;
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#toSkip > 0) this.#passOver();
  }

  /** The next `length` bytes without taking them; undefined while they have not all come. */
  peek(length: number): Buffer | undefined {
    if (this.#toSkip > 0 || this.length < length) return undefined;
    if (this.#current.length - this.#at < length) this.#join();
    return this.#current.subarray(this.#at, this.#at + length);
  }

  take(length: number): Buffer | undefined {
    const bytes = this.peek(length);
    if (bytes !== undefined) this.skip(length);
    return bytes;
  }

  /** Passes over bytes, also those that have not come yet. */
  skip(length: number): void {
    this.#toSkip += length;
    this.#passOver();
  }

  #passOver(): void {
    if (this.#current.length - this.#at < this.#toSkip) this.#join();
    const bytes = Math.min(this.#toSkip, this.#current.length - this.#at);
    this.#at += bytes;
    this.position += bytes;
    this.#toSkip -= bytes;
  }

  #join(): void {
    if (this.#waitingBytes === 0) return;
    const rest = this.#current.subarray(this.#at);
    const [only] = this.#waiting;
    this.#current =
      rest.length === 0 && this.#waiting.length === 1 && only !== undefined
        ? only
        : Buffer.concat([rest, ...this.#waiting]);
    this.#at = 0;
    this.#waiting = [];
    this.#waitingBytes = 0;
  }
}
