import { Memory } from '../dissect/memory.ts';
import { dissect } from '../dissect/registry.ts';
import type { Captured } from '../model/frame.ts';
import type { Observed } from '../model/observed.ts';
import { QuickRecords } from './quick-records.ts';

export interface InspectorOptions {
  /** Prefixes that the user named. */
  readonly keys?: readonly string[];
  /** Told of every command that is no adapter traffic, so that it can be counted. */
  readonly onOther?: (command: string, count: number) => void;
}

/** Turns what a source captured into numbered observations: one run's memory and numbering. */
export class Inspector {
  readonly #memory = new Memory();
  readonly #keys: readonly string[];
  readonly #onOther: (command: string, count: number) => void;
  readonly #quick = new QuickRecords();
  #seq = 0;

  constructor(options: InspectorOptions = {}) {
    this.#keys = options.keys ?? [];
    this.#onOther = options.onOther ?? (() => undefined);
  }

  /**
   * The record's line of a plain broadcast, numbered, without building what `observe` would answer. Undefined where
   * `observe` has to be asked for the same frame.
   */
  writeQuickly(captured: Captured): string | undefined {
    if (captured.is !== 'frame') return undefined;
    const line = this.#quick.write(captured.frame, this.#seq + 1);
    if (line !== undefined) this.#seq++;
    return line;
  }

  observe(captured: Captured): Observed | undefined {
    switch (captured.is) {
      case 'frame': {
        const message = dissect(captured.frame, { keys: this.#keys, memory: this.#memory });
        if (message !== undefined) {
          this.#quick.learn(message);
          return { is: 'message', seq: ++this.#seq, frame: captured.frame, message };
        }
        this.#onOther(captured.frame.command ?? 'payload', 1);
        return undefined;
      }
      case 'gap':
        return { is: 'gap', seq: ++this.#seq, gap: captured.gap };
      case 'unframed':
        return { is: 'unframed', seq: ++this.#seq, unframed: captured.unframed };
      case 'other':
        this.#onOther(captured.command, captured.count ?? 1);
        return undefined;
    }
  }
}
