import type { DumpForm, Paste, PastedMessage, Reading } from './paste.ts';
import { unescapeText } from './unescape.ts';

/** `b'…'` or `b"…"` in the text: from `start` to before `end`. */
interface Literal {
  readonly start: number;
  readonly end: number;
  readonly bytes: Buffer;
}

/** Python: `repr` of bytes or of a bytearray, a list of them, or the messages that redis-py hands over, which name their channel. */
export const pythonBytes: DumpForm = {
  name: "Python's bytes",
  *read(paste: Paste): Iterable<Reading> {
    const text = paste.text.trim();
    const literals = findLiterals(text);
    if (literals.length === 0) return;
    const messages = readDeliveries(text, literals);
    if (messages.length > 0) yield { is: 'messages', messages, sure: true, notes: [] };
    else if (isOnlyLiterals(text, literals)) {
      yield { is: 'messages', messages: literals.map(({ bytes }) => ({ bytes })), sure: true, notes: [] };
    }
  },
};

/** `{'type': 'pmessage', 'pattern': b'…', 'channel': b'…', 'data': b'…'}` (redis-py 5, client.py, handle_message). */
function readDeliveries(text: string, literals: readonly Literal[]): PastedMessage[] {
  return literals.flatMap((data, index) => {
    const channel = literals[index - 1];
    if (channel === undefined || !text.endsWith("'channel': ", channel.start)) return [];
    return text.slice(channel.end, data.start) === ", 'data': "
      ? [{ bytes: data.bytes, channel: channel.bytes }]
      : [];
  });
}

function isOnlyLiterals(text: string, literals: readonly Literal[]): boolean {
  let at = 0;
  for (const { start, end } of literals) {
    if (!isBetween(text.slice(at, start))) return false;
    at = end;
  }
  return isBetween(text.slice(at));
}

/** What may stand around literals: `[`, `bytearray(`, … */
function isBetween(text: string): boolean {
  return !/[^\s,[\]()]/.test(text.replaceAll(/\b(?:bytearray|bytes)(?=\($)/g, ''));
}

/** Scanned by hand: a payload may be megabytes long, more than a regular expression can step back over. */
function findLiterals(text: string): Literal[] {
  const found: Literal[] = [];
  const opening = /\bb(["'])/g;
  for (let match = opening.exec(text); match !== null; match = opening.exec(text)) {
    const start = match.index;
    const close = findQuote(text, start + 2, match[1] ?? '');
    if (close === -1) return found;
    const bytes = Buffer.from(unescapeText(text.slice(start + 2, close)) ?? '', 'latin1');
    found.push({ start, end: close + 1, bytes });
    opening.lastIndex = close + 1;
  }
  return found;
}

function findQuote(text: string, from: number, quote: string): number {
  for (let at = from; at < text.length; at++) {
    const character = text[at];
    if (character === quote) return at;
    if (character === '\n') return -1;
    if (character === '\\') at++;
  }
  return -1;
}
