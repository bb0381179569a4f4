/**
 * Whether Redis' pattern matches, byte by byte: `*`, `?`, `[a-z]`, `[^…]`, `\` before a literal.
 * Source: redis 7.0.15, src/util.c, stringmatchlen. Unlike there, time is bounded by pattern × text.
 * Ranges with bytes above 0x7f are compared as on x86, where C's char is signed; elsewhere Redis differs.
 */
export function matchesGlob(pattern: Uint8Array, text: Uint8Array): boolean {
  let p = 0;
  let t = 0;
  let starAt = -1;
  let resumeAt = 0;
  for (;;) {
    if (pattern[p] === STAR) {
      while (pattern[p] === STAR) p++;
      if (p === pattern.length) return true;
      starAt = p;
      resumeAt = t;
      continue;
    }
    if (t === text.length) return p === pattern.length;
    const next = p < pattern.length ? matchOne(pattern, p, text[t] ?? 0) : -1;
    if (next !== -1) {
      p = next;
      t++;
    } else {
      if (starAt === -1) return false;
      p = starAt;
      t = ++resumeAt;
    }
  }
}

/** Whether Redis matches this pattern in the same way on every machine. */
export function isPortableGlob(pattern: Uint8Array): boolean {
  return !pattern.includes(OPEN) || pattern.every((byte) => byte < 0x80);
}

/**
 * A pattern that matches this text only, and what begins with it if `andMore`. Nothing is escaped without need: an ACL
 * rule allows a pattern only when it is the same, letter for letter.
 */
export function literalPattern(text: string, options: { readonly andMore?: boolean } = {}): string {
  return text.replace(/[\\*?[]/g, '\\$&') + (options.andMore === true ? '*' : '');
}

const STAR = 0x2a;
const QUESTION = 0x3f;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const CARET = 0x5e;
const DASH = 0x2d;
const BACKSLASH = 0x5c;

/** The place in the pattern after the one element at `p`, or -1 when that does not match `byte`. */
function matchOne(pattern: Uint8Array, p: number, byte: number): number {
  const element = pattern[p];
  if (element === QUESTION) return p + 1;
  if (element === OPEN) return matchSet(pattern, p + 1, byte);
  const at = element === BACKSLASH && p + 1 < pattern.length ? p + 1 : p;
  return pattern[at] === byte ? at + 1 : -1;
}

function signed(byte: number): number {
  return byte < 0x80 ? byte : byte - 0x100;
}

function matchSet(pattern: Uint8Array, start: number, byte: number): number {
  let p = start;
  const negated = pattern[p] === CARET;
  if (negated) p++;
  let matched = false;
  // A set that is never closed ends with the pattern, as in Redis.
  for (; p < pattern.length && pattern[p] !== CLOSE; p++) {
    if (pattern[p] === BACKSLASH && p + 1 < pattern.length) {
      p++;
      if (pattern[p] === byte) matched = true;
    } else if (pattern[p + 1] === DASH && p + 2 < pattern.length) {
      const [from = 0, , to = 0] = pattern.subarray(p, p + 3);
      p += 2;
      if (
        signed(byte) >= Math.min(signed(from), signed(to)) &&
        signed(byte) <= Math.max(signed(from), signed(to))
      ) {
        matched = true;
      }
    } else if (pattern[p] === byte) {
      matched = true;
    }
  }
  return matched !== negated ? Math.min(p + 1, pattern.length) : -1;
}
