/** `\n \r \t \b \a` in double quotes; any other `\c` stands for `c`. */
const ESCAPES: ReadonlyMap<number, number> = new Map([
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
  [0x62, 0x08],
  [0x61, 0x07],
]);
const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const BACKSLASH = 0x5c;

/**
 * Splits an inline command into its words as Redis does (sdssplitargs in src/sds.c, redis 7.0.15): words between
 * white space, `"…"` with escapes, `'…'` with `\'`. Undefined when quotes are unbalanced or a closing quote is
 * followed by anything but white space.
 */
export function splitInlineWords(text: Uint8Array): Buffer[] | undefined {
  // C reads a string: a zero byte ends the line.
  const zero = text.indexOf(0);
  const line = zero === -1 ? text : text.subarray(0, zero);
  const words: Buffer[] = [];
  let at = 0;
  for (;;) {
    while (at < line.length && isSpace(line[at])) at++;
    if (at === line.length) return words;
    const word = readWord(line, at);
    if (word === undefined) return undefined;
    words.push(Buffer.from(word.bytes));
    at = word.end;
  }
}

interface Word {
  readonly bytes: readonly number[];
  readonly end: number;
}

function readWord(line: Uint8Array, start: number): Word | undefined {
  const bytes: number[] = [];
  let at = start;
  while (at < line.length) {
    const byte = line[at] ?? 0;
    if (isSpace(byte)) break;
    if (byte === QUOTE || byte === APOSTROPHE) {
      const quoted = byte === QUOTE ? readQuoted(line, at + 1) : readSingleQuoted(line, at + 1);
      if (quoted === undefined || (quoted.end < line.length && !isSpace(line[quoted.end]))) return undefined;
      for (const inner of quoted.bytes) bytes.push(inner);
      return { bytes, end: quoted.end };
    }
    bytes.push(byte);
    at++;
  }
  return { bytes, end: at };
}

function readQuoted(line: Uint8Array, start: number): Word | undefined {
  const bytes: number[] = [];
  for (let at = start; at < line.length; at++) {
    const byte = line[at] ?? 0;
    if (byte === QUOTE) return { bytes, end: at + 1 };
    if (byte !== BACKSLASH || at + 1 === line.length) {
      bytes.push(byte);
      continue;
    }
    const hex = Buffer.from(line.subarray(at + 1, at + 4)).toString('latin1');
    if (/^x[0-9a-f]{2}$/i.test(hex)) {
      bytes.push(Number.parseInt(hex.slice(1), 16));
      at += 3;
    } else {
      const letter = line[at + 1] ?? 0;
      bytes.push(ESCAPES.get(letter) ?? letter);
      at += 1;
    }
  }
  return undefined;
}

function readSingleQuoted(line: Uint8Array, start: number): Word | undefined {
  const bytes: number[] = [];
  for (let at = start; at < line.length; at++) {
    const byte = line[at] ?? 0;
    if (byte === APOSTROPHE) return { bytes, end: at + 1 };
    const escaped = byte === BACKSLASH && line[at + 1] === APOSTROPHE;
    bytes.push(escaped ? APOSTROPHE : byte);
    if (escaped) at++;
  }
  return undefined;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d);
}
