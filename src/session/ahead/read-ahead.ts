import { availableParallelism } from 'node:os';
import { Readable } from 'node:stream';
import type { Ahead, AheadForm, AheadState, Transcript } from '../../recording/ahead.ts';
import type { Inspector } from '../inspector.ts';
import { START_BYTES, writeRecordStart } from '../quick-broadcast.ts';
import type { Reserve } from '../quick-records.ts';
import { LineCutter } from './line-cutter.ts';
import { THREAD_FILE, TranscribeThread } from './thread.ts';

/** A smaller capture is read before threads have started. */
const ALONE_BYTES = 32 * 1024 * 1024;
/** While they start, reading goes on, up to so many times that; then they are waited for. */
const STARTING = 4;
/** More would wait for the one that puts everything in order. */
const MAX_THREADS = 4;
/** So that none waits for its next order: one that it works at, and one that lies ready. */
const ORDERS_PER_THREAD = 2;
const LF = 0x0a;

export interface ReadAheadOptions {
  /** Prefixes that the user named. */
  readonly keys: readonly string[];
  /** Numbers the records. */
  readonly inspector: Pick<Inspector, 'nextSeq'>;
  readonly reserve: Reserve;
  readonly onTaken: (count: number, payloadBytes: number) => void;
  /** Read without threads at first; default: 32 MB. */
  readonly aloneBytes?: number;
  /** Default: as many as there are processors, up to four; none where this runs from source. */
  readonly threads?: number;
  /** What a thread runs. */
  readonly threadFile?: URL;
}

type Chunks = AsyncIterator<Uint8Array> | Iterator<Uint8Array>;

/** Lines that were given to a thread. */
interface Ordered {
  readonly thread: TranscribeThread;
  readonly transcript: Promise<Transcript>;
  /** `changedOrigins` at that time. */
  readonly changedOrigins: number;
}

/** Has the lines of a long capture transcribed by several threads, and puts what comes of it in order. */
export class ReadAhead implements Ahead {
  readonly #options: ReadAheadOptions;

  constructor(options: ReadAheadOptions) {
    this.#options = options;
  }

  async *read(
    form: AheadForm,
    input: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    state: AheadState,
  ): AsyncGenerator<Uint8Array | Transcript> {
    const { threads: count = chooseThreads(), aloneBytes = ALONE_BYTES } = this.#options;
    const chunks = Symbol.asyncIterator in input ? input[Symbol.asyncIterator]() : input[Symbol.iterator]();
    const alone = count < 2 ? Number.POSITIVE_INFINITY : aloneBytes;
    let threads: readonly TranscribeThread[] = [];
    try {
      if (!(yield* readAlone(chunks, (bytes) => bytes < alone || !state.isCertain))) return;
      threads = this.#startThreads(count, form);
      const isStarting = (): boolean => !threads.every(({ isReady }) => isReady);
      if (!(yield* readAlone(chunks, (bytes) => bytes < STARTING * alone && isStarting()))) return;
      await Promise.all(threads.map(({ ready }) => ready));
      yield* readByThreads(chunks, state, threads);
    } finally {
      await Promise.all(threads.map((thread) => thread.end()));
      await chunks.return?.();
    }
  }

  take({ records, ends, payloadBytes }: Transcript, from: number, to: number): void {
    if (from === to) return;
    const { inspector, reserve, onTaken } = this.#options;
    let start = ends[from - 1] ?? 0;
    for (let index = from; index < to; index++) {
      const end = ends[index] ?? start;
      const block = reserve(end - start + START_BYTES);
      const at = writeRecordStart(inspector.nextSeq(), block, block.used);
      records.copy(block.bytes, at, start, end);
      block.used = at + end - start;
      start = end;
    }
    onTaken(to - from, to === ends.length ? payloadBytes : 0);
  }

  #startThreads(count: number, form: AheadForm): readonly TranscribeThread[] {
    const { keys, threadFile = THREAD_FILE } = this.#options;
    return Array.from({ length: count }, () => new TranscribeThread(threadFile, { form, keys }));
  }
}

/** Hands chunks on as long as `goesOn`; false when the input has ended. */
async function* readAlone(
  chunks: Chunks,
  goesOn: (bytes: number) => boolean,
): AsyncGenerator<Uint8Array, boolean> {
  for (let bytes = 0; goesOn(bytes);) {
    const next = await chunks.next();
    if (next.done === true) return false;
    bytes += next.value.length;
    yield next.value;
  }
  return true;
}

async function* readByThreads(
  chunks: Chunks,
  state: AheadState,
  threads: readonly TranscribeThread[],
): AsyncGenerator<Uint8Array | Transcript> {
  const highWaterMark = threads.length * ORDERS_PER_THREAD;
  const ordered = Readable.from(giveOrders(chunks, state, threads), { objectMode: true, highWaterMark });
  for await (const part of ordered as AsyncIterable<Uint8Array | Ordered>) {
    if (part instanceof Uint8Array) {
      yield part;
      continue;
    }
    const transcript = await part.transcript;
    // What numbers stood for has changed in lines before these: they have to be read again.
    yield part.changedOrigins === state.changedOrigins ? transcript : transcript.lines;
    part.thread.giveBack(transcript);
  }
}

function chooseThreads(): number {
  return import.meta.url.endsWith('.ts') ? 0 : Math.min(availableParallelism(), MAX_THREADS);
}

/** Gives whole lines to one thread after the other; what is no whole line is handed on. */
async function* giveOrders(
  chunks: Chunks,
  state: AheadState,
  threads: readonly TranscribeThread[],
): AsyncGenerator<Uint8Array | Ordered> {
  const cutter = new LineCutter();
  let isAtLine = false;
  let turn = 0;
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
    let chunk = next.value;
    if (!isAtLine) {
      const begun = chunk.subarray(0, chunk.indexOf(LF) + 1);
      isAtLine = begun.length > 0;
      yield isAtLine ? begun : chunk;
      if (!isAtLine) continue;
      chunk = chunk.subarray(begun.length);
    }
    const lines = cutter.push(chunk);
    const thread = threads[turn++ % threads.length];
    if (lines.length === 0 || thread === undefined) continue;
    const transcript = thread.transcribe(lines, state);
    // A failure is found by whoever waits for it in its turn.
    transcript.catch(() => undefined);
    yield { thread, transcript, changedOrigins: state.changedOrigins };
  }
  yield cutter.end();
}
