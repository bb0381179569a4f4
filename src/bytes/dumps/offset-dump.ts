import { readCharacters, readTrimmedCharacters } from './character-rows.ts';
import { findOffsetBlocks, type OffsetBlock } from './offset-rows.ts';
import { type DumpForm, MAX_EXPANSION, messagesReading, type Paste, type Reading } from './paste.ts';
import { type RowContext, readRow } from './row-reader.ts';
import { ROW_UNITS, type RowUnit } from './row-units.ts';
import { isWholeMessage } from './whole-message.ts';

type RowReader = (body: string, context: RowContext) => readonly number[] | undefined;

interface Style {
  readonly name: string;
  readonly radix: number;
  readonly readRow: RowReader;
  /** Words are padded: an odd length shows in the last line only. */
  readonly pads: boolean;
}

interface BlockBytes {
  readonly bytes: Uint8Array;
  /** The offsets prove the reading. */
  readonly sure: boolean;
  readonly notes: readonly string[];
}

/** Small dumps may repeat a row more often than MAX_EXPANSION allows. */
const FREE_EXPANSION_BYTES = 65_536;

/**
 * Dumps with an offset in front of each row: xxd (-u -c -g -e -b -a), hexdump (-C -x -o -b -c), od (-t -c -A),
 * tcpdump -x -X, tshark -x. Which it is shows in the offsets: they must add up.
 */
export const offsetDump: DumpForm = {
  name: 'a dump with offsets',
  *read(paste: Paste): Iterable<Reading> {
    const { blocks, foreignLines } = findOffsetBlocks(paste.lines);
    const rowCount = blocks.reduce((sum, block) => sum + block.rows.length, 0);
    if (rowCount === 0 || foreignLines > rowCount + 1) return;
    const limit = Math.max(FREE_EXPANSION_BYTES, paste.bytes.length * MAX_EXPANSION);
    for (const style of stylesFor(blocks[0])) {
      const read = blocks.map((block) => readBlock(block, style, limit));
      const found = read.filter((block) => block !== undefined);
      if (found.length !== read.length) continue;
      const notes = found.flatMap((block) => block.notes);
      if (foreignLines > 0) notes.push(`left out ${foreignLines} lines around the dump`);
      yield messagesReading(
        found.map((block) => block.bytes),
        found.every((block) => block.sure),
        [...new Set([`read as a dump of ${style.name}`, ...notes])],
      );
    }
    const gap = blocks.map(findGap).find((message) => message !== undefined);
    if (gap !== undefined) yield { is: 'lost', message: gap };
  },
};

function* stylesFor(block: OffsetBlock | undefined): Iterable<Style> {
  const colon = block?.colon ?? false;
  for (const unit of orderUnits(block)) {
    if (unit.colon !== undefined && unit.colon !== colon) continue;
    const pads = unit.name.includes('words');
    const read: RowReader = (body, context) => readRow(body, unit, context);
    for (const radix of unit.radixes) yield { name: unit.name, radix, readRow: read, pads };
  }
  if (colon) return;
  for (const read of [readCharacters, readTrimmedCharacters]) {
    for (const radix of [8, 10, 16]) yield { name: 'characters', radix, readRow: read, pads: false };
  }
}

/** Without a colon four digits are a word of hexdump or od, not two bytes of xxd. */
function orderUnits(block: OffsetBlock | undefined): readonly RowUnit[] {
  const isWords =
    block !== undefined && !block.colon && /^\s*[0-9a-fA-F]{4,}\b/.test(block.rows[0]?.body ?? '');
  return isWords ? [...ROW_UNITS.slice(1), ...ROW_UNITS.slice(0, 1)] : ROW_UNITS;
}

function readBlock(block: OffsetBlock, style: Style, limit: number): BlockBytes | undefined {
  const offsets = [
    ...block.rows.map((row) => row.offset),
    ...(block.end === undefined ? [] : [block.end]),
  ].map((text) => parseOffset(text, style.radix));
  const parts: Uint8Array[] = [];
  let [total, width] = [0, 0];
  for (const [index, row] of block.rows.entries()) {
    const at = offsets[index] ?? Number.NaN;
    const distance = index + 1 < offsets.length ? (offsets[index + 1] ?? Number.NaN) - at : undefined;
    const isLast = index === block.rows.length - 1;
    const open = row.repeats && width > 0 ? width : undefined;
    const needed = row.repeats || (isLast && style.pads) ? open : distance;
    if (Number.isNaN(at) || Number.isNaN(distance ?? 0) || (distance ?? 1) <= 0) return undefined;
    const values = style.readRow(row.body, { neededBytes: needed, width, colon: block.colon });
    if (values === undefined || values.length === 0) return undefined;
    if (isLast && style.pads && distance !== undefined && Math.abs(values.length - distance) > 8)
      return undefined;
    const bytes = repeatRow(Uint8Array.from(values), row.repeats ? distance : values.length, limit - total);
    if (bytes === undefined) return undefined;
    parts.push(bytes);
    total += bytes.length;
    width = Math.max(width, values.length);
  }
  const bytes = Buffer.concat(parts);
  return finishBlock(bytes, offsets, block, style);
}

function finishBlock(
  bytes: Buffer,
  offsets: readonly number[],
  block: OffsetBlock,
  style: Style,
): BlockBytes | undefined {
  const first = offsets[0] ?? 0;
  const notes = first === 0 ? [] : [`the dump starts at offset ${first}: the bytes before it are missing`];
  const sure = offsets.length > 1;
  if (block.end !== undefined) {
    const length = (offsets.at(-1) ?? 0) - first;
    if (length > bytes.length || bytes.length - length >= 8) return undefined;
    return { bytes: bytes.subarray(0, length), sure, notes };
  }
  const shorter = bytes.subarray(0, -1);
  if (style.pads && !block.colon && bytes.at(-1) === 0 && !isWholeMessage(bytes) && isWholeMessage(shorter)) {
    return {
      bytes: shorter,
      sure,
      notes: [...notes, 'left out a last byte 00, which fills up the last word'],
    };
  }
  return { bytes, sure, notes };
}

function repeatRow(row: Uint8Array, length: number | undefined, limit: number): Uint8Array | undefined {
  if (length === undefined || length > limit || length < row.length) return undefined;
  if (length === row.length) return row;
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += row.length) bytes.set(row.subarray(0, length - at), at);
  return bytes;
}

function parseOffset(text: string, radix: number): number {
  const digits = { 8: /^[0-7]+$/, 10: /^\d+$/, 16: /^[0-9a-f]+$/i }[radix];
  return digits?.test(text) === true ? Number.parseInt(text, radix) : Number.NaN;
}

/** A dump whose rows are readable but do not add up has lost lines. */
function findGap(block: OffsetBlock): string | undefined {
  if (block.rows.at(-1)?.repeats === true && block.end === undefined) {
    return 'The dump ends with *: how often its last line repeats is missing. Dump again without squeezing (hexdump -v, od -v).';
  }
  if (block.rows.length < 3) return undefined;
  const offsets = block.rows.map((row) => Number.parseInt(row.offset, 16));
  const steps = offsets.slice(1).map((offset, index) => offset - (offsets[index] ?? 0));
  const step = Math.min(...steps);
  const gapAt = steps.findIndex((distance, index) => distance > step && block.rows[index]?.repeats !== true);
  const regular = steps.filter((distance) => distance === step).length;
  if (gapAt === -1 || step <= 0 || regular * 2 < steps.length) return undefined;
  return `Lines are missing after offset ${block.rows[gapAt]?.offset ?? ''} of the dump.`;
}
