import { base64Length, decodeBase64 } from '../bytes/base64.ts';
import { ByteBlock, BytePiece, SLACK_BYTES } from '../bytes/byte-block.ts';
import { ByteTable, hashByte } from '../bytes/byte-table.ts';
import type { FrameHead } from '../model/frame.ts';
import type { LineFrames } from './glance.ts';
import { BadLine, type LineReader } from './line-reader.ts';

const COMMA = 0x2c;
const DIGIT_0 = 0x30;
/** A frame with a payload, as LineWriter writes it: time, what repeats, length, payload. */
const TIME_MARK = Buffer.from('{"t":');
const LENGTH_MARK = Buffer.from(',"n":');
const CHANNEL_MARK = Buffer.from(',"ch":');
const PAYLOAD_MARK = Buffer.from(',"p":"');
const LINE_END = Buffer.from('"}\n');
/** Middles of lines that are remembered: there may be one for each room and client. */
const MAX_MIDDLES = 16_384;
/** The micros of today have 16 digits; no more than a safe integer has. */
const MAX_DIGITS = 16;
/** A longer one (a channel's name may have any length) is read as JSON. */
const MAX_MIDDLE_BYTES = 1024;
/** Grows with the payloads. */
const PAYLOAD_BYTES = 64 * 1024;

/**
 * Takes the lines of frames apart, nearly all that a recording has, without parsing JSON: what stands between time and
 * payload repeats, and is parsed once.
 */
export class FrameLines implements LineFrames {
  /** What the line that was read last says, and where it ends. */
  head: FrameHead = { via: 'recording' };
  time = 0;
  payload = new ByteBlock(Buffer.allocUnsafeSlow(PAYLOAD_BYTES + SLACK_BYTES));
  end = 0;
  readonly #lines: LineReader;
  /** Null: not plain, and to be read as JSON. */
  readonly #heads = new ByteTable<FrameHead | null>(MAX_MIDDLES);
  #middleEnd = 0;
  /** How the middle that was learned last begins. */
  #start = new BytePiece('');
  #startHash = 0;

  constructor(lines: LineReader) {
    this.#lines = lines;
  }

  /** What a middle means depends on the origins that were said before. */
  forget(): void {
    this.#heads.clear();
  }

  /** Reads the frame whose line starts at `start`; false when it is any other line, or not whole. */
  read(text: ByteBlock, start: number): boolean {
    const { bytes } = text;
    if (!startsAt(bytes, start, TIME_MARK)) return false;
    const timeStart = start + TIME_MARK.length;
    const timeEnd = digitsEnd(bytes, timeStart);
    if (timeEnd === timeStart || !this.#readMiddle(text, timeEnd)) return false;
    const lengthStart = this.#middleEnd;
    const lengthEnd = digitsEnd(bytes, lengthStart);
    if (lengthEnd === lengthStart || !startsAt(bytes, lengthEnd, PAYLOAD_MARK)) return false;
    const length = readDigits(bytes, lengthStart, lengthEnd);
    const payloadStart = lengthEnd + PAYLOAD_MARK.length;
    const payloadEnd = payloadStart + base64Length(length);
    if (!startsAt(bytes, payloadEnd, LINE_END)) return false;
    this.#makeRoom(length);
    if (!decodeBase64(text.view, payloadStart, this.payload, length)) return false;
    this.payload.used = length;
    this.time = readDigits(bytes, timeStart, timeEnd);
    this.end = payloadEnd + LINE_END.length;
    return true;
  }

  #makeRoom(lengthBytes: number): void {
    if (lengthBytes + SLACK_BYTES > this.payload.bytes.length)
      this.payload = new ByteBlock(Buffer.allocUnsafeSlow(2 * lengthBytes));
  }

  /** Reads from the comma after the time to the colon before the length. */
  #readMiddle(text: ByteBlock, start: number): boolean {
    const { bytes } = text;
    const most = Math.min(bytes.length, start + MAX_MIDDLE_BYTES);
    const isKnown = start + this.#start.length + SLACK_BYTES <= most && this.#start.isAt(text, start);
    let hash = isKnown ? this.#startHash : 0;
    let at = isKnown ? start + this.#start.length : start;
    for (; at < most; at++) {
      const byte = bytes[at] ?? 0;
      if (byte === COMMA && startsAt(bytes, at, LENGTH_MARK)) break;
      hash = hashByte(hash, byte);
    }
    if (at === most) return false;
    this.#middleEnd = at + LENGTH_MARK.length;
    let head = this.#heads.find(hash, text, start, at);
    if (head === undefined) {
      head = this.#parseMiddle(bytes.toString('utf8', start, at));
      this.#heads.add(hash, text, start, at, head);
      this.#rememberStart(bytes.subarray(start, at));
    }
    if (head === null) return false;
    this.head = head;
    return true;
  }

  /** Most middles of a recording are the same up to the channel. */
  #rememberStart(middle: Buffer): void {
    const length = middle.indexOf(CHANNEL_MARK) + 1;
    this.#start = new BytePiece(Uint8Array.prototype.slice.call(middle, 0, length));
    this.#startHash = this.#start.bytes.reduce(hashByte, 0);
  }

  /** Parses `,"o":1,"c":"PMESSAGE","ch":"socket.io#/#"`. */
  #parseMiddle(text: string): FrameHead | null {
    const line = text.startsWith(',') ? parseObject(`{${text.slice(1)}}`) : undefined;
    if (line === undefined || !isPlain(line)) return null;
    const head = this.#lines.readHead(line);
    return head instanceof BadLine ? null : head;
  }
}

function isPlain(line: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(line).every((name) => name === 'o' || name === 'c' || name === 'ch');
}

/** Undefined for what is no JSON object. */
export function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    const isObject = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
    return isObject ? (parsed as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

function startsAt(bytes: Buffer, at: number, mark: Buffer): boolean {
  const { length } = mark;
  if (at + length > bytes.length) return false;
  for (let index = 0; index < length; index++) if (bytes[at + index] !== mark[index]) return false;
  return true;
}

function digitsEnd(bytes: Buffer, start: number): number {
  const most = Math.min(bytes.length, start + MAX_DIGITS);
  let at = start;
  while (at < most && (bytes[at] ?? 0) >= DIGIT_0 && (bytes[at] ?? 0) <= DIGIT_0 + 9) at++;
  return at;
}

function readDigits(bytes: Buffer, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) value = value * 10 + ((bytes[at] ?? 0) - DIGIT_0);
  return value;
}
