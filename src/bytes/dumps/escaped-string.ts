import { isUtf8 } from 'node:buffer';
import { DecodeError } from '../decode-error.ts';
import { readQuoted } from '../sds-repr.ts';
import { type DumpForm, messagesReading, type Paste, type Reading } from './paste.ts';
import { unescapeText } from './unescape.ts';

/** SLOWLOG cuts arguments at 128 bytes (Redis 7.0, src/slowlog.c). */
const CUT = /\.\.\. \((\d+) more (bytes|arguments)\)["']?\s*$/;
const CUT_ADVICE = 'SLOWLOG cuts long arguments: capture with redis-cli monitor instead.';

/** One string a line with escapes: Redis' quoting, JSON, JavaScript, C, PHP, shell; quotes may be missing. */
export const escapedString: DumpForm = {
  name: 'an escaped string',
  *read(paste: Paste): Iterable<Reading> {
    const lines = paste.lines.map((line) => line.trim().replace(/[;,]$/, '')).filter((line) => line !== '');
    const cut = lines.map((line) => CUT.exec(line)).find((match) => match !== null);
    if (cut) {
      yield {
        is: 'lost',
        message: `${cut[1] ?? ''} more ${cut[2] ?? ''} are missing at the end. ${CUT_ADVICE}`,
      };
      return;
    }
    yield* readAll(lines, readRedisQuoted, true, []);
    yield* readAll(lines, readNarrow, false, ['read as an escaped string']);
    const decoded = isUtf8(paste.bytes)
      ? lines.map((line) => Buffer.from(line, 'latin1').toString('utf8'))
      : [];
    yield* readAll(decoded, readNarrow, false, ['read as an escaped string, each character as one byte']);
    yield* readAll(decoded, readWide, false, ['read as an escaped string, its characters as UTF-8']);
  },
};

type LineReader = (line: string) => Uint8Array | undefined;

function* readAll(
  lines: readonly string[],
  readLine: LineReader,
  sure: boolean,
  notes: readonly string[],
): Iterable<Reading> {
  const messages = lines.map(readLine).filter((bytes) => bytes !== undefined);
  if (messages.length > 0 && messages.length === lines.length) yield messagesReading(messages, sure, notes);
}

function readRedisQuoted(line: string): Uint8Array | undefined {
  if (!line.startsWith('"')) return undefined;
  const text = Buffer.from(line, 'latin1');
  try {
    const quoted = readQuoted(text, 0);
    return quoted.next === text.length && quoted.unknownEscapeAt === undefined ? quoted.bytes : undefined;
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

function readNarrow(line: string): Uint8Array | undefined {
  const text = readText(line);
  return text === undefined || /[^\u0000-\u00ff]/.test(text) ? undefined : Buffer.from(text, 'latin1');
}

function readWide(line: string): Uint8Array | undefined {
  const text = readText(line);
  return text === undefined ? undefined : Buffer.from(text, 'utf8');
}

/** Without quotes only text that escapes something can be told from words. */
function readText(line: string): string | undefined {
  const quote = /^[$]?(["'`])/.exec(line);
  if (quote === null)
    return /^[^"'\s]*\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4})/.test(line) ? unescapeText(line) : undefined;
  const inner = line.slice(quote[0].length);
  return inner.endsWith(quote[1] ?? '') ? unescapeText(inner.slice(0, -1)) : undefined;
}
