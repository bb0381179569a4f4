import type { StreamWords } from '../../redis/stream-info.ts';
import { isSameEntry } from './stream-state.ts';

/** Entries are kept with their bytes; beyond this much the oldest are forgotten, and may come twice. */
const MAX_BYTES = 16 * 1024 * 1024;
/** What an entry costs besides its bytes. */
const ENTRY_OVERHEAD_BYTES = 500;

/** The last entries that were read, to know one that comes again. */
export class RecentEntries {
  readonly #entries = new Map<string, StreamWords>();
  #bytes = 0;

  add(entry: StreamWords): void {
    this.#forget(entry.id);
    this.#entries.set(entry.id, entry);
    this.#bytes += costOf(entry);
    for (const id of this.#entries.keys()) {
      if (this.#bytes <= MAX_BYTES) return;
      this.#forget(id);
    }
  }

  /** Whether this entry was among them, by its id and all that it says. */
  has(entry: StreamWords): boolean {
    const known = this.#entries.get(entry.id);
    return known !== undefined && isSameEntry(known, entry);
  }

  #forget(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    this.#bytes -= costOf(entry);
  }
}

function costOf({ words }: StreamWords): number {
  return words.reduce((sum, word) => sum + word.length, ENTRY_OVERHEAD_BYTES);
}
