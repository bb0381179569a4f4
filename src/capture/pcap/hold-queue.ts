import type { Captured } from '../../model/frame.ts';

/** Something that was captured and about which a later packet may still say more. */
export interface Held {
  /** Undefined once it turned out to be no message of its own. */
  captured: Captured | undefined;
  /** Clock of the capture, microseconds: then it goes out as it is. 0 is at once. */
  until: number;
  isOut: boolean;
}

/** More than this waits for nothing: a held frame keeps the chunk of the file alive that it came in. */
const MAX_HELD = 20_000;

/** Keeps the order of capture while a frame waits for its reply, or a delivery for its publish. */
export class HoldQueue {
  #waiting: Held[] = [];
  #head = 0;

  /** Puts `captured` behind all that waits; `until` is 0 where nothing more is to be learned about it. */
  add(captured: Captured, until: number): Held {
    const held = { captured, until, isOut: false };
    this.#waiting.push(held);
    return held;
  }

  /** Takes out what has its answer, or has waited long enough. */
  take(now: number, out: Captured[]): void {
    while (this.#head < this.#waiting.length) {
      const held = this.#waiting[this.#head];
      if (held === undefined) break;
      const mustWait = held.captured !== undefined && held.until > now;
      if (mustWait && this.#waiting.length - this.#head <= MAX_HELD) break;
      this.#head++;
      held.isOut = true;
      if (held.captured !== undefined) out.push(held.captured);
    }
    if (this.#head > 1024 && this.#head * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
  }
}
