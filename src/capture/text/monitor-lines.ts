import { ByteBlock, SLACK_BYTES } from '../../bytes/byte-block.ts';
import { ByteTable, hashByte } from '../../bytes/byte-table.ts';
import { DecodeError } from '../../bytes/decode-error.ts';
import { readMonitorLine } from '../../bytes/monitor-line.ts';
import { unescapeQuoted } from '../../bytes/sds-repr.ts';
import type { FrameHead } from '../../model/frame.ts';
import type { LineFrames } from '../../recording/glance.ts';
import { frameFromCommand } from '../command.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const SPACE = 0x20;
const DOT = 0x2e;
const CR = 0x0d;
const LF = 0x0a;
/** A timestamp as Redis writes it until the year 2286. */
const SECOND_DIGITS = 10;
const MICRO_DIGITS = 6;
/** Middles of lines that are remembered: there may be one for each room and client. */
const MAX_MIDDLES = 16_384;
/** Longer ones go the long way. */
const MAX_MIDDLE_BYTES = 1024;
/** Grows with the payloads. */
const PAYLOAD_BYTES = 64 * 1024;

/**
 * Takes MONITOR lines of publishes apart, nearly all that most MONITOR texts have: what stands between time and payload
 * repeats, and is read once.
 */
export class MonitorLines implements LineFrames {
  head: FrameHead = { via: 'monitor' };
  time = 0;
  payload = new ByteBlock(Buffer.allocUnsafeSlow(PAYLOAD_BYTES + SLACK_BYTES));
  end = 0;
  /** Null: no publish. */
  readonly #heads = new ByteTable<FrameHead | null>(MAX_MIDDLES);
  #hash = 0;

  read(text: ByteBlock, start: number): boolean {
    const middle = this.#readTime(text.bytes, start);
    const payload = middle === -1 ? -1 : this.#findPayload(text.bytes, middle);
    if (payload === -1) return false;
    const head = this.#heads.find(this.#hash, text, middle, payload);
    if (head === null || !this.#readPayload(text.bytes, payload)) return false;
    if (head !== undefined) {
      this.head = head;
      return true;
    }
    return this.#learn(text, start, middle, payload);
  }

  /** The place behind `1795375709.291598 `, or -1. */
  #readTime(bytes: Buffer, start: number): number {
    const dot = start + SECOND_DIGITS;
    const end = dot + 1 + MICRO_DIGITS;
    if (bytes[dot] !== DOT || bytes[end] !== SPACE) return -1;
    let micros = 0;
    for (let at = start; at < end; at++) {
      if (at === dot) continue;
      const digit = (bytes[at] ?? 0) - 0x30;
      if (digit < 0 || digit > 9) return -1;
      micros = micros * 10 + digit;
    }
    this.time = micros;
    return end + 1;
  }

  /** The place behind the opening quote of the third word in `[0 127.0.0.1:50550] "PUBLISH" "socket.io#/#" "…"`, or -1. */
  #findPayload(bytes: Buffer, start: number): number {
    const most = Math.min(bytes.length - SLACK_BYTES, start + MAX_MIDDLE_BYTES);
    if (bytes[start] !== OPEN) return -1;
    let hash = 0;
    let at = start;
    for (; at < most && bytes[at] !== QUOTE; at++) hash = hashByte(hash, bytes[at] ?? 0);
    if (bytes[at - 1] !== SPACE || bytes[at - 2] !== CLOSE) return -1;
    // Two words, each with its quotes and a space behind it.
    let quotes = 0;
    for (; at < most; at++) {
      const byte = bytes[at] ?? 0;
      hash = hashByte(hash, byte);
      if (byte === LF) return -1;
      if (byte === QUOTE && ++quotes === 5) break;
      if (byte === BACKSLASH) hash = hashByte(hash, bytes[++at] ?? 0);
    }
    this.#hash = hash;
    return at >= most ? -1 : at + 1;
  }

  /** Reads up to the end of the line; `end` is behind it. */
  #readPayload(bytes: Buffer, start: number): boolean {
    if (bytes.length - start > this.payload.bytes.length - SLACK_BYTES)
      this.payload = new ByteBlock(Buffer.allocUnsafeSlow(bytes.length - start + SLACK_BYTES));
    const quote = unescapeQuoted(bytes, start, this.payload);
    if (quote === -1) return false;
    const lf = bytes[quote + 1] === CR ? quote + 2 : quote + 1;
    this.end = lf + 1;
    return bytes[lf] === LF;
  }

  /** What was found here is believed where the long way finds the same. */
  #learn(text: ByteBlock, start: number, middle: number, payload: number): boolean {
    const head = this.#readHead(text.bytes.subarray(start, this.end - 1));
    this.#heads.add(this.#hash, text, middle, payload, head);
    if (head === null) return false;
    this.head = head;
    return true;
  }

  #readHead(line: Buffer): FrameHead | null {
    try {
      const { time, db, client, args, unknownEscapeAt } = readMonitorLine(line);
      const captured = frameFromCommand({ via: 'monitor', time, client, db }, args);
      if (captured.is !== 'frame' || unknownEscapeAt !== undefined) return null;
      const { time: readTime, payload, ...head } = captured.frame;
      const { bytes, used } = this.payload;
      const isSame =
        readTime === this.time && payload !== undefined && bytes.subarray(0, used).equals(payload);
      return isSame ? head : null;
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return null;
    }
  }
}
