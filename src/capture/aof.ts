import { RespReader } from '../bytes/resp.ts';
import { RespError, type RespValue } from '../bytes/resp-value.ts';
import type { Captured } from '../model/frame.ts';
import { frameFromCommand } from './command.ts';

export interface AofOptions {
  readonly onNote?: (note: string) => void;
}

/** `aof-timestamp-enabled` writes `#TS:` and seconds since 1970 on a line of their own (redis 7.0.15, src/aof.c). */
const TIMESTAMP = /^#TS:(\d{1,12})$/;
const FIRST_COMMAND = /^\*\d{1,9}\r\n\$\d{1,9}\r\n([a-z]+)\r\n/i;
/** What Redis never writes to such a file: a command or a delivery that somebody took from the wire. */
const WIRE_ONLY = /^(?:[ps]?message|[ps]?(?:un)?subscribe|s?publish|hello|auth|client|ping)$/i;
/** An id that Redis made itself starts with the milliseconds since 1970 of its clock. */
const CLOCK_ID = /^(\d{12,14})-\d+$/;
const RDB_MAGIC = /^REDIS\d{4}/;
const SHOWN_BYTES = 4096;

/** Whether a file that begins so is an append-only file of Redis: commands from the first byte, or an RDB preamble. */
export function startsAof(head: Buffer): boolean {
  const text = head.toString('latin1', 0, 64);
  const name = FIRST_COMMAND.exec(text)?.[1];
  return (
    RDB_MAGIC.test(text) || /^#TS:\d{1,12}\r\n\*/.test(text) || (name !== undefined && !WIRE_ONLY.test(name))
  );
}

/**
 * Redis' append-only file: stream entries with the ids that they got, and session records. PUBLISH is never written
 * there. A command that the file's end cuts off is a gap `truncated`; an RDB preamble is refused.
 */
export class AofCapture {
  readonly #reader = new RespReader({ inline: true });
  readonly #onNote: (note: string) => void;
  #pushed = 0;
  #time: number | undefined;
  #frames = 0;
  #isBroken = false;

  constructor(options: AofOptions = {}) {
    this.#onNote = options.onNote ?? (() => undefined);
  }

  push(chunk: Uint8Array): Captured[] {
    if (this.#isBroken) return [];
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (this.#pushed === 0 && RDB_MAGIC.test(bytes.toString('latin1', 0, 16))) return this.#refuse(bytes);
    const before = this.#pushed;
    this.#pushed += bytes.length;
    const out: Captured[] = [];
    this.#reader.push(bytes);
    try {
      for (let value = this.#reader.next(); value !== undefined; value = this.#reader.next())
        this.#read(value, out);
    } catch (error) {
      if (!(error instanceof RespError)) throw error;
      const place = this.#reader.consumedBytes;
      const rest = bytes.subarray(Math.max(0, place - before));
      out.push(this.#stop(rest, `the append-only file is damaged at byte ${place}: ${error.message}`));
    }
    return out;
  }

  end(): Captured[] {
    if (this.#frames === 0 && !this.#isBroken) {
      this.#onNote(
        'an append-only file holds stream entries and sessions only: Redis never writes PUBLISH to it',
      );
    }
    if (this.#isBroken || this.#reader.consumedBytes === this.#pushed) return [];
    this.#onNote(`it ends inside a command, at byte ${this.#reader.consumedBytes}`);
    return [{ is: 'gap', gap: { via: 'aof', reason: 'truncated' } }];
  }

  #read(value: RespValue, out: Captured[]): void {
    if (value.type === 'inline') {
      const [word] = value.words;
      const seconds = TIMESTAMP.exec(word?.toString('latin1') ?? '')?.[1];
      if (seconds !== undefined) this.#time = Number(seconds) * 1_000_000;
      return;
    }
    const args: Buffer[] = [];
    for (const item of value.type === 'array' ? value.items : [])
      if (item.type === 'bulk') args.push(item.bytes);
    const stamp = this.#time === undefined ? {} : { time: this.#time };
    const captured = withClockOfId(frameFromCommand({ via: 'aof', ...stamp }, args));
    if (captured.is === 'frame') this.#frames++;
    out.push(captured);
  }

  #refuse(bytes: Buffer): Captured[] {
    return [
      this.#stop(
        bytes,
        'an RDB snapshot, or an append-only file that begins with one: only commands can be read. ' +
          'Take the *.incr.aof file of appendonlydir, or write one with aof-use-rdb-preamble no.',
      ),
    ];
  }

  #stop(bytes: Buffer, message: string): Captured {
    this.#isBroken = true;
    const raw = Buffer.from(bytes.subarray(0, SHOWN_BYTES));
    return { is: 'unframed', unframed: { via: 'aof', raw, code: 'unframed', message, offset: 0 } };
  }
}

function withClockOfId(captured: Captured): Captured {
  if (captured.is !== 'frame') return captured;
  const millis = CLOCK_ID.exec(captured.frame.entry?.id ?? '')?.[1];
  return millis === undefined
    ? captured
    : { is: 'frame', frame: { ...captured.frame, time: Number(millis) * 1000 } };
}
