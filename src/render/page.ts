import { wrapWords } from './text-width.ts';
import type { Theme } from './theme.ts';

export interface PageOptions {
  readonly theme: Theme;
  /** Infinity where lines shall not be broken. */
  readonly columns: number;
}

const MAX_COLUMNS = 100;
/** A line that holds code: four spaces, as Markdown has it. */
const CODE_LINE = /^ {4}/;
/** Stands for a space within code, where no line is broken; no page has this character. */
const UNBROKEN = '\ue000';

const LONGEST_UNBROKEN = 40;

/** A page of docs/rules as text to read: as much of Markdown as those pages use. */
export function writePage(markdown: string, { theme, columns }: PageOptions): string {
  const width = Number.isFinite(columns) ? Math.min(columns, MAX_COLUMNS) : columns;
  return markdown
    .split('\n')
    .flatMap((line) => writeLine(line, width, theme))
    .join('\n')
    .trimEnd();
}

function writeLine(line: string, width: number, theme: Theme): readonly string[] {
  const heading = /^#+ (.*)$/.exec(line)?.[1];
  if (heading !== undefined) return [theme.strong(heading)];
  if (CODE_LINE.test(line)) return [`    ${theme.event(line.slice(4))}`];
  const item = /^- (.*)$/.exec(line)?.[1];
  const lines =
    item === undefined
      ? wrapWords(unbreak(line), width, '')
      : wrapWords(unbreak(item), width, '  - ', '    ');
  return lines.map((text) => paintSpans(text, theme));
}

/** Links are their names. Short spans of code, and what is strong, are not broken; of long ones each word is painted. */
function unbreak(text: string): string {
  return text
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/(`|\*\*)(.*?)\1/g, (span, mark: string, words: string) =>
      span.length <= LONGEST_UNBROKEN
        ? span.replaceAll(' ', UNBROKEN)
        : words.replace(/\S+/g, `${mark}$&${mark}`),
    );
}

function paintSpans(text: string, theme: Theme): string {
  return text
    .replace(/(`|\*\*)(.*?)\1/g, (_, mark: string, words: string) =>
      mark === '`' ? theme.event(words) : theme.strong(words),
    )
    .replaceAll(UNBROKEN, ' ');
}
