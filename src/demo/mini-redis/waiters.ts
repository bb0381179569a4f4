import type { Client } from './client.ts';
import type { StreamId } from './stream.ts';

/** A client that waits for entries of streams (XREAD BLOCK). */
export interface Waiter {
  readonly client: Client;
  readonly db: number;
  /** Stream key → the id after which entries are wanted. */
  readonly after: ReadonlyMap<string, StreamId>;
  readonly count: number;
  readonly timer: NodeJS.Timeout | undefined;
}

/** Who waits for which stream, in order of arrival, and which streams got entries since anyone looked. */
export class Waiters {
  readonly #byClient = new Map<Client, Waiter>();
  readonly #ready: { readonly db: number; readonly key: string }[] = [];

  get size(): number {
    return this.#byClient.size;
  }

  add(waiter: Waiter): void {
    this.#byClient.set(waiter.client, waiter);
    waiter.client.isBlocked = true;
  }

  /** Ends the wait of a client, if it waits. */
  remove(client: Client): void {
    const waiter = this.#byClient.get(client);
    if (waiter === undefined) return;
    clearTimeout(waiter.timer);
    this.#byClient.delete(client);
    client.isBlocked = false;
  }

  /** A stream got an entry. */
  signal(db: number, key: string): void {
    if (this.#byClient.size > 0) this.#ready.push({ db, key });
  }

  /** Takes what was signalled: each stream with those who wait for it. */
  *takeReady(): Generator<{ readonly key: string; readonly waiter: Waiter }> {
    for (const { db, key } of this.#ready.splice(0)) {
      for (const waiter of [...this.#byClient.values()]) {
        if (waiter.db === db && waiter.after.has(key) && waiter.client.isBlocked) yield { key, waiter };
      }
    }
  }
}
