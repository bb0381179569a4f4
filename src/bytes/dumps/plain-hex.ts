import { readJoinedOrLines } from './joined-lines.ts';
import { type DumpForm, messagesReading, type Paste, type Reading } from './paste.ts';

/** Shorter text may be anything. */
const MIN_DAMAGED_CHARACTERS = 64;

/** Hexadecimal digits in any spacing: `93A7`, `93 a7`, `93:a7`, `93-A7`, `0x93, 0xa7`, `\x93\xa7`. */
export const plainHex: DumpForm = {
  name: 'hex',
  *read(paste: Paste): Iterable<Reading> {
    const damage = findDamage(paste.text.trim());
    if (damage !== undefined) yield { is: 'lost', message: damage };
    for (const { messages, notes } of readJoinedOrLines(paste.lines, readHexLine)) {
      yield messagesReading(messages, false, notes);
    }
  },
};

/**
 * One long word of hex in which a digit was lost or mistyped would pass for base64, which is never so short of other
 * letters.
 */
function findDamage(text: string): string | undefined {
  if (text.length < MIN_DAMAGED_CHARACTERS || !/^(?:0x)?(?:[0-9a-z]+|[0-9A-Z]+)$/.test(text))
    return undefined;
  const digits = text.replace(/^0x/, '');
  const wrong = [...digits.matchAll(/[^0-9a-fA-F]/g)];
  const [first] = wrong;
  if (first !== undefined) {
    if (wrong.length * 20 > digits.length) return undefined;
    return `this looks like hex, but "${first[0]}" (character ${first.index + 1}) is no hex digit. Copy it again.`;
  }
  if (digits.length % 2 === 0) return undefined;
  return `this looks like hex, but it has ${digits.length} digits: one is missing or too many. Copy it again.`;
}

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
