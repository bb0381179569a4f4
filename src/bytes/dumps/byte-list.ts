import { type DumpForm, messagesReading, type Paste, type Reading } from './paste.ts';

const BUFFER_JSON = /\{\s*"type"\s*:\s*"Buffer"\s*,\s*"data"\s*:\s*\[([\d,\s]*)\]\s*\}/g;
const MORE_ITEMS = /\.\.\. (\d+) more items?/;

/** Node: `JSON.stringify(buffer)`, alone, one a line or in a list. */
export const bufferJson: DumpForm = {
  name: "Node's Buffer as JSON",
  *read(paste: Paste): Iterable<Reading> {
    if (!/^[\s[]*\{\s*"type"\s*:\s*"Buffer"/.test(paste.text)) return;
    const found = [...paste.text.matchAll(BUFFER_JSON)].map((match) => readNumbers(match[1] ?? ''));
    const rest = paste.text.replaceAll(BUFFER_JSON, '').replaceAll(/[\s,[\]]/g, '');
    const messages = found.filter((bytes) => bytes !== undefined);
    if (rest === '' && messages.length > 0 && messages.length === found.length)
      yield messagesReading(messages, true);
  },
};

/**
 * A list of numbers 0 to 255: `xxd -i`, an array in C, Go, Java or JavaScript, Python's `list(bytes)`,
 * Node's `Uint8Array(3) [ 1, 2, 3 ]`.
 */
export const byteList: DumpForm = {
  name: 'a list of byte values',
  *read(paste: Paste): Iterable<Reading> {
    const more = /^\s*Uint8Array\(\d+\) \[/.test(paste.text) ? MORE_ITEMS.exec(paste.text) : null;
    if (more !== null) {
      yield {
        is: 'lost',
        message: `Node printed only the first 100 items: ${more[1] ?? ''} more are missing. Print Buffer.from(bytes).toString('hex') instead.`,
      };
      return;
    }
    const braced = [...paste.text.matchAll(/[[{]([^[\]{}]*)[\]}]/g)].map((match) => match[1] ?? '');
    const lists = (braced.length === 0 ? [paste.text] : braced).map(readNumbers);
    const messages = lists.filter((bytes) => bytes !== undefined).filter((bytes) => bytes.length > 1);
    if (messages.length > 0) yield messagesReading(messages, isDeclared(paste.text));
  },
};

/** `unsigned char x[] = { … }` says what it is; bare numbers may be anything. */
function isDeclared(text: string): boolean {
  return /\b(char|byte|uint8_t|u8|Uint8Array|bytearray|Buffer)\b/.test(text);
}

function readNumbers(text: string): Uint8Array | undefined {
  const list = text.trim().replace(/,$/, '');
  if (!/^[\s\dA-Fa-fXx,]+$/.test(list)) return undefined;
  const words = list.split(',').map((word) => word.trim());
  const values = words.map((word) => (/^(\d{1,3}|0[xX][0-9a-fA-F]{1,2})$/.test(word) ? Number(word) : -1));
  return values.every((value) => value >= 0 && value <= 255) ? Uint8Array.from(values) : undefined;
}
