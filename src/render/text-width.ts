import stringWidth from 'string-width';

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const ASCII = /^[ -~]*$/;

/** Columns that a text takes in a terminal, colours not counted. */
export function textWidth(text: string): number {
  return ASCII.test(text) ? text.length : stringWidth(text);
}

/** Fills up with spaces on the right. */
export function padRight(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - textWidth(text)));
}

export function padLeft(text: string, columns: number): string {
  return ' '.repeat(Math.max(0, columns - textWidth(text))) + text;
}

/** The longest beginning of an uncoloured text that fits into `columns`. */
export function takeColumns(text: string, columns: number): string {
  if (ASCII.test(text)) return text.slice(0, Math.max(0, columns));
  let used = 0;
  let taken = '';
  for (const { segment } of segmenter.segment(text)) {
    used += stringWidth(segment);
    if (used > columns) break;
    taken += segment;
  }
  return taken;
}

/**
 * Cuts an uncoloured text to `columns` and says how many bytes are not shown. `unwrittenBytes` are those that the
 * text would go on with, had it been written to its end.
 */
export function cutToColumns(text: string, columns: number, unwrittenBytes = 0): string {
  return splitAtColumns(text, columns, unwrittenBytes).join('');
}

/** The same in two parts: what is shown, and the words for what is not (empty when all fits). */
export function splitAtColumns(
  text: string,
  columns: number,
  unwrittenBytes = 0,
): [shown: string, rest: string] {
  if (textWidth(text) <= columns) return [text, ''];
  const whole = Buffer.byteLength(text) + unwrittenBytes;
  const shown = takeColumns(text, Math.max(1, columns - '… +'.length - formatBytes(whole).length));
  return [shown, `… +${formatBytes(whole - Buffer.byteLength(shown))}`];
}

/** Breaks a text between words so that no line is wider than `columns`; its indentation is kept. */
export function wrapText(text: string, columns: number): string[] {
  const [indent = ''] = /^ */.exec(text) ?? [];
  return wrapWords(text.trimStart(), columns, indent);
}

/** Breaks a text between words, colours not counted; a word that is longer than a line, such as a command, stays whole. */
export function wrapWords(text: string, columns: number, first: string, later = first): string[] {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of text.split(' ')) {
    if (!isEmpty && textWidth(line) + 1 + textWidth(word) > columns) {
      lines.push(line);
      line = later;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line];
}

/** `108 B`, `2.1 kB`, `40 MB`: powers of ten, as disks and networks count. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const [value, unit] =
    bytes < 1e6 ? [bytes / 1e3, 'kB'] : bytes < 1e9 ? [bytes / 1e6, 'MB'] : [bytes / 1e9, 'GB'];
  return `${value < 9.95 ? value.toFixed(1) : value.toFixed(0)} ${unit}`;
}
