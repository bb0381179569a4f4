import { DecodeError } from '../../bytes/decode-error.ts';
import { straightenQuotes } from '../../bytes/dumps/index.ts';
import { readMonitorLine } from '../../bytes/monitor-line.ts';
import type { Captured } from '../../model/frame.ts';
import { frameFromCommand } from '../command.ts';
import { isNumberedLine, NumberedReply } from './numbered-reply.ts';
import { captureCsv, captureJson, captureWords, UNKNOWN_ESCAPE } from './quoted-lines.ts';
import { captureReply } from './reply-frames.ts';
import { MONITOR_INSIDE } from './sniff.ts';
import { type TextContext, unframed } from './text-context.ts';

interface LineForm {
  readonly name: string;
  matches(line: Buffer): boolean;
  /** @throws {DecodeError} */
  capture(line: Buffer, context: TextContext): Captured;
}

/** Asked of every line: the first byte decides most. */
const startsWith = (pattern: RegExp, isFirst: (byte: number) => boolean) => (line: Buffer) =>
  isFirst(line[0] ?? 0) && pattern.test(line.toString('latin1', 0, 40));
const isDigitOrPlus = (byte: number): boolean => (byte >= 0x30 && byte <= 0x39) || byte === 0x2b;
const isQuote = (byte: number): boolean => byte === 0x22;
const isBracket = (byte: number): boolean => byte === 0x5b;

/** Forms that are one line each, in the order in which they are asked. */
const LINE_FORMS: readonly LineForm[] = [
  { name: 'a MONITOR line', matches: startsWith(/^\+?\d{8,12}\.\d/, isDigitOrPlus), capture: captureMonitor },
  { name: 'CSV', matches: startsWith(/^"[\w-]+",/, isQuote), capture: captureCsv },
  { name: 'a command', matches: startsWith(/^"/, isQuote), capture: captureWords },
  { name: 'JSON', matches: startsWith(/^\["/, isBracket), capture: captureJson },
];

/** What programs print around the traffic: it carries none. */
const CHROME = [
  /^\+?(?:OK|PONG)?$/,
  /^Reading messages\.\.\. \(press Ctrl-C/,
  /^Script (?:started|done)\b/,
  /^\S*\d+(?:\[\d+\])?> *(?:monitor|[ps]?subscribe\b.*|psubscribe\b.*|x(?:range|read)\b.*|slowlog\b.*|quit|exit)?$/i,
  /^\S*[$#%>] .*\bredis-cli\b/,
  /^\^C/,
];
const CHROME_BYTES = 400;

/** Reads one line after the other of MONITOR text and of what redis-cli prints for subscriptions. */
export class LineReader {
  readonly #context: TextContext;
  #reply: NumberedReply | undefined;

  constructor(context: TextContext) {
    this.#context = context;
  }

  /** `line` without its LF; it may be a view that is gone afterwards. */
  read(line: Buffer, out: Captured[]): void {
    const text = trimLineEnd(line);
    if ((this.#reply !== undefined || isNumberedLine(text)) && this.#readNumbered(text, out)) return;
    const captured = this.#readLine(text);
    if (captured !== undefined) out.push(this.#context.complete(captured));
  }

  /** What was begun is whole. */
  end(out: Captured[]): void {
    this.#flush(out);
  }

  /** Whether something was begun that further lines may belong to. */
  get hasBegun(): boolean {
    return this.#reply !== undefined;
  }

  #readLine(line: Buffer): Captured | undefined {
    const form = LINE_FORMS.find((candidate) => candidate.matches(line));
    try {
      if (form !== undefined) return form.capture(line, this.#context);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return (
        this.#readRepaired(line) ?? unframed(line, `not ${form?.name ?? ''}: ${error.message}`, error.offset)
      );
    }
    if (
      line.length <= CHROME_BYTES &&
      CHROME.some((pattern) => pattern.test(line.toString('latin1').trim()))
    ) {
      return undefined;
    }
    return this.#readRepaired(line) ?? this.#readInside(line) ?? unframed(line, NO_LINE);
  }

  #readRepaired(line: Buffer): Captured | undefined {
    const repaired = straightenQuotes(line);
    if (repaired === undefined) return undefined;
    const captured = this.#readLine(repaired);
    if (captured === undefined || captured.is === 'unframed') return undefined;
    this.#context.note('took typographic quotes for plain ones');
    return captured;
  }

  #readInside(line: Buffer): Captured | undefined {
    const before = MONITOR_INSIDE.exec(line.toString('latin1', 0, 4096))?.[0];
    if (before === undefined) return undefined;
    try {
      const captured = captureMonitor(line, this.#context, before.length);
      this.#context.note('left out what stands before MONITOR lines');
      return captured;
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return unframed(line, `not a MONITOR line: ${error.message}`, error.offset);
    }
  }

  /** Whether the line was part of a numbered reply. */
  #readNumbered(line: Buffer, out: Captured[]): boolean {
    if (this.#reply !== undefined && (!isNumberedLine(line) || this.#reply.startsAnew(line)))
      this.#flush(out);
    if (!isNumberedLine(line)) return false;
    const reply = this.#reply ?? new NumberedReply();
    this.#reply = reply;
    try {
      reply.add(straightenNumbered(line));
      if (reply.isWholeDelivery()) this.#flush(out);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#reply = undefined;
      out.push(unframed(reply.raw, `not a reply as redis-cli prints it: ${error.message}`));
    }
    return true;
  }

  #flush(out: Captured[]): void {
    const reply = this.#reply;
    this.#reply = undefined;
    if (reply === undefined) return;
    const found = captureReply(reply.items, reply.raw);
    if (found === undefined)
      out.push(unframed(reply.raw, 'a reply, but neither a delivery nor stream entries'));
    else out.push(...found.map((captured) => this.#context.complete(captured)));
  }
}

const NO_LINE = 'neither a MONITOR line nor part of what redis-cli prints for a subscription';

function captureMonitor(line: Buffer, context: TextContext, offset = 0): Captured {
  const { time, db, client, args, unknownEscapeAt } = readMonitorLine(line, offset);
  if (unknownEscapeAt !== undefined) context.note(UNKNOWN_ESCAPE);
  return frameFromCommand({ via: 'monitor', time, client, db }, args);
}

function straightenNumbered(line: Buffer): Buffer {
  return line.includes(0xe2) ? (straightenQuotes(line) ?? line) : line;
}

function trimLineEnd(line: Buffer): Buffer {
  return line[line.length - 1] === 0x0d ? line.subarray(0, -1) : line;
}
