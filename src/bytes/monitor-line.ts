import { asBuffer, DecodeError } from './decode-error.ts';
import { readQuoted } from './sds-repr.ts';

/**
 * One line of MONITOR. Source: Redis 7.0, src/replication.c (replicationFeedMonitors):
 * `<seconds>.<6 digits> [<db> <source>] "<arg>" "<arg>" …`.
 */
export interface MonitorLine {
  /** Microseconds since 1970, UTC, by the server's clock. */
  readonly time: number;
  readonly db: number;
  /** `host:port`, `[ipv6]:port`, `unix:PATH` or `lua`. */
  readonly client: string;
  /** The command and its arguments: at least one. */
  readonly args: readonly Uint8Array[];
  /** Byte of the line where the first escape stands that Redis does not write. */
  readonly unknownEscapeAt?: number;
}

const PLUS = 0x2b;
const DOT = 0x2e;
const SPACE = 0x20;
const QUOTE = 0x22;
const OPEN = 0x5b;
const CLOSE = 0x5d;
/** A timestamp in seconds has 10 digits until the year 2286; a few more are tolerated. */
const MAX_DIGITS = 12;

/**
 * Reads the MONITOR line that starts at `offset` and fills the rest of `line`. A `+` in front, as it comes from the
 * socket, and white space at the end, as terminals write it, are allowed; CR LF is not needed.
 * @throws {DecodeError} with the offset in `line`
 */
export function readMonitorLine(line: Uint8Array, offset = 0): MonitorLine {
  const start = line[offset] === PLUS ? offset + 1 : offset;
  const dot = digitsEnd(line, start);
  const micros = digitsEnd(line, expectByte(line, dot, DOT));
  if (micros - dot !== 7)
    throw new DecodeError('bad-syntax', 'a timestamp with 6 decimals was expected', start);
  const dbStart = expectByte(line, expectByte(line, micros, SPACE), OPEN);
  const dbEnd = digitsEnd(line, dbStart);
  const sourceStart = expectByte(line, dbEnd, SPACE);
  const sourceEnd = findSourceEnd(line, sourceStart);
  const words = readWords(line, sourceEnd + 2, SPACE);
  return {
    time: readDigits(line, start, dot) * 1_000_000 + readDigits(line, dot + 1, micros),
    db: readDigits(line, dbStart, dbEnd),
    client: asBuffer(line).toString('utf8', sourceStart, sourceEnd),
    ...words,
  };
}

/** Quoted arguments that fill the rest of `line`, each followed by one `separator` or the end. */
export function readWords(
  line: Uint8Array,
  offset: number,
  separator: number,
): Pick<MonitorLine, 'args' | 'unknownEscapeAt'> {
  const args: Uint8Array[] = [];
  let unknownEscapeAt: number | undefined;
  let at = offset;
  for (;;) {
    const quoted = readQuoted(line, at);
    args.push(quoted.bytes);
    unknownEscapeAt ??= quoted.unknownEscapeAt;
    at = quoted.next;
    if (line[at] === separator && line[at + 1] === QUOTE) at++;
    else break;
  }
  for (let rest = at; rest < line.length; rest++) {
    if (!isBlank(line[rest])) throw new DecodeError('bad-syntax', 'something follows the closing quote', at);
  }
  return unknownEscapeAt === undefined ? { args } : { args, unknownEscapeAt };
}

/** The source may hold brackets and spaces (`[::1]:41914`, `unix:/a b.sock`); only `] "` ends it. */
function findSourceEnd(line: Uint8Array, start: number): number {
  for (let at = start; at + 2 < line.length; at++) {
    if (line[at] === QUOTE) break;
    if (line[at] === CLOSE && line[at + 1] === SPACE && line[at + 2] === QUOTE) return at;
  }
  throw new DecodeError('bad-syntax', 'the source of the command, [db host:port], was expected', start);
}

function digitsEnd(line: Uint8Array, start: number): number {
  let at = start;
  while (at - start < MAX_DIGITS && isDigit(line[at])) at++;
  if (at === start) throw new DecodeError('bad-syntax', 'a digit was expected', at);
  return at;
}

function readDigits(line: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) value = value * 10 + (line[at] ?? 0) - 0x30;
  return value;
}

function expectByte(line: Uint8Array, at: number, byte: number): number {
  if (line[at] === byte) return at + 1;
  throw new DecodeError('bad-syntax', `'${String.fromCharCode(byte)}' was expected`, at);
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d || byte === 0x0a;
}
