interface Place {
  readonly key: string;
  readonly nsp: string;
}

/** The place that was most probably meant; undefined where there is none at all. */
export function nearestOf<T extends Place>(meant: Place, places: readonly T[]): T | undefined {
  const distance = ({ key, nsp }: Place): number => edits(key, meant.key) + edits(nsp, meant.nsp);
  return [...places].sort((a, b) => distance(a) - distance(b))[0];
}

/** Longer names are not compared letter by letter. */
const MAX_LENGTH = 100;

/** Edits between two words (Levenshtein). */
export function edits(a: string, b: string): number {
  if (a.length > MAX_LENGTH || b.length > MAX_LENGTH) return a === b ? 0 : MAX_LENGTH;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((next[j - 1] ?? 0) + 1, (row[j] ?? 0) + 1, change));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
