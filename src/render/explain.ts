import type { Explanation, Layer, Row } from '../explain/row.ts';
import type { Frame } from '../model/frame.ts';
import type { Message } from '../model/message.ts';
import { fill, GAP, painterOf, showBytes, showContent, wrapCell } from './explain-cells.ts';
import { writeFacts } from './explain-facts.ts';
import { type Branches, drawTree } from './explain-tree.ts';
import { showChannel } from './phrase.ts';
import { safeText } from './safe-text.ts';
import { cutToColumns, formatBytes, padLeft, textWidth } from './text-width.ts';
import type { Paint, Theme } from './theme.ts';

export interface ExplainOptions {
  readonly theme: Theme;
  readonly columns: number;
  /** Every byte and every row, however many. */
  readonly full: boolean;
}

/** A line of the dump: one row, or a key of a text payload with its value. */
type Group = readonly [Row, ...Row[]];

interface Widths {
  readonly offset: number;
  readonly bytes: number;
  readonly content: number;
  readonly note: number;
}

const LEAST_COLUMNS = 60;
const MOST_COLUMNS = 140;
/** From here on there is room for wider cells. */
const WIDE_COLUMNS = 110;
/** More rows than anybody reads; `full` shows them all. */
const SHOWN_ROWS = 400;
const SHOWN_BYTE_LINES = 2;
const LONGEST_VALUE = 100_000;

/** The annotated dump: bytes on the left, what they mean on the right. */
export function writeExplanation(
  frame: Frame,
  message: Message,
  explanation: Explanation,
  options: ExplainOptions,
): string {
  const columns = Math.min(MOST_COLUMNS, Math.max(LEAST_COLUMNS, options.columns));
  const settled = { ...options, columns };
  return [
    ...writeHeading(frame, message, explanation, settled),
    '',
    ...writeFacts(explanation.facts, settled),
    ...explanation.layers.flatMap((layer) => writeLayer(layer, settled)),
    ...writeFooter(message, explanation, settled),
  ].join('\n');
}

function writeHeading(
  frame: Frame,
  message: Message,
  { title, layers, times }: Explanation,
  { theme, columns }: ExplainOptions,
): string[] {
  const last = layers.at(-1);
  const version = message.version === undefined ? [] : [`probably ${safeText(message.version)}`];
  const channel = message.type === 'SESSION' ? hideSession(showChannel(frame)) : showChannel(frame);
  const parts = [
    ...(channel === '' ? [] : [channel]),
    ...(layers[0] === undefined ? [] : [formatBytes(layers[0].bytes.length)]),
    times === undefined ? title : `${title} × ${times}`,
    ...(last === undefined ? [] : [last.written]),
    ...version,
  ];
  return joinParts(parts, columns).map((line) => theme.strong(line));
}

/** The key of a session ends in its private id. */
function hideSession(key: string): string {
  const start = key.lastIndexOf(':') + 1;
  return `${key.slice(0, start + 4)}…`;
}

/** Breaks between the parts where that is enough, else between words. */
function joinParts(parts: readonly string[], columns: number): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const line = lines.at(-1);
    const longer = line === undefined ? part : `${line}  ·  ${part}`;
    if (line !== undefined && textWidth(longer) <= columns) lines[lines.length - 1] = longer;
    else lines.push(...wrapCell(part, columns));
  }
  return lines;
}

function writeLayer(layer: Layer, options: ExplainOptions): string[] {
  const groups = groupRows(layer);
  const shown = options.full ? groups : groups.slice(0, SHOWN_ROWS);
  const branches = drawTree(shown.map(([row]) => row));
  const contents = shown.map((group) => showGroup(group, options.full ? LONGEST_VALUE : 200));
  const widths = measure(layer, contents, branches, options.columns);
  const head = layer.name === 'decoded' ? [options.theme.dim(describeDecoded(layer)), ''] : [];
  const lines = shown.flatMap((group, index) => {
    const branch = branches[index] ?? { first: '', further: '' };
    return writeGroup({ layer, group, branch, content: contents[index] ?? '', widths, options });
  });
  const left = groups.length - shown.length;
  const more = left === 0 ? [] : ['', options.theme.dim(`… ${left} more rows; --full shows them`)];
  return [...head, ...lines, ...more, ''];
}

function describeDecoded({ bytes, written }: Layer): string {
  return `What the base64 holds: ${formatBytes(bytes.length)} of ${written}, counted from 0 again.`;
}

/** In a text payload a key and its value share a line: the text shows the bytes as well as anything. */
function groupRows({ isText, rows }: Layer): Group[] {
  const groups: Group[] = [];
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index];
    if (row === undefined) continue;
    const next = rows[index + 1];
    if (isText && row.role === 'key' && next?.role === 'value') {
      groups.push([row, next]);
      index++;
    } else {
      groups.push([row]);
    }
  }
  return groups;
}

function showGroup(group: Group, limit: number): string {
  return group.map((row) => showContent(row, limit)).join(' ');
}

function measure(
  layer: Layer,
  contents: readonly string[],
  branches: readonly Branches[],
  columns: number,
): Widths {
  const isWide = columns >= WIDE_COLUMNS;
  const offset = Math.max(4, String(layer.bytes.length).length);
  const longest = contents.reduce(
    (most, content, index) => Math.max(most, textWidth(content) + (branches[index]?.first.length ?? 0)),
    0,
  );
  const content = Math.min(longest, isWide ? 36 : 24);
  const bytes = layer.isText ? (isWide ? 32 : 20) : isWide ? 23 : 17;
  return { offset, bytes, content, note: columns - offset - bytes - content - 3 * GAP.length };
}

interface Line {
  readonly layer: Layer;
  readonly group: Group;
  readonly branch: Branches;
  readonly content: string;
  readonly widths: Widths;
  readonly options: ExplainOptions;
}

function writeGroup({ layer, group, branch, content, widths, options }: Line): string[] {
  const { theme, full } = options;
  const row = group.at(-1) ?? group[0];
  const paint = painterOf(theme)[row.part];
  const notes = group.flatMap(({ note }) => (note === undefined ? [] : [safeText(note)])).join('; ');
  const noteLines = wrapCell(notes, widths.note).map((line) => (row.part === 'trouble' ? paint(line) : line));
  const howLines = wrapCell(row.how ?? '', widths.note).map((line) => theme.dim(line));
  const right = [...noteLines, ...howLines];
  const most = full ? Number.POSITIVE_INFINITY : Math.max(SHOWN_BYTE_LINES, right.length);
  const bytes = fitBytes(layer, group, widths.bytes, most);
  const room = widths.content - branch.first.length;
  const middle = full ? wrapCell(content, room) : [cutContent(content, room)];
  const height = Math.max(1, bytes.length, middle.length, right.length);
  return Array.from({ length: height }, (_, index) => {
    const offset =
      index === 0
        ? padLeft(String(row === group[0] ? row.offset : group[0].offset), widths.offset)
        : ' '.repeat(widths.offset);
    const tree = index === 0 ? branch.first : branch.further;
    const text = fill(middle[index] ?? '', widths.content - tree.length, paint);
    const left = fill(bytes[index] ?? '', widths.bytes, paint);
    return `${theme.dim(offset)}${GAP}${left}${GAP}${theme.dim(tree)}${text}${GAP}${right[index] ?? ''}`.trimEnd();
  });
}

/** Cuts to `most` lines, of which the last says how many bytes are not shown. */
function fitBytes(layer: Layer, group: Group, columns: number, most: number): readonly string[] {
  const all = showBytes(layer, group, columns, most);
  if (all.hiddenBytes === 0) return all.lines;
  if (all.lines.length < most) return [...all.lines, `… +${formatBytes(all.hiddenBytes)}`];
  const fewer = showBytes(layer, group, columns, most - 1);
  return [...fewer.lines, `… +${formatBytes(fewer.hiddenBytes)}`];
}

function cutContent(content: string, columns: number): string {
  return textWidth(content) <= columns ? content : cutToColumns(content, columns);
}

function writeFooter(
  message: Message,
  { summary }: Explanation,
  { theme, columns }: ExplainOptions,
): string[] {
  const indented = (text: string, paint: Paint): string[] =>
    wrapCell(safeText(text), columns).map((line) => paint(line));
  return [
    ...indented(`In short: ${summary}`, message.kind === 'undecoded' ? theme.trouble : theme.strong),
    ...(message.error?.tried ?? []).flatMap(({ as, why }) => indented(`tried: ${as}: ${why}`, theme.dim)),
    ...(message.findings ?? []).flatMap(({ message: text, offset }) =>
      indented(`! ${text}${offset === undefined ? '' : ` (byte ${offset})`}`, theme.warning),
    ),
  ];
}
