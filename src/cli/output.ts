import { once } from 'node:events';
import { ByteBlock } from '../bytes/byte-block.ts';

/** Lines collected before they are handed to the stream: fewer, larger writes. */
const BLOCK_BYTES = 256 * 1024;
/** As many as are written between two flushes, in a burst or of what threads have made. */
const MAX_SPARE = 8;
/** A UTF-16 unit becomes three bytes at most. */
const BYTES_PER_UNIT = 3;

/** A closed pipe, a closed terminal. */
const GONE: ReadonlySet<string> = new Set(['EPIPE', 'EIO', 'ERR_STREAM_DESTROYED']);

/**
 * Whole lines to a stream that may be slow or go away. When the reader has closed the pipe, `closed` aborts and
 * everything more is dropped: `| head -1` ends the program quietly.
 *
 * Lines are encoded one by one into a block: encoding them joined costs several times as much, because one character
 * outside Latin-1 makes the whole of the joined text wide.
 */
export class Output {
  readonly #stream: NodeJS.WritableStream;
  readonly #closing = new AbortController();
  /** Blocks that are full, in order; behind them comes `#block`. */
  #full: Buffer[] = [];
  #block: ByteBlock | undefined;
  /** Blocks that the stream is done with. */
  readonly #spare: Buffer[] = [];

  constructor(stream: NodeJS.WritableStream) {
    this.#stream = stream;
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (!GONE.has(error.code ?? '')) throw error;
      this.#closing.abort();
    });
  }

  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  line(text: string): void {
    const block = this.reserve(text.length * BYTES_PER_UNIT + 1);
    block.used += block.bytes.write(text, block.used, 'utf8');
    block.bytes[block.used++] = 0x0a;
  }

  /** Hands over what is pending and waits while the stream is full. */
  async flush(): Promise<void> {
    if (this.closed.aborted) return;
    this.#closeBlock();
    const blocks = this.#full;
    this.#full = [];
    for (const block of blocks) await this.#hand(block);
  }

  async #hand(lines: Buffer): Promise<void> {
    const hasRoom = this.#stream.write(lines, () => {
      if (lines.buffer.byteLength === BLOCK_BYTES && this.#spare.length < MAX_SPARE)
        this.#spare.push(Buffer.from(lines.buffer));
    });
    if (hasRoom || this.closed.aborted) return;
    await once(this.#stream, 'drain', { signal: this.closed }).catch((error: unknown) => {
      if (!this.closed.aborted) throw error;
    });
  }

  /** The block that lines are written into, with room for so many bytes; it is valid until the next call. */
  reserve(bytes: number): ByteBlock {
    if (this.#block !== undefined && bytes <= this.#block.room) return this.#block;
    this.#closeBlock();
    const spare = bytes <= BLOCK_BYTES ? this.#spare.pop() : undefined;
    this.#block = new ByteBlock(spare ?? Buffer.allocUnsafeSlow(Math.max(bytes, BLOCK_BYTES)));
    return this.#block;
  }

  #closeBlock(): void {
    if (this.#block === undefined || this.#block.used === 0) return;
    this.#full.push(this.#block.bytes.subarray(0, this.#block.used));
    this.#block = undefined;
  }
}
