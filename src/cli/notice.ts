import { wrapText } from '../render/text-width.ts';
import { columnsOf } from './terminal.ts';

const CLEAR_LINE = '\r\u001b[K';

/** Whether the last line of the terminal is one that the next words replace. */
let hasStatus = false;

/** Says something to a person on stderr: wrapped at words on a terminal, as it is where it is piped. */
export function say(text: string): void {
  const lines = process.stderr.isTTY
    ? text.split('\n').flatMap((line) => wrapText(line, columnsOf(process.stderr)))
    : [text];
  sayWhole(lines.join('\n'));
}

/** The same without any breaks of ours: a command that is to be copied must stay one line. */
export function sayWhole(text: string): void {
  process.stderr.write(`${hasStatus ? CLEAR_LINE : ''}${text}\n`);
  hasStatus = false;
}

/** What the program itself has to say about its work: its name stands before it. */
export function complain(text: string): void {
  say(`sio-inspect: ${text}`);
}

/** Takes that line away again. */
export function clearStatus(): void {
  if (hasStatus) process.stderr.write(CLEAR_LINE);
  hasStatus = false;
}

/** A line at the bottom of the terminal until the next words; nothing where stderr is none. */
export function showStatus(text: string): void {
  if (!process.stderr.isTTY) return;
  process.stderr.write(`${CLEAR_LINE}${text}`);
  hasStatus = true;
}
