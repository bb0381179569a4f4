const LF = 0x0a;

/** Cuts chunks at the ends of lines. */
export class LineCutter {
  #rest: Buffer[] = [];

  /** Whole lines, in pieces that are one behind the other; none where no line has ended yet. */
  push(chunk: Uint8Array): readonly Uint8Array[] {
    const end = chunk.lastIndexOf(LF) + 1;
    const rest = chunk.subarray(end);
    const lines = end === 0 ? [] : [...this.#rest, chunk.subarray(0, end)];
    if (end > 0) this.#rest = [];
    if (rest.length > 0) this.#rest.push(Buffer.from(rest));
    return lines;
  }

  /** What has come of a line that has not ended. */
  end(): Buffer {
    const rest = Buffer.concat(this.#rest);
    this.#rest = [];
    return rest;
  }
}
