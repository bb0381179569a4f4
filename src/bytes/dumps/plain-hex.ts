import { readJoinedOrLines } from './joined-lines.ts';
import { type DumpForm, messagesReading, type Paste, type Reading } from './paste.ts';

/** Hexadecimal digits in any spacing: `93A7`, `93 a7`, `93:a7`, `93-A7`, `0x93, 0xa7`, `\x93\xa7`. */
export const plainHex: DumpForm = {
  name: 'hex',
  *read(paste: Paste): Iterable<Reading> {
    for (const { messages, notes } of readJoinedOrLines(paste.lines, readHexLine)) {
      yield messagesReading(messages, false, notes);
    }
  },
};

function readHexLine(line: string): Buffer | undefined {
  const words = line
    .trim()
    .split(/[\s:,;-]+|(?=\\x)/)
    .filter((word) => word !== '');
  let digits = '';
  for (const word of words) {
    const prefixed = /^(?:0x|\\x)([0-9a-fA-F]+)$/i.exec(word);
    const hex = prefixed?.[1] ?? word;
    digits += prefixed !== null && hex.length === 1 ? `0${hex}` : hex;
  }
  return digits !== '' && digits.length % 2 === 0 && /^[0-9a-fA-F]+$/.test(digits)
    ? Buffer.from(digits, 'hex')
    : undefined;
}
