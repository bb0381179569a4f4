import type { RowContext } from './row-reader.ts';

/** `od -c` and `hexdump -c` give each byte four columns. */
const CELL = 4;
const ESCAPES: Readonly<Record<string, number>> = {
  '\\0': 0x00,
  '\\a': 0x07,
  '\\b': 0x08,
  '\\t': 0x09,
  '\\n': 0x0a,
  '\\v': 0x0b,
  '\\f': 0x0c,
  '\\r': 0x0d,
};

/**
 * The bytes of a row of `od -c` or `hexdump -c`; `body` is what follows the offset and one space. Spaces that were
 * cut off at the end of the line come back where `neededBytes` asks for them.
 */
export function readTrimmedCharacters(body: string, { neededBytes }: RowContext): number[] | undefined {
  const row = ` ${body}`;
  const count = neededBytes ?? Math.ceil(row.trimEnd().length / CELL);
  if (count > row.length * CELL || row.slice(count * CELL).trim() !== '') return undefined;
  const padded = row.slice(0, count * CELL).padEnd(count * CELL, ' ');
  const bytes: number[] = [];
  for (let at = 0; at < padded.length; at += CELL) {
    const byte = readCell(padded.slice(at, at + CELL));
    if (byte === undefined) return undefined;
    bytes.push(byte);
  }
  return bytes;
}

/** The same where no spaces were cut off. */
export function readCharacters(body: string, context: RowContext): number[] | undefined {
  const missing = (context.neededBytes ?? 0) * CELL - body.length - 1;
  return missing > 0 ? undefined : readTrimmedCharacters(body, context);
}

function readCell(cell: string): number | undefined {
  if (!cell.startsWith(' ')) return undefined;
  const shown = cell.trim();
  if (shown === '') return 0x20;
  if (/^[0-3][0-7]{2}$/.test(shown)) return Number.parseInt(shown, 8);
  if (!cell.startsWith('  ')) return undefined;
  const byte = ESCAPES[shown] ?? (shown.length === 1 ? shown.charCodeAt(0) : undefined);
  return byte !== undefined && byte < 0x80 ? byte : undefined;
}
