import { DecodeError } from '../../bytes/decode-error.ts';
import { isWholeMessage } from '../../bytes/dumps/whole-message.ts';
import { readWords } from '../../bytes/monitor-line.ts';
import { readQuoted } from '../../bytes/sds-repr.ts';
import type { Captured } from '../../model/frame.ts';
import { frameFromCommand } from '../command.ts';
import { captureDelivery, type Scalar } from './delivery.ts';
import type { TextContext } from './text-context.ts';

const COMMA = 0x2c;
const SPACE = 0x20;
const QUOTE = 0x22;

/** `"publish" "socket.io#/#" "\x93…"`: the words of a command, without the rest of the MONITOR line. */
export function captureWords(line: Buffer, context: TextContext): Captured {
  const { args, unknownEscapeAt } = readWords(line, 0, SPACE);
  if (unknownEscapeAt !== undefined) context.note(UNKNOWN_ESCAPE);
  return frameFromCommand({ via: 'text' }, args);
}

export const UNKNOWN_ESCAPE = 'kept escapes that Redis does not write as they are';

/** `"pmessage","socket.io*","socket.io#/#","\x93…"`: redis-cli --csv. */
export function captureCsv(line: Buffer): Captured {
  return toDelivery(readCsv(line));
}

/** `["pmessage","socket.io*","socket.io#/#","…"]`: redis-cli --json and --quoted-json. */
export function captureJson(line: Buffer): Captured {
  const text = line.toString('latin1').trim();
  const plain = readJsonStrings(text);
  const quoted = text.includes('\\\\') ? readQuotedJson(text) : undefined;
  const elements =
    plain === undefined || quoted === undefined ? (plain ?? quoted) : chooseReading(plain, quoted, text);
  if (elements === undefined)
    throw new DecodeError('bad-syntax', 'neither redis-cli --json nor --quoted-json', 0);
  return toDelivery(elements);
}

function toDelivery(elements: readonly Scalar[]): Captured {
  const captured = captureDelivery(elements);
  if (captured === undefined) {
    throw new DecodeError('bad-syntax', 'a list, but not what arrives on a subscription', 0);
  }
  return captured;
}

/** Bytes above 0x7f stand there raw: one character a byte, whatever the locale (redis-cli 7.0, escapeJsonString). */
function readJsonStrings(text: string): Scalar[] | undefined {
  let items: unknown;
  try {
    items = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(items)) return undefined;
  return items.map((item: unknown) => {
    if (typeof item === 'string') return Buffer.from(item, 'latin1');
    return typeof item === 'number' ? item : null;
  });
}

/** Redis' quoting with each backslash doubled, which is no JSON where a payload holds `"` (redis-cli 7.0). */
function readQuotedJson(text: string): Scalar[] | undefined {
  const inner = text.slice(1, text.lastIndexOf(']')).replaceAll('\\\\', '\\');
  try {
    return readCsv(Buffer.from(inner, 'latin1'));
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

/** A payload with backslashes reads as both: the one that is a message, else the one that the escapes look like. */
function chooseReading(plain: readonly Scalar[], quoted: readonly Scalar[], text: string): readonly Scalar[] {
  const [asPlain, asQuoted] = [plain.at(-1), quoted.at(-1)];
  if (asPlain instanceof Uint8Array && isWholeMessage(asPlain)) return plain;
  if (asQuoted instanceof Uint8Array && isWholeMessage(asQuoted)) return quoted;
  const hasOwnEscapes = /[^\\]\\(?:u00|["nrtbf])/.test(text) || /[\x80-\xff]/.test(text);
  return hasOwnEscapes ? plain : quoted;
}

function readCsv(line: Buffer): Scalar[] {
  const elements: Scalar[] = [];
  let at = 0;
  for (;;) {
    if (line[at] === QUOTE) {
      const quoted = readQuoted(line, at);
      elements.push(quoted.bytes);
      at = quoted.next;
    } else {
      const end = line.indexOf(COMMA, at);
      const word = line.toString('latin1', at, end === -1 ? line.length : end).trim();
      if (!/^(-?\d+|NULL|NIL|null)$/.test(word))
        throw new DecodeError('bad-syntax', 'neither a string nor a number', at);
      elements.push(/\d/.test(word) ? Number(word) : null);
      at = end === -1 ? line.length : end;
    }
    if (line[at] !== COMMA) break;
    at++;
  }
  if (line.toString('latin1', at).trim() !== '')
    throw new DecodeError('bad-syntax', 'something follows the list', at);
  return elements;
}
