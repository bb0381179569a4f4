import { asBuffer } from '../bytes/decode-error.ts';
import type { Captured, Frame } from '../model/frame.ts';
import { RECORDING_START, RECORDING_VERSION } from './format.ts';
import { BadLine, LineReader, type Template } from './line-reader.ts';

const LF = 0x0a;
const DIGIT_0 = 0x30;
/** A frame with a payload, as LineWriter writes it: time, what repeats, length, payload. */
const TIME_MARK = Buffer.from('{"t":');
const LENGTH_MARK = Buffer.from(',"n":');
const PAYLOAD_MARK = Buffer.from(',"p":"');
const LINE_END = Buffer.from('"}\n');
/** Middles of lines that are remembered, and how many of them are compared before they are looked up. */
const MAX_TEMPLATES = 4096;
const RECENT_TEMPLATES = 4;
/** The micros of today have 16 digits; no more than a safe integer has. */
const MAX_DIGITS = 16;
/** A longer one (a channel's name may have any length) is read as JSON, and not kept. */
const MAX_MIDDLE_BYTES = 1024;

interface Middle {
  readonly bytes: Buffer;
  readonly template: Template;
}

/**
 * Reads a recording that comes in chunks. The lines of frames, nearly all there are, are taken apart without parsing
 * JSON: what stands between time and payload repeats, and is parsed once. All other lines go through JSON.
 */
export class RecordingReader {
  readonly #lines = new LineReader();
  readonly #onNote: (note: string) => void;
  readonly #middles = new Map<string, Middle>();
  readonly #recent: Middle[] = [];
  /** The start of a line whose end has not come. */
  #rest: Buffer[] = [];
  #at = 0;
  #lastTime: number | undefined;
  #hasEnded = false;

  constructor(onNote: (note: string) => void = () => undefined) {
    this.#onNote = onNote;
  }

  push(chunk: Uint8Array): Captured[] {
    const out: Captured[] = [];
    const bytes = asBuffer(chunk);
    if (this.#rest.length === 0) {
      this.#readAll(bytes, out);
      return out;
    }
    const lineEnd = bytes.indexOf(LF) + 1;
    this.#rest.push(lineEnd === 0 ? Buffer.from(bytes) : bytes.subarray(0, lineEnd));
    if (lineEnd > 0) {
      this.#readAll(this.#takeRest(), out);
      this.#readAll(bytes.subarray(lineEnd), out);
    }
    return out;
  }

  /** A last line that is not whole was being written when the writer was stopped: a gap, never an error. */
  end(): Captured[] {
    const rest = this.#takeRest();
    if (!this.#hasEnded)
      this.#onNote('has no last line: it is still being written, or its writer was stopped');
    if (rest.length === 0) return [];
    const whole = this.#parseWhole(rest);
    if (whole !== undefined) return whole;
    const from = this.#lastTime === undefined ? {} : { from: this.#lastTime };
    return [{ is: 'gap', gap: { via: 'recording', reason: 'truncated', ...from } }];
  }

  #takeRest(): Buffer {
    const rest = Buffer.concat(this.#rest);
    this.#rest = [];
    return rest;
  }

  /** The writer was stopped between a line and its LF. */
  #parseWhole(rest: Buffer): Captured[] | undefined {
    const out: Captured[] = [];
    this.#readLine(rest, out);
    return out.some(({ is }) => is === 'unframed') ? undefined : out;
  }

  #readAll(bytes: Buffer, out: Captured[]): void {
    this.#at = 0;
    while (this.#at < bytes.length) {
      const frame = this.#readFrame(bytes);
      if (frame !== undefined) {
        out.push({ is: 'frame', frame });
        continue;
      }
      const end = bytes.indexOf(LF, this.#at);
      if (end === -1) break;
      this.#readLine(bytes.subarray(this.#at, end), out);
      this.#at = end + 1;
    }
    if (this.#at < bytes.length) this.#rest.push(Buffer.from(bytes.subarray(this.#at)));
  }

  /** The frame whose line stands at `#at`, which moves behind it; undefined when it is any other line, or not whole. */
  #readFrame(bytes: Buffer): Frame | undefined {
    let at = this.#at;
    if (!startsAt(bytes, at, TIME_MARK)) return undefined;
    at += TIME_MARK.length;
    const timeEnd = digitsEnd(bytes, at);
    const middle = timeEnd === at ? undefined : this.#middleAt(bytes, timeEnd);
    if (middle === undefined) return undefined;
    const lengthStart = timeEnd + middle.bytes.length;
    const lengthEnd = digitsEnd(bytes, lengthStart);
    if (!startsAt(bytes, lengthEnd, PAYLOAD_MARK)) return undefined;
    const length = readDigits(bytes, lengthStart, lengthEnd);
    const start = lengthEnd + PAYLOAD_MARK.length;
    const end = start + Math.ceil(length / 3) * 4;
    if (!startsAt(bytes, end, LINE_END)) return undefined;
    const payload = Buffer.from(bytes.toString('latin1', start, end), 'base64');
    if (payload.length !== length) return undefined;
    const time = readDigits(bytes, at, timeEnd);
    this.#at = end + LINE_END.length;
    this.#lastTime = time;
    return toFrame(middle.template, time, payload);
  }

  #middleAt(bytes: Buffer, at: number): Middle | undefined {
    for (const middle of this.#recent) if (startsAt(bytes, at, middle.bytes)) return middle;
    const mark = bytes.subarray(at, at + MAX_MIDDLE_BYTES).indexOf(LENGTH_MARK);
    if (mark === -1) return undefined;
    const text = bytes.toString('latin1', at, at + mark + LENGTH_MARK.length);
    const middle = this.#middles.get(text) ?? this.#learn(text);
    if (middle === undefined) return undefined;
    if (this.#recent.length === RECENT_TEMPLATES) this.#recent.pop();
    this.#recent.unshift(middle);
    return middle;
  }

  /** Parses `,"o":1,"c":"PMESSAGE","ch":"socket.io#/#","n":` once. */
  #learn(text: string): Middle | undefined {
    const bytes = Buffer.from(text, 'latin1');
    const line = parseLine(`{${bytes.toString('utf8', 1, bytes.length - LENGTH_MARK.length)}}`);
    if (text[0] !== ',' || line === undefined || !isPlainMiddle(line)) return undefined;
    const template = this.#lines.readTemplate(line);
    if (template instanceof BadLine) return undefined;
    if (this.#middles.size >= MAX_TEMPLATES) this.#middles.clear();
    const middle = { bytes, template };
    this.#middles.set(text, middle);
    return middle;
  }

  #forgetMiddles(): void {
    this.#middles.clear();
    this.#recent.length = 0;
  }

  #readLine(line: Buffer, out: Captured[]): void {
    if (line.length === 0) return;
    const parsed = parseLine(line.toString('utf8'));
    // What a template says depends on the origins: they are said anew by an origin's line and by a header.
    if (parsed !== undefined && ('origin' in parsed || 'sioInspectRecording' in parsed))
      this.#forgetMiddles();
    if (parsed !== undefined && 'sioInspectRecording' in parsed) {
      this.#readHeader(parsed);
      return;
    }
    if (parsed !== undefined && 'end' in parsed) this.#hasEnded = true;
    const items = this.#lines.read(parsed);
    if (items instanceof BadLine) {
      const message = `not a line of a recording: ${items.why}`;
      const raw = Buffer.from(line);
      out.push({ is: 'unframed', unframed: { via: 'recording', raw, code: 'unframed', message } });
      return;
    }
    for (const item of items) {
      if (item.is === 'frame') this.#lastTime = item.frame.time ?? this.#lastTime;
      out.push(item);
    }
  }

  #readHeader(header: Readonly<Record<string, unknown>>): void {
    this.#lines.restart();
    this.#hasEnded = false;
    const version = header.sioInspectRecording;
    if (version !== RECORDING_VERSION)
      this.#onNote(
        `was written in version ${String(version)} of the format; this program knows ${RECORDING_VERSION}`,
      );
    if (Array.isArray(header.redaction))
      this.#onNote(`is redacted: ${header.redaction.map(String).join(', ')}`);
  }
}

/** Fewer bytes of the first line could be anything. */
const TELLING_BYTES = '{"sio'.length;

/** Whether a file that begins with these bytes is a recording; it may have been cut off in its first line. */
export function isRecording(head: Uint8Array): boolean {
  const start = asBuffer(head).toString('latin1', 0, RECORDING_START.length);
  return start.length >= TELLING_BYTES && RECORDING_START.startsWith(start);
}

/** Property by property: this runs for every frame, and spreading costs more than all the rest. */
function toFrame(template: Template, time: number, payload: Buffer): Frame {
  const frame: { -readonly [K in keyof Frame]: Frame[K] } = { via: template.via, time, payload };
  if (template.node !== undefined) frame.node = template.node;
  if (template.client !== undefined) frame.client = template.client;
  if (template.db !== undefined) frame.db = template.db;
  if (template.command !== undefined) frame.command = template.command;
  if (template.channel !== undefined) frame.channel = template.channel;
  if (template.recordedVia !== undefined) frame.recordedVia = template.recordedVia;
  return frame;
}

function isPlainMiddle(line: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(line).every((name) => name === 'o' || name === 'c' || name === 'ch');
}

function parseLine(text: string): Readonly<Record<string, unknown>> | undefined {
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
  // From the end: middles differ in their channels, hardly in their starts.
  for (let index = length - 1; index >= 0; index--) if (bytes[at + index] !== mark[index]) return false;
  return true;
}

function digitsEnd(bytes: Buffer, start: number): number {
  let at = start;
  while (at - start < MAX_DIGITS && (bytes[at] ?? 0) >= DIGIT_0 && (bytes[at] ?? 0) <= DIGIT_0 + 9) at++;
  return at;
}

function readDigits(bytes: Buffer, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) value = value * 10 + ((bytes[at] ?? 0) - DIGIT_0);
  return value;
}
