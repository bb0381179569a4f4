import type { RowUnit } from './row-units.ts';

const TOKEN = /\S+/g;
/** hexdump -C and old Wireshark leave two spaces after eight bytes. */
const HALF_ROW_BYTES = 8;

/** What is known of a row before it is read. */
export interface RowContext {
  /** What the offsets say, where they do. */
  readonly neededBytes: number | undefined;
  /** Bytes of the widest row before; 0 for the first. */
  readonly width: number;
  /** The offset is followed by a colon: text at the end has no frame. */
  readonly colon: boolean;
}

/** The bytes of one row; undefined when it does not hold such groups, or not as many bytes as needed. */
export function readRow(body: string, unit: RowUnit, context: RowContext): number[] | undefined {
  const { neededBytes, width } = context;
  const groups = context.colon ? body : stripFramedText(body);
  const bytes: number[] = [];
  const gaps: number[] = [];
  let lastEnd = 0;
  let textFits = 0;
  for (const match of groups.matchAll(TOKEN)) {
    const gap = match.index - lastEnd;
    if (neededBytes !== undefined && bytes.length >= neededBytes) {
      // One more group of the same kind: the row holds more bytes than the offsets say.
      if (gap < 2 || !unit.hasText) return undefined;
      break;
    }
    const token = unit.read(match[0]);
    if (token === undefined) break;
    if (gap >= 2 && lastEnd > 0) gaps.push(bytes.length);
    bytes.push(...token);
    lastEnd = match.index + match[0].length;
    if (neededBytes === undefined && unit.hasText && endsInText(body, bytes, lastEnd))
      textFits = bytes.length;
  }
  if (neededBytes !== undefined) {
    // Behind a full row the text stands at a fixed place; a colon row that knows its length is full.
    const isFull = context.colon || neededBytes === width;
    const contradicts = unit.hasText && isFull && contradictsText(body, bytes, lastEnd);
    return bytes.length === neededBytes && !contradicts ? bytes : undefined;
  }
  if (textFits > 0) return bytes.slice(0, textFits);
  if (!unit.hasText || groups !== body) return lastEnd === groups.trimEnd().length ? bytes : undefined;
  return bytes.slice(0, chooseEnd(bytes.length, gaps, width));
}

/** `|..6n0BWC|` of hexdump -C, `>..6n0BWC<` of od -t z. */
function stripFramedText(body: string): string {
  const row = body.trimEnd();
  const framed = row.endsWith('<') ? /\s{2}>.*$/.exec(row) : /\s{2}\|.*$/.exec(row);
  return framed === null ? body : body.slice(0, framed.index);
}

/** Whether exactly these bytes stand as text at the end of the row, after at least two spaces. */
function endsInText(body: string, bytes: readonly number[], groupsEnd: number): boolean {
  const textStart = body.length - bytes.length;
  if (textStart < groupsEnd + 2 || body.slice(groupsEnd, textStart).trim() !== '') return false;
  return showsBytes(body.slice(textStart), bytes);
}

/** Whether a full row is followed by text, after two or three spaces or after `  |`, that shows other bytes. */
function contradictsText(body: string, bytes: readonly number[], groupsEnd: number): boolean {
  if (body.length < groupsEnd + 3 || !body.startsWith('  ', groupsEnd)) return false;
  return ![2, 3].some((spaces) => showsBytes(body.slice(groupsEnd + spaces), bytes));
}

/** `.` stands for what cannot be printed; spaces at the end of the line may have been cut off. */
function showsBytes(text: string, bytes: readonly number[]): boolean {
  return bytes.every((byte, index) => {
    const shown = index < text.length ? text.charCodeAt(index) : 0x20;
    return shown === byte || (shown === 0x2e && (byte < 0x20 || byte > 0x7e));
  });
}

/** Where the bytes end when hex-looking text may follow: at the width of the other rows, or at the first wide gap. */
function chooseEnd(length: number, gaps: readonly number[], width: number): number {
  if (width > 0) return Math.min(length, gaps.find((gap) => gap !== HALF_ROW_BYTES) ?? length, width);
  const first = gaps[0];
  if (first === undefined) return length;
  return first === HALF_ROW_BYTES ? Math.min(gaps[1] ?? length, 2 * HALF_ROW_BYTES) : first;
}
