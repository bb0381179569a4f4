import { isUtf8 } from 'node:buffer';
import type { Layer, Part, Row } from '../explain/row.ts';
import { showValue } from './human-value.ts';
import { quoteText, safeText } from './safe-text.ts';
import { takeColumns, textWidth } from './text-width.ts';
import type { Paint, Theme } from './theme.ts';

/** Between two cells. */
export const GAP = '  ';

/** Of what must not be read over a shoulder, this much is shown to recognise it by. */
const SECRET_CHARACTERS = 4;
/** So much of a base64 text holds no more than a header and a few characters. */
const SECRET_BASE64 = 8;
const HEX_COLUMNS = 3;

/** What goes into a cell, and how many bytes of it are not shown. */
export interface Shown {
  readonly lines: readonly string[];
  readonly hiddenBytes: number;
}

/** The bytes of some rows that stand together: hexadecimal, or the text itself where the payload is text. */
export function showBytes(layer: Layer, rows: readonly Row[], columns: number, mostLines: number): Shown {
  const bytes = visibleBytes(layer, rows);
  const whole = rows.reduce((sum, row) => sum + row.lengthBytes, 0);
  const lines = layer.isText ? wrapText(bytes, columns, mostLines) : wrapHex(bytes, columns, mostLines);
  const hiddenBytes = whole - lines.shownBytes;
  return { lines: lines.lines, hiddenBytes };
}

interface Wrapped {
  readonly lines: readonly string[];
  readonly shownBytes: number;
}

function visibleBytes({ bytes, isText }: Layer, rows: readonly Row[]): Buffer {
  const first = rows[0]?.offset ?? 0;
  const last = rows.at(-1);
  const end = last === undefined ? first : last.offset + visibleLength(last, isText);
  return Buffer.from(bytes.buffer, bytes.byteOffset + first, end - first);
}

/** Of a secret: what stands in front of the text, and its first characters. */
function visibleLength(row: Row, isText: boolean): number {
  if (row.isSecret !== true) return row.lengthBytes;
  if (row.role === 'text') return Math.min(row.lengthBytes, SECRET_BASE64);
  if (row.value?.type !== 'str') return Math.min(row.lengthBytes, 1);
  const text = row.value.bytes?.length ?? Buffer.byteLength(row.value.value);
  const header = isText ? 1 : row.value.length - text;
  return Math.min(row.lengthBytes, header + Math.min(SECRET_CHARACTERS, text >> 1));
}

function wrapHex(bytes: Buffer, columns: number, mostLines: number): Wrapped {
  const perLine = Math.floor((columns + 1) / HEX_COLUMNS);
  const shown = bytes.subarray(0, perLine * mostLines);
  const lines: string[] = [];
  for (let at = 0; at < shown.length; at += perLine) {
    lines.push(shown.toString('hex', at, at + perLine).replace(/..(?!$)/g, '$& '));
  }
  return { lines, shownBytes: shown.length };
}

/** Bytes that are no text are shown one character each, so that they can be counted. */
function wrapText(bytes: Buffer, columns: number, mostLines: number): Wrapped {
  const encoding = isUtf8(bytes) ? 'utf8' : 'latin1';
  const lines: string[] = [];
  let rest = bytes.subarray(0, columns * mostLines * 4).toString(encoding);
  let shownBytes = 0;
  while (rest !== '' && lines.length < mostLines) {
    const taken = takeSafe(rest, columns);
    lines.push(safeText(taken));
    shownBytes += Buffer.byteLength(taken, encoding);
    rest = rest.slice(taken.length);
  }
  return { lines, shownBytes };
}

/** The longest beginning that fits into `columns` once it is escaped; at least one character. */
function takeSafe(text: string, columns: number): string {
  let taken = takeColumns(text, columns) || text.slice(0, 1);
  while (taken.length > 1 && textWidth(safeText(taken)) > columns) {
    taken = taken.slice(0, Math.max(1, taken.length - Math.max(1, textWidth(safeText(taken)) - columns)));
  }
  return taken;
}

/** What a row holds, in words or as a value. */
export function showContent(row: Row, limit: number): string {
  const { role, type, value, argument } = row;
  if (role === 'close') return '';
  if (role === 'opcode') return showInstruction(type, argument);
  if (role === 'trouble') return '✗ breaks here';
  if (role === 'key' && value?.type === 'str') return `${showName(value.value)}:`;
  if (value === undefined) return type;
  if (row.isSecret === true) return showSecret(row);
  return showValue(value, limit);
}

/** Instructions that only put a value on the stack: the value says more than their names. */
const LITERAL = /UNICODE|BYTES|STRING|INT|FLOAT|^LONG\d?$/;

function showInstruction(name: string, argument: string | undefined): string {
  if (argument === undefined) return name;
  return LITERAL.test(name) ? safeText(argument) : `${name} ${safeText(argument)}`;
}

function showSecret({ value, type }: Row): string {
  if (value?.type !== 'str') return `(${type}, not shown)`;
  const shown = Math.min(SECRET_CHARACTERS, value.value.length >> 1);
  return `${quoteText(value.value.slice(0, shown)).slice(0, -1)}…"`;
}

function showName(name: string): string {
  return /^[\w$-]+$/.test(name) ? name : quoteText(name);
}

/** Breaks an uncoloured text between words, so that no line is wider than `room`, and within a word that is. */
export function wrapCell(text: string, room: number): string[] {
  const columns = Math.max(1, room);
  const lines: string[] = [];
  let line: string | undefined;
  let used = 0;
  for (const word of text.split(' ')) {
    const width = textWidth(word);
    if (line !== undefined && used + 1 + width <= columns) {
      line += ` ${word}`;
      used += 1 + width;
      continue;
    }
    if (line !== undefined) lines.push(line);
    line = word;
    used = width;
    while (used > columns) {
      const piece = takeColumns(line, columns) || line.slice(0, 1);
      lines.push(piece);
      line = line.slice(piece.length);
      used = textWidth(line);
    }
  }
  return line === undefined || line === '' ? lines : [...lines, line];
}

/** Colours what is there, never the blanks behind it. */
export function fill(text: string, columns: number, paint: Paint): string {
  return text === '' ? ' '.repeat(columns) : paint(text) + ' '.repeat(Math.max(0, columns - textWidth(text)));
}

export function painterOf(theme: Theme): Record<Part, Paint> {
  return {
    sender: theme.sender,
    packet: theme.strong,
    event: theme.event,
    value: theme.value,
    target: theme.target,
    flags: theme.warning,
    structure: theme.dim,
    trouble: theme.trouble,
  };
}
