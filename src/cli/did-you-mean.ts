import { edits } from '../doctor/nearest.ts';

const SHOWN = 3;
/** Shorter pieces are in too many names. */
const LEAST_PIECE = 3;

/** ` Did you mean "servers"?` for a word that is none of the known ones; empty where none is near. */
export function didYouMean(word: string, known: readonly string[]): string {
  const near = known
    .map((name) => ({ name, distance: edits(word, name) }))
    .filter(({ name, distance }) => distance <= slipsIn(word) || isPiece(word, name))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, SHOWN);
  return near.length === 0 ? '' : ` Did you mean "${near.map(({ name }) => name).join('" or "')}"?`;
}

/** Longer words have more slips of the finger in them. */
function slipsIn(word: string): number {
  return Math.max(2, Math.floor(word.length / 4));
}

function isPiece(word: string, name: string): boolean {
  return word.length >= LEAST_PIECE && name.includes(word);
}
