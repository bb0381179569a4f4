import type { ByteBlock } from '../bytes/byte-block.ts';
import { Memory } from '../dissect/memory.ts';
import { dissect } from '../dissect/registry.ts';
import type { Captured, Frame, FrameHead, StreamRead } from '../model/frame.ts';
import type { Observed } from '../model/observed.ts';
import { QuickRecords, type Reserve } from './quick-records.ts';

export interface InspectorOptions {
  /** Prefixes that the user named. */
  readonly keys?: readonly string[];
  /** Told of every command that is no adapter traffic, so that it can be counted. */
  readonly onOther?: (command: string, count: number) => void;
  /** Told what is asked of streams. */
  readonly onRead?: (read: StreamRead) => void;
  /** Told what Redis said when asked, as a recording holds it. */
  readonly onLook?: (look: unknown) => void;
}

/** Turns what a source captured into numbered observations: one run's memory and numbering. */
export class Inspector {
  readonly #memory = new Memory();
  readonly #keys: readonly string[];
  readonly #onOther: (command: string, count: number) => void;
  readonly #onRead: InspectorOptions['onRead'];
  readonly #onLook: InspectorOptions['onLook'];
  readonly #quick: QuickRecords;
  #seq = 0;

  constructor(options: InspectorOptions = {}) {
    this.#keys = options.keys ?? [];
    this.#onOther = options.onOther ?? (() => undefined);
    this.#onRead = options.onRead;
    this.#onLook = options.onLook;
    this.#quick = new QuickRecords(this.#keys);
  }

  /**
   * Writes the record's line of a plain broadcast, numbered, without building what `observe` would answer: into the
   * block that `reserve` answers for so many bytes. False where `observe` has to be asked for the same frame.
   */
  writeQuickly(frame: Frame, reserve: Reserve): boolean {
    if (!this.#quick.write(frame, this.#seq + 1, reserve)) return false;
    this.#seq++;
    return true;
  }

  /** The same for a frame that is not made yet, as a `Glance` is shown it. */
  writeGlance(head: FrameHead, time: number, payload: ByteBlock, reserve: Reserve): boolean {
    if (!this.#quick.writeFrom(head, time, payload, this.#seq + 1, reserve)) return false;
    this.#seq++;
    return true;
  }

  /** Numbers a record that was made elsewhere. */
  nextSeq(): number {
    return ++this.#seq;
  }

  observe(captured: Captured): Observed | undefined {
    switch (captured.is) {
      case 'frame': {
        const message = dissect(captured.frame, { keys: this.#keys, memory: this.#memory });
        if (message !== undefined) {
          const observed = { is: 'message', seq: ++this.#seq, frame: captured.frame, message } as const;
          this.#quick.learn(observed);
          return observed;
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
        if (captured.read !== undefined) this.#onRead?.(captured.read);
        return undefined;
      case 'look':
        this.#onLook?.(captured.look);
        return undefined;
    }
  }
}
