/** Names kept at most by any tap: what is on the wire decides how many there are. */
const MAX_NAMES = 2000;

/** What is known under a name, begun at its first mention; undefined when there are too many already. */
export function noteUnder<T>(map: Map<string, T>, name: string, begin: () => T): T | undefined {
  const known = map.get(name);
  if (known !== undefined || map.size >= MAX_NAMES) return known;
  const fresh = begin();
  map.set(name, fresh);
  return fresh;
}
