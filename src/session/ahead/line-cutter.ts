const LF = 0x0a;

/** Cuts chunks at the ends of lines. */
export class LineCutter {
  #rest: Buffer[] = [];
  #restBytes = 0;

  /** Whole lines in memory of their own, or undefined where no line has ended yet. */
  push(chunk: Uint8Array): Buffer | undefined {
    const end = chunk.lastIndexOf(LF) + 1;
    if (end === 0) {
      this.#keep(chunk);
      return undefined;
    }
    const lines = Buffer.allocUnsafeSlow(this.#restBytes + end);
    const at = this.#takeRest(lines);
    lines.set(chunk.subarray(0, end), at);
    if (end < chunk.length) this.#keep(chunk.subarray(end));
    return lines;
  }

  /** What has come of a line that has not ended. */
  end(): Buffer {
    const rest = Buffer.allocUnsafe(this.#restBytes);
    this.#takeRest(rest);
    return rest;
  }

  #keep(bytes: Uint8Array): void {
    this.#rest.push(Buffer.from(bytes));
    this.#restBytes += bytes.length;
  }

  #takeRest(target: Buffer): number {
    let at = 0;
    for (const bytes of this.#rest) {
      target.set(bytes, at);
      at += bytes.length;
    }
    this.#rest = [];
    this.#restBytes = 0;
    return at;
  }
}
