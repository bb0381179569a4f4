/**
 * What may change a terminal or hide what a reader sees: C0 and C1 controls, DEL, line and paragraph separators,
 * bidirectional marks, overrides and isolates, zero-width and interlinear characters, tags, lone surrogates.
 */
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]|[\u{e0000}-\u{e0fff}]/gu;

const SHORT: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

/** Text from a payload as a terminal may show it: everything that is not plainly visible is written as an escape. */
export function safeText(text: string): string {
  return text.replace(UNSAFE, escapeCharacter);
}

/** The same in double quotes, with quotes and backslashes escaped. */
export function quoteText(text: string): string {
  return `"${safeText(text.replace(/["\\]/g, '\\$&'))}"`;
}

function escapeCharacter(character: string): string {
  const short = SHORT.get(character);
  if (short !== undefined) return short;
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, '0')}`;
  return `\\u{${code.toString(16)}}`;
}
