/** Memory that is being filled from the front: whoever writes has made sure before that there is room. */
export class ByteBlock {
  readonly bytes: Buffer;
  /** The same memory, for whoever reads or writes several bytes at a time. */
  readonly view: DataView;
  used = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get room(): number {
    return this.bytes.length - this.used;
  }
}

/** Words are compared and stored whole: so many bytes more than a piece has must be there behind it. */
export const SLACK_BYTES = 4;
/** Above, one call into V8 is faster than storing word by word. */
const SHORT_BYTES = 16;
const WORD = 4;

/** Bytes that are looked for or written again and again: they are compared and stored by words. */
export class BytePiece {
  readonly bytes: Uint8Array;
  readonly length: number;
  readonly #words: Int32Array;
  /** The bits of the last word that count. */
  readonly #lastMask: number;

  /** `content`: text of Latin-1, or bytes. */
  constructor(content: string | Uint8Array) {
    this.bytes = typeof content === 'string' ? Buffer.from(content, 'latin1') : content;
    this.length = this.bytes.length;
    const padded = new Uint8Array(Math.ceil(this.length / WORD) * WORD);
    padded.set(this.bytes);
    const view = new DataView(padded.buffer);
    this.#words = Int32Array.from({ length: padded.length / WORD }, (_, index) =>
      view.getInt32(index * WORD),
    );
    const rest = this.length % WORD;
    this.#lastMask = rest === 0 ? -1 : -1 << (8 * (WORD - rest));
  }

  /** Writes it at `to`, and answers with the place behind it; up to three bytes there may be overwritten. */
  put(target: ByteBlock, to: number): number {
    if (this.length > SHORT_BYTES) {
      target.bytes.set(this.bytes, to);
    } else {
      const words = this.#words;
      const { view } = target;
      for (let index = 0, at = to; index < words.length; index++, at += WORD)
        view.setInt32(at, words[index] ?? 0);
    }
    return to + this.length;
  }

  /** Whether it stands at `at`; up to three bytes behind it are read. */
  isAt(source: ByteBlock, at: number): boolean {
    const words = this.#words;
    const { view } = source;
    const last = words.length - 1;
    if (last < 0) return true;
    for (let index = 0; index < last; index++)
      if (view.getInt32(at + index * WORD) !== words[index]) return false;
    return (view.getInt32(at + last * WORD) & this.#lastMask) === words[last];
  }
}
