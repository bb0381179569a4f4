interface Slot<T> {
  readonly hash: number;
  readonly key: Uint8Array;
  readonly value: T;
}

/** The hash of some bytes is 0 with each of them mixed in. */
export function hashByte(hash: number, byte: number): number {
  return (Math.imul(hash, 31) + byte) | 0;
}

function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0;
  for (let at = start; at < end; at++) hash = hashByte(hash, bytes[at] ?? 0);
  return hash;
}

/**
 * Values by keys of bytes, looked up without making texts of them. Bounded: each key has two places, and a third key
 * that comes there takes the one of the key that was set before the other.
 */
export class ByteTable<T> {
  readonly #slots: (Slot<T> | undefined)[];
  readonly #mask: number;

  /** `size`: a power of two. */
  constructor(size: number) {
    this.#slots = new Array<Slot<T> | undefined>(size).fill(undefined);
    this.#mask = size - 1;
  }

  /** What was set for the bytes between two places. */
  get(bytes: Uint8Array, start: number, end: number): T | undefined {
    return this.find(hashBytes(bytes, start, end), bytes, start, end);
  }

  set(bytes: Uint8Array, start: number, end: number, value: T): void {
    this.add(hashBytes(bytes, start, end), bytes, start, end, value);
  }

  /** As `get`, for bytes whose hash is known already. */
  find(hash: number, bytes: Uint8Array, start: number, end: number): T | undefined {
    const index = this.#place(hash);
    const first = this.#slots[index];
    if (first?.hash === hash && isSame(first.key, bytes, start, end)) return first.value;
    const second = this.#slots[index ^ 1];
    return second?.hash === hash && isSame(second.key, bytes, start, end) ? second.value : undefined;
  }

  /** As `set`, for bytes whose hash is known already. */
  add(hash: number, bytes: Uint8Array, start: number, end: number, value: T): void {
    const index = this.#place(hash);
    const first = this.#slots[index];
    if (first !== undefined && !isSame(first.key, bytes, start, end)) this.#slots[index ^ 1] = first;
    this.#slots[index] = { hash, key: Uint8Array.prototype.slice.call(bytes, start, end), value };
  }

  clear(): void {
    this.#slots.fill(undefined);
  }

  #place(hash: number): number {
    return (hash ^ (hash >>> 15)) & this.#mask;
  }
}

function isSame(key: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (key.length !== end - start) return false;
  for (let at = 0; at < key.length; at++) if (key[at] !== bytes[start + at]) return false;
  return true;
}
