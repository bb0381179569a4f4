import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { asBuffer } from '../../bytes/decode-error.ts';
import type { AheadState, Transcript } from '../../recording/ahead.ts';
import type { Answer, Order, ThreadData } from './orders.ts';

/** Lines of a chunk of half a megabyte, and the end of one that was begun before, mostly fit in; their records, too. */
const LINES_BYTES = 1024 * 1024;
const RECORDS_BYTES = 2 * 1024 * 1024;

/** As it is built: Node 20 starts no thread from TypeScript. */
export const THREAD_FILE = new URL('./transcribe-thread.js', import.meta.url);

/** Memory of one order. */
interface Desk {
  readonly lines: SharedArrayBuffer;
  readonly records: SharedArrayBuffer;
}

interface Waiting {
  readonly desk: Desk;
  readonly length: number;
  readonly resolve: (transcript: Transcript) => void;
  readonly reject: (error: Error) => void;
}

/** Another thread that transcribes, once it is ready: its answers come in the order of the orders. */
export class TranscribeThread {
  /** Resolves when it has started, and rejects when it cannot. */
  readonly ready: Promise<void>;
  isReady = false;
  readonly #worker: Worker;
  readonly #waiting: Waiting[] = [];
  readonly #free: Desk[] = [];
  readonly #used = new WeakMap<Transcript, Desk>();
  #failure: Error | undefined;
  /** What was said about origins when the thread was told of them last. */
  #saidOrigins = 0;

  constructor(file: URL, workerData: ThreadData) {
    this.#worker = new Worker(file, { workerData });
    this.ready = once(this.#worker, 'message').then(() => {
      this.isReady = true;
      this.#worker.on('message', (answer: Answer) => {
        this.#answer(answer);
      });
    });
    // Who does not wait for it need not know.
    this.ready.catch(() => undefined);
    this.#worker.on('error', (error) => {
      this.#fail(error);
    });
    this.#worker.on('exit', () => {
      this.#fail(new Error('A thread has ended before its work.'));
    });
  }

  /** Whole lines, which are copied. Rejects when the thread fails. */
  transcribe(lines: readonly Uint8Array[], state: AheadState): Promise<Transcript> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const desk = this.#findDesk(lines.reduce((sum, { length }) => sum + length, 0));
    const length = fill(desk.lines, lines);
    const isNews = this.#saidOrigins !== state.saidOrigins;
    const order: Order = { ...desk, length, ...(isNews ? { origins: state.origins } : {}) };
    this.#saidOrigins = state.saidOrigins;
    const answered = new Promise<Transcript>((resolve, reject) => {
      this.#waiting.push({ desk, length, resolve, reject });
    });
    this.#worker.postMessage(order);
    return answered;
  }

  /** A transcript is valid until then: its memory is used again. */
  giveBack(transcript: Transcript): void {
    const desk = this.#used.get(transcript);
    if (desk !== undefined) this.#free.push(desk);
  }

  /** One with room for so many bytes of lines. */
  #findDesk(bytes: number): Desk {
    const free = this.#free.pop();
    if (free !== undefined && free.lines.byteLength >= bytes) return free;
    return {
      lines: new SharedArrayBuffer(Math.max(LINES_BYTES, bytes)),
      records: new SharedArrayBuffer(RECORDS_BYTES),
    };
  }

  #answer({ records, ...answer }: Answer): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) return;
    const { desk, length, resolve } = waiting;
    const transcript: Transcript = {
      ...answer,
      lines: Buffer.from(desk.lines, 0, length),
      records: typeof records === 'number' ? Buffer.from(desk.records, 0, records) : asBuffer(records),
    };
    this.#used.set(transcript, desk);
    resolve(transcript);
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
  }
}

/** Puts one behind the other, and answers with the bytes of all. */
function fill(memory: SharedArrayBuffer, pieces: readonly Uint8Array[]): number {
  const target = new Uint8Array(memory);
  let at = 0;
  for (const piece of pieces) {
    target.set(piece, at);
    at += piece.length;
  }
  return at;
}
