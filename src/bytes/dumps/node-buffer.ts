import { type DumpForm, messagesReading, type Paste, type Reading } from './paste.ts';

const INSPECTED = /<(?:Slow)?Buffer([ 0-9a-f]*)(?:\.\.\. (\d+) more bytes?)?>/g;

/** Node: `console.log(buffer)`, which shows the first 50 bytes only (buffer.INSPECT_MAX_BYTES). */
export const nodeBuffer: DumpForm = {
  name: "Node's <Buffer …>",
  *read(paste: Paste): Iterable<Reading> {
    const found = [...paste.text.matchAll(INSPECTED)];
    if (found.length === 0) return;
    const cut = found.find((match) => match[2] !== undefined);
    if (cut !== undefined) {
      yield {
        is: 'lost',
        message: `Node printed only the first 50 bytes of the Buffer: ${cut[2] ?? ''} more are missing. Print buffer.toString('hex') instead, or set buffer.INSPECT_MAX_BYTES.`,
      };
      return;
    }
    const rest = paste.text.replaceAll(INSPECTED, '').trim();
    const notes = rest === '' ? [] : [`left out ${rest.length} characters around <Buffer …>`];
    yield messagesReading(
      found.map((match) => Buffer.from((match[1] ?? '').replaceAll(' ', ''), 'hex')),
      true,
      notes,
    );
  },
};
