import { wrapWords } from '../render/text-width.ts';
import { columnsOf } from './terminal.ts';

/** One sentence or more for a person: on standard error, wrapped at words on a terminal, one line where it is piped. */
export function say(text: string): void {
  const lines = process.stderr.isTTY ? wrapWords(text, columnsOf(process.stderr), '', '  ') : [text];
  process.stderr.write(`${lines.join('\n')}\n`);
}
