import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { asBuffer } from '../../bytes/decode-error.ts';
import type { AheadState, Transcript } from '../../recording/ahead.ts';
import type { Answer, Order, ThreadData } from './orders.ts';

/** Records of half a megabyte of lines mostly fit in. */
const RECORDS_BYTES = 2 * 1024 * 1024;

/** As it is built: Node 20 starts no thread from TypeScript. */
export const THREAD_FILE = new URL('./transcribe-thread.js', import.meta.url);

interface Waiting {
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
  readonly #spare: Uint8Array[] = [];
  #failure: Error | undefined;
  /** What was said about origins when the thread was told of them last. */
  #saidOrigins = 0;

  constructor(file: URL, workerData: ThreadData) {
    this.#worker = new Worker(file, { workerData });
    this.ready = once(this.#worker, 'message').then(() => {
      this.isReady = true;
      this.#worker.on('message', (answer: Answer) => {
        const { lines, records } = answer;
        this.#waiting.shift()?.resolve({ ...answer, lines: asBuffer(lines), records: asBuffer(records) });
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

  /** Takes the memory of `lines`. Rejects when the thread fails. */
  transcribe(lines: Uint8Array, state: AheadState): Promise<Transcript> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const records = this.#spare.pop() ?? Buffer.allocUnsafeSlow(RECORDS_BYTES);
    const isNews = this.#saidOrigins !== state.saidOrigins;
    const order: Order = { lines, records, ...(isNews ? { origins: state.origins } : {}) };
    this.#saidOrigins = state.saidOrigins;
    const answered = new Promise<Transcript>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
    this.#worker.postMessage(order, [lines.buffer, records.buffer] as ArrayBuffer[]);
    return answered;
  }

  /** The memory of a transcript that nobody needs any more. */
  giveBack({ records }: Transcript): void {
    if (records.buffer.byteLength === RECORDS_BYTES) this.#spare.push(new Uint8Array(records.buffer));
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
  }
}
