import { type ByteBlock, BytePiece } from './byte-block.ts';

interface Slot<T> {
  readonly hash: number;
  readonly key: BytePiece;
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
 * that comes there takes the one of the key that was set before the other. Up to three bytes behind a key are read.
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
  get(block: ByteBlock, start: number, end: number): T | undefined {
    return this.find(hashBytes(block.bytes, start, end), block, start, end);
  }

  set(block: ByteBlock, start: number, end: number, value: T): void {
    this.add(hashBytes(block.bytes, start, end), block, start, end, value);
  }

  /** As `get`, for bytes whose hash is known already. */
  find(hash: number, block: ByteBlock, start: number, end: number): T | undefined {
    const index = this.#place(hash);
    const first = this.#slots[index];
    if (first?.hash === hash && isSame(first.key, block, start, end)) return first.value;
    const second = this.#slots[index ^ 1];
    return second?.hash === hash && isSame(second.key, block, start, end) ? second.value : undefined;
  }

  /** As `set`, for bytes whose hash is known already. */
  add(hash: number, block: ByteBlock, start: number, end: number, value: T): void {
    const index = this.#place(hash);
    const first = this.#slots[index];
    if (first !== undefined && !isSame(first.key, block, start, end)) this.#slots[index ^ 1] = first;
    const key = new BytePiece(Uint8Array.prototype.slice.call(block.bytes, start, end));
    this.#slots[index] = { hash, key, value };
  }

  clear(): void {
    this.#slots.fill(undefined);
  }

  #place(hash: number): number {
    return (hash ^ (hash >>> 15)) & this.#mask;
  }
}

function isSame(key: BytePiece, block: ByteBlock, start: number, end: number): boolean {
  return key.length === end - start && key.isAt(block, start);
}
