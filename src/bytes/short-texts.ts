/** Texts longer than this are decoded by Node: they seldom come twice. */
const MAX_BYTES = 24;
/** A power of two. What does not fit any more takes the place of what was there. */
const SLOTS = 4096;

interface Slot {
  readonly bytes: Buffer;
  readonly text: string;
}

/**
 * Remembers short texts by their bytes: field names, uids, events and rooms come again and again, and a call into
 * Node's decoder costs more than comparing a few bytes.
 */
export class ShortTexts {
  readonly #slots: (Slot | undefined)[] = new Array<Slot | undefined>(SLOTS).fill(undefined);
  readonly #decode: (bytes: Buffer, start: number, end: number) => string;

  /** `decode` makes the text that is remembered; by default the bytes as UTF-8. */
  constructor(decode = (bytes: Buffer, start: number, end: number) => bytes.toString('utf8', start, end)) {
    this.#decode = decode;
  }

  /** The text between two places, or undefined when it is too long to be remembered. */
  read(bytes: Buffer, start: number, end: number): string | undefined {
    if (end - start > MAX_BYTES) return undefined;
    let hash = end - start;
    for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + (bytes[at] ?? 0)) | 0;
    const index = hash & (SLOTS - 1);
    const slot = this.#slots[index];
    if (slot !== undefined && isSame(slot.bytes, bytes, start, end)) return slot.text;
    const text = this.#decode(bytes, start, end);
    this.#slots[index] = { bytes: Buffer.from(bytes.subarray(start, end)), text };
    return text;
  }
}

function isSame(known: Buffer, bytes: Buffer, start: number, end: number): boolean {
  if (known.length !== end - start) return false;
  for (let at = 0; at < known.length; at++) {
    if (known[at] !== bytes[start + at]) return false;
  }
  return true;
}
