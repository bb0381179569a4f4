import type { Captured, Source } from '../../model/frame.ts';

type Batch = readonly Captured[];

/** Several sources as one, in the order in which their batches come. The first that fails ends all. */
export function mergeSources(sources: readonly Source[]): Source {
  const [only] = sources;
  if (sources.length === 1 && only !== undefined) return only;
  return (signal) => {
    const merger = new Merger(signal);
    for (const source of sources) merger.add(source);
    return merger.batches();
  };
}

/** Runs sources side by side; some may come later and go earlier than others. */
export class Merger {
  readonly #outer: AbortSignal;
  readonly #abort = new AbortController();
  readonly #waiting: { readonly batch: Batch; readonly taken: () => void }[] = [];
  #running = 0;
  #failure: Error | undefined;
  #wake: () => void = () => undefined;

  constructor(signal: AbortSignal) {
    this.#outer = signal;
  }

  /** Starts a source; what is returned asks it to end, and it hands over first what it has. */
  add(source: Source): () => void {
    const stop = new AbortController();
    const signal = AbortSignal.any([this.#outer, this.#abort.signal, stop.signal]);
    this.#running++;
    void this.#pump(source, signal);
    return () => {
      stop.abort();
    };
  }

  /** Ends when no source is left; `isOpen` keeps it waiting for more. */
  async *batches(isOpen: () => boolean = () => false): AsyncGenerator<Batch> {
    try {
      for (;;) {
        const next = this.#waiting.shift();
        if (next !== undefined) {
          yield next.batch;
          next.taken();
        } else if (this.#failure !== undefined) {
          throw this.#failure;
        } else if (this.#running === 0 && !isOpen()) {
          return;
        } else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
      }
    } finally {
      this.#abort.abort();
      await this.#settle();
    }
  }

  /** Puts something between the batches of the sources. */
  put(batch: Batch): void {
    this.#waiting.push({ batch, taken: () => undefined });
    this.#wake();
  }

  /** Ends all, for a reason that is no end. */
  fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
    this.#abort.abort();
    this.#wake();
  }

  /** To be called when what `isOpen` says has changed. */
  wake(): void {
    this.#wake();
  }

  /** Waits until all sources have let go of their connections. */
  async #settle(): Promise<void> {
    for (;;) {
      for (const { taken } of this.#waiting.splice(0)) taken();
      if (this.#running === 0) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async #pump(source: Source, signal: AbortSignal): Promise<void> {
    try {
      for await (const batch of source(signal)) {
        await new Promise<void>((taken) => {
          this.#waiting.push({ batch, taken });
          this.#wake();
        });
        // The consumer has gone: whatever else there is, nobody takes it.
        if (this.#abort.signal.aborted) break;
      }
    } catch (error) {
      this.fail(error);
    } finally {
      this.#running--;
      this.#wake();
    }
  }
}
