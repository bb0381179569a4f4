import { readJoinedOrLines } from './joined-lines.ts';
import { type DumpForm, messagesReading, type Paste, type Reading } from './paste.ts';
import { isWholeMessage } from './whole-message.ts';

/** Shorter text is a word rather than base64, unless it decodes to a message. */
const MIN_CHARACTERS = 16;

/** Base64, standard or URL-safe, padded or not, wrapped or not. */
export const base64: DumpForm = {
  name: 'base64',
  *read(paste: Paste): Iterable<Reading> {
    for (const { messages, notes } of readJoinedOrLines(paste.lines, readBase64Line)) {
      if (paste.text.trim().length < MIN_CHARACTERS && !messages.every(isWholeMessage)) continue;
      yield messagesReading(messages, false, ['read as base64', ...notes]);
    }
  },
};

function readBase64Line(line: string): Buffer | undefined {
  const text = line.replaceAll('\n', '').trim();
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(text) || text.replace(/=+$/, '').length % 4 === 1) return undefined;
  return Buffer.from(text, 'base64');
}
