const STAR = 0x2a;
const QUESTION = 0x3f;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const CARET = 0x5e;
const MINUS = 0x2d;
const BACKSLASH = 0x5c;

/**
 * Whether `text` matches a Redis pattern: `*`, `?`, `[abc]`, `[^a-z]`, `\x`. Case matters.
 * Only the last star is ever backed up to, so hostile patterns take quadratic time at most.
 *
 * Source: stringmatchlen in src/util.c, redis 7.0.15.
 */
export function matchesGlob(pattern: Uint8Array, text: Uint8Array): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let starText = 0;
  for (;;) {
    if (p < pattern.length && pattern[p] === STAR) {
      star = p++;
      starText = t;
      continue;
    }
    if (t === text.length && p === pattern.length) return true;
    const next = t < text.length && p < pattern.length ? matchOne(pattern, p, text[t] ?? 0) : -1;
    if (next !== -1) {
      p = next;
      t++;
    } else if (star !== -1 && starText < text.length) {
      p = star + 1;
      t = ++starText;
    } else return false;
  }
}

/** Where the pattern goes on after the item at `at` matched `byte`; -1 when it did not. */
function matchOne(pattern: Uint8Array, at: number, byte: number): number {
  const item = pattern[at];
  if (item === QUESTION) return at + 1;
  if (item === OPEN) return matchClass(pattern, at + 1, byte);
  const literal = item === BACKSLASH && at + 1 < pattern.length ? at + 1 : at;
  return pattern[literal] === byte ? literal + 1 : -1;
}

function matchClass(pattern: Uint8Array, start: number, byte: number): number {
  const negated = pattern[start] === CARET;
  let at = negated ? start + 1 : start;
  let found = false;
  for (; at < pattern.length && pattern[at] !== CLOSE; at++) {
    const low = pattern[at] ?? 0;
    if (low === BACKSLASH && at + 1 < pattern.length) {
      at++;
      found ||= pattern[at] === byte;
    } else if (pattern[at + 1] === MINUS && at + 2 < pattern.length) {
      const high = pattern[at + 2] ?? 0;
      found ||= byte >= Math.min(low, high) && byte <= Math.max(low, high);
      at += 2;
    } else found ||= low === byte;
  }
  // An unclosed class ends with the pattern.
  return found === negated ? -1 : Math.min(at + 1, pattern.length);
}
