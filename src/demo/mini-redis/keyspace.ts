import type { Client } from './client.ts';
import { CommandError, WRONG_TYPE } from './reply.ts';
import type { Stream } from './stream.ts';

export const DATABASES = 16;

export type Entry = (
  { readonly type: 'string'; readonly bytes: Buffer } | { readonly type: 'stream'; readonly stream: Stream }
) & {
  /** Milliseconds since 1970. */
  readonly expiresAt?: number;
};

/** All databases, the expiry of their keys, and who watches which key. Keys are bytes as latin1. */
export class Keyspace {
  readonly #databases: readonly Map<string, Entry>[] = Array.from({ length: DATABASES }, () => new Map());
  readonly #watchers = new Map<string, Set<Client>>();

  get(db: number, key: string): Entry | undefined {
    const entry = this.#database(db).get(key);
    if (entry?.expiresAt === undefined || entry.expiresAt > Date.now()) return entry;
    this.delete(db, key);
    return undefined;
  }

  getString(db: number, key: string): Buffer | undefined {
    const entry = this.get(db, key);
    if (entry?.type === 'stream') throw new CommandError(WRONG_TYPE);
    return entry?.bytes;
  }

  getStream(db: number, key: string): Stream | undefined {
    const entry = this.get(db, key);
    if (entry?.type === 'string') throw new CommandError(WRONG_TYPE);
    return entry?.stream;
  }

  set(db: number, key: string, entry: Entry): void {
    this.#database(db).set(key, entry);
    this.touch(db, key);
  }

  delete(db: number, key: string): boolean {
    const existed = this.#database(db).delete(key);
    if (existed) this.touch(db, key);
    return existed;
  }

  /** The keys of a database that have not expired, in order of creation. */
  keys(db: number): string[] {
    return [...this.#database(db).keys()].filter((key) => this.get(db, key) !== undefined);
  }

  flush(db: number): void {
    for (const key of this.keys(db)) this.delete(db, key);
  }

  /** Drops what has expired in all databases: keys that nobody asks for again would stay for ever. */
  sweep(): void {
    for (let db = 0; db < DATABASES; db++) this.keys(db);
  }

  /** Tells those who watch this key that it was changed. */
  touch(db: number, key: string): void {
    const watched = watchName(db, key);
    for (const client of this.#watchers.get(watched) ?? []) client.watchedKeyChanged = true;
  }

  watch(client: Client, db: number, key: string): void {
    this.get(db, key);
    const watched = watchName(db, key);
    client.watched.add(watched);
    this.#watchers.set(watched, (this.#watchers.get(watched) ?? new Set()).add(client));
  }

  /** Whether a watched key was changed, by somebody or by its expiry. */
  hasWatchedChange(client: Client): boolean {
    for (const watched of client.watched) {
      const colon = watched.indexOf(':');
      this.get(Number(watched.slice(0, colon)), watched.slice(colon + 1));
    }
    return client.watchedKeyChanged;
  }

  unwatch(client: Client): void {
    for (const watched of client.watched) {
      const watchers = this.#watchers.get(watched);
      watchers?.delete(client);
      if (watchers?.size === 0) this.#watchers.delete(watched);
    }
    client.watched.clear();
    client.watchedKeyChanged = false;
  }

  #database(db: number): Map<string, Entry> {
    const database = this.#databases[db];
    if (database === undefined) throw new RangeError(`No database ${db}.`);
    return database;
  }
}

function watchName(db: number, key: string): string {
  return `${db}:${key}`;
}
