import { once } from 'node:events';

/** Lines collected before they are handed to the stream: fewer, larger writes. */
const CHUNK_CHARACTERS = 64 * 1024;

/**
 * Whole lines to a stream that may be slow or go away. When the reader has closed the pipe, `closed` aborts and
 * everything more is dropped: `| head -1` ends the program quietly.
 */
export class Output {
  readonly #stream: NodeJS.WritableStream;
  readonly #closing = new AbortController();
  #pending = '';

  constructor(stream: NodeJS.WritableStream) {
    this.#stream = stream;
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error;
      this.#closing.abort();
    });
  }

  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  line(text: string): void {
    this.#pending += `${text}\n`;
  }

  /** True when enough is pending that it should be flushed. */
  get isFull(): boolean {
    return this.#pending.length >= CHUNK_CHARACTERS;
  }

  /** Hands over what is pending and waits while the stream is full. */
  async flush(): Promise<void> {
    if (this.#pending === '' || this.closed.aborted) return;
    const text = this.#pending;
    this.#pending = '';
    if (this.#stream.write(text)) return;
    await once(this.#stream, 'drain', { signal: this.closed }).catch((error: unknown) => {
      if (!this.closed.aborted) throw error;
    });
  }
}
