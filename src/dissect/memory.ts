/** Requests remembered at most: enough for minutes of heavy traffic, a few megabytes. The oldest is forgotten first. */
const MAX_REQUESTS = 20_000;
/** Senders remembered at most. */
const MAX_SENDERS = 5_000;

/** What one session has seen and later messages need to be understood. Bounded, whatever the wire says. */
export class Memory {
  /** `<key> <requestId>` → the request's type. */
  readonly requests = new BoundedMap<string>(MAX_REQUESTS);
  /** `<key> <sender id>` → a fact about how that sender writes. */
  readonly senders = new BoundedMap<string>(MAX_SENDERS);
}

/** A map that forgets its oldest entry when it is full. */
class BoundedMap<T> {
  readonly #entries = new Map<string, T>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(name: string): T | undefined {
    return this.#entries.get(name);
  }

  set(name: string, value: T): void {
    this.#entries.delete(name);
    this.#entries.set(name, value);
    if (this.#entries.size <= this.#limit) return;
    const oldest = this.#entries.keys().next();
    if (oldest.done !== true) this.#entries.delete(oldest.value);
  }
}
