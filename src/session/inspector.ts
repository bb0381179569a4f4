import { Memory } from '../dissect/memory.ts';
import { dissect } from '../dissect/registry.ts';
import type { Captured } from '../model/frame.ts';
import type { Observed } from '../model/observed.ts';

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
  #seq = 0;

  constructor(options: InspectorOptions = {}) {
    this.#keys = options.keys ?? [];
    this.#onOther = options.onOther ?? (() => undefined);
  }

  observe(captured: Captured): Observed | undefined {
    switch (captured.is) {
      case 'frame': {
        const message = dissect(captured.frame, { keys: this.#keys, memory: this.#memory });
        if (message !== undefined) return { is: 'message', seq: ++this.#seq, frame: captured.frame, message };
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
