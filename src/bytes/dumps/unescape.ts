const SHORT: Readonly<Record<string, number>> = {
  n: 0x0a,
  r: 0x0d,
  t: 0x09,
  a: 0x07,
  b: 0x08,
  f: 0x0c,
  v: 0x0b,
  e: 0x1b,
};
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\}|([0-7]{1,3})|([\s\S]))/g;

/**
 * Undoes the escapes that C, JavaScript, Python, PHP and shells share: `\xHH`, `\uHHHH`, `\u{…}`, octal, letters;
 * any other `\c` stands for `c`. Text is latin1 (one character a byte); characters above U+00FF come from `\u` only.
 * Undefined when a single backslash is left at the end.
 */
export function unescapeText(text: string): string | undefined {
  if (/(^|[^\\])(\\\\)*\\$/.test(text.slice(-64))) return undefined;
  return text.replaceAll(ESCAPE, (...groups: (string | undefined)[]) => {
    const [, hex, unit, point, octal, other = ''] = groups;
    const digits = hex ?? unit ?? point;
    if (digits !== undefined) return characterOf(Number.parseInt(digits, 16));
    if (octal !== undefined) return characterOf(Number.parseInt(octal, 8) & 0xff);
    return characterOf(SHORT[other] ?? other.charCodeAt(0));
  });
}

function characterOf(code: number): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
}
