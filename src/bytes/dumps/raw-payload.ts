import { isUtf8 } from 'node:buffer';
import { type DumpForm, messagesReading, type Paste, type Reading } from './paste.ts';
import { isWholeMessage, trimJson } from './whole-message.ts';

const NEWLINE = 0x0a;

/** The bytes themselves: a payload saved to a file, JSON as text, one payload a line, whole RESP commands. */
export const rawPayload: DumpForm = {
  name: 'the payload itself',
  *read(paste: Paste): Iterable<Reading> {
    const { bytes } = paste;
    if (isWholeMessage(bytes)) yield messagesReading([trimmed(bytes)], true);
    else if (bytes.at(-1) === NEWLINE) yield* withoutLineEnd(bytes);
    yield* narrowed(bytes);
    yield* oneEachLine(paste);
  },
};

function trimmed(bytes: Buffer): Buffer {
  const lead = trimJson(bytes)[0];
  return lead === 0x7b || lead === 0x5b ? trimJson(bytes) : bytes;
}

/** Editors and redis-cli put a line end behind the bytes. */
function* withoutLineEnd(bytes: Buffer): Iterable<Reading> {
  const payload = bytes.subarray(0, -1);
  if (isWholeMessage(payload))
    yield messagesReading([payload], true, ['left out the line end after the payload']);
}

/** Bytes that were printed as characters U+0000 to U+00FF and saved as UTF-8: nothing is lost. */
function* narrowed(bytes: Buffer): Iterable<Reading> {
  if (!isUtf8(bytes)) return;
  const text = bytes.toString('utf8').trimEnd();
  if (!/[\u0080-\u00ff]/.test(text) || /[^\u0000-\u00ff]/.test(text)) return;
  const payload = Buffer.from(text, 'latin1');
  if (isWholeMessage(payload)) {
    yield messagesReading([payload], true, ['read each character U+0000 to U+00FF as one byte']);
  }
}

function* oneEachLine(paste: Paste): Iterable<Reading> {
  const lines = paste.lines.filter((line) => line.trim() !== '').map((line) => Buffer.from(line, 'latin1'));
  if (lines.length > 1 && lines.every(isWholeMessage)) {
    yield messagesReading(lines.map(trimmed), true, ['read one payload a line']);
  }
}
