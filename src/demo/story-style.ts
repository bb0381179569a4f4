import { textWidth } from '../render/text-width.ts';
import type { Theme } from '../render/theme.ts';

/** How the story is shown. */
export interface Style {
  readonly width: number;
  readonly theme: Theme;
}

/** What stands left of details. */
export const INDENT = '      ';
/** A numbered step, with an empty line above it. */
export function step(number: number, text: string, style: Style): string[] {
  const [first = '', ...rest] = wrap(text, 4, style);
  return ['', `${style.theme.strong(` ${number}  `)}${first.trimStart()}`, ...rest];
}

/** A sentence, and the command that shows it. */
export function suggest(why: string, what: string, style: Style): string[] {
  return [...wrap(why, 4, style), `${INDENT}${style.theme.strong(`npx sio-inspect ${what}`)}`];
}

/** Lines that fit, broken between words. */
function wrap(text: string, indent: number, { width }: Pick<Style, 'width'>): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && indent + textWidth(longer) >= width) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line].map((text) => ' '.repeat(indent) + text);
}
