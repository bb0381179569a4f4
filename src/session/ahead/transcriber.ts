import { ByteBlock } from '../../bytes/byte-block.ts';
import { Memory } from '../../dissect/memory.ts';
import { dissect } from '../../dissect/registry.ts';
import type { Transcript } from '../../recording/ahead.ts';
import { makeFrame } from '../../recording/glance.ts';
import { QuickRecords } from '../quick-records.ts';
import type { FormReader } from './forms.ts';

const LF = 0x0a;
/** Grows with the records. */
const ENDS = 4096;

/**
 * Makes records of the plain broadcasts in a capture's lines. What is not plain, and the first message of each sort,
 * is left to whoever has seen all that came before.
 */
export class Transcriber {
  readonly #keys: readonly string[];
  readonly #form: FormReader;
  readonly #quick: QuickRecords;
  /** Nothing that a plain broadcast needs: it is asked for all the same. */
  readonly #memory = new Memory();
  #records = new ByteBlock(Buffer.alloc(0));
  #ends = new Uint32Array(ENDS);
  #left: number[] = [];
  #count = 0;
  #payloadBytes = 0;
  #lastTime = 0;

  /** `keys`: prefixes that the user named. */
  constructor(form: FormReader, keys: readonly string[]) {
    this.#form = form;
    this.#keys = keys;
    this.#quick = new QuickRecords(keys);
  }

  /**
   * `lines`: whole ones. `records`: memory for records; where they do not fit in, they are in other memory. What is
   * answered is valid until the next call.
   */
  transcribe(lines: Buffer, records: Buffer): Transcript {
    this.#records = new ByteBlock(records);
    this.#left = [];
    this.#count = 0;
    this.#payloadBytes = 0;
    this.#lastTime = 0;
    const text = new ByteBlock(lines);
    while (text.used < lines.length) this.#readLine(text);
    return {
      lines,
      records: this.#records.bytes.subarray(0, this.#records.used),
      ends: this.#ends.subarray(0, this.#count),
      left: Uint32Array.from(this.#left),
      payloadBytes: this.#payloadBytes,
      lastTime: this.#lastTime,
    };
  }

  #readLine(text: ByteBlock): void {
    const start = text.used;
    const { frames } = this.#form;
    const isFrame = frames.read(text, start);
    text.used = isFrame ? frames.end : text.bytes.indexOf(LF, start) + 1;
    if (isFrame && this.#write()) return;
    this.#leave(start, text.used);
    if (!isFrame) this.#form.passOver(text.bytes.subarray(start, text.used));
  }

  #write(): boolean {
    const { head, time, payload } = this.#form.frames;
    if (!this.#quick.writeFrom(head, time, payload, undefined, this.#reserve)) {
      this.#learn();
      return false;
    }
    if (this.#count === this.#ends.length) this.#ends = grow(this.#ends);
    this.#ends[this.#count++] = this.#records.used;
    this.#payloadBytes += payload.used;
    this.#lastTime = time;
    return true;
  }

  readonly #reserve = (bytes: number): ByteBlock => {
    if (this.#records.room < bytes) {
      const larger = new ByteBlock(Buffer.allocUnsafeSlow(2 * (this.#records.used + bytes)));
      this.#records.bytes.copy(larger.bytes, 0, 0, this.#records.used);
      larger.used = this.#records.used;
      this.#records = larger;
    }
    return this.#records;
  };

  #learn(): void {
    const frame = makeFrame(this.#form.frames);
    const { used } = this.#records;
    const isWritten = this.#quick.write(frame, 1, this.#reserve);
    this.#records.used = used;
    if (isWritten || !this.#quick.isCurious) return;
    const message = dissect(frame, { keys: this.#keys, memory: this.#memory });
    if (message !== undefined) this.#quick.learn({ is: 'message', seq: 1, frame, message });
  }

  /** Neighbours that are left are one. */
  #leave(start: number, end: number): void {
    const left = this.#left;
    if (left.length > 0 && left.at(-1) === start && left.at(-3) === this.#count) left[left.length - 1] = end;
    else left.push(this.#count, start, end);
  }
}

function grow(ends: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * ends.length);
  larger.set(ends);
  return larger;
}
