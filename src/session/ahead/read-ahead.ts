import { availableParallelism } from 'node:os';
import { Readable } from 'node:stream';
import type { Ahead, AheadForm, AheadState, Transcript } from '../../recording/ahead.ts';
import type { Inspector } from '../inspector.ts';
import { START_BYTES, writeRecordStart } from '../quick-broadcast.ts';
import type { Reserve } from '../quick-records.ts';
import { LineCutter } from './line-cutter.ts';
import { THREAD_FILE, TranscribeThread } from './thread.ts';

/** A smaller capture is read before threads have started. */
const ALONE_BYTES = 16 * 1024 * 1024;
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
  /** Read without threads at first; default: 16 MB. */
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
    const { threads = chooseThreads(), aloneBytes = ALONE_BYTES } = this.#options;
    const most = threads < 2 ? Number.POSITIVE_INFINITY : aloneBytes;
    const chunks = Symbol.asyncIterator in input ? input[Symbol.asyncIterator]() : input[Symbol.iterator]();
    try {
      for (let bytes = 0; bytes < most || !state.isCertain;) {
        const next = await chunks.next();
        if (next.done === true) return;
        bytes += next.value.length;
        yield next.value;
      }
      yield* this.#readWithThreads(form, chunks, state, threads);
    } finally {
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

  async *#readWithThreads(
    form: AheadForm,
    chunks: Chunks,
    state: AheadState,
    count: number,
  ): AsyncGenerator<Uint8Array | Transcript> {
    const { keys, threadFile = THREAD_FILE } = this.#options;
    const threads = Array.from({ length: count }, () => new TranscribeThread(threadFile, { form, keys }));
    const highWaterMark = count * ORDERS_PER_THREAD;
    const ordered = Readable.from(giveOrders(chunks, state, threads), { objectMode: true, highWaterMark });
    try {
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
    } finally {
      await Promise.all(threads.map((thread) => thread.end()));
    }
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
    if (lines === undefined || thread === undefined) continue;
    const transcript = thread.transcribe(lines, state);
    // A failure is found by whoever waits for it in its turn.
    transcript.catch(() => undefined);
    yield { thread, transcript, changedOrigins: state.changedOrigins };
  }
  yield cutter.end();
}
