import type { Row } from '../explain/row.ts';

/** The branches that are drawn in front of a row, and in front of its further lines. */
export interface Branches {
  readonly first: string;
  readonly further: string;
}

/** Deeper branches than this would push the values off the screen. */
const SHOWN_LEVELS = 8;

/** Draws the tree: `├ ` and `└ ` where an item or a key hangs, `│ ` where others follow. */
export function drawTree(rows: readonly Row[]): Branches[] {
  const branches = new Array<Branches>(rows.length);
  /** Whether another branch comes below at this depth, in the same container. */
  const follows: boolean[] = [];
  for (let index = rows.length - 1; index >= 0; index--) {
    const row = rows[index];
    if (row === undefined) continue;
    follows.length = row.depth + 1;
    branches[index] = drawRow(row, follows, hasChildren(row, rows[index + 1]));
    if (hangs(row)) follows[row.depth] = true;
  }
  return branches;
}

function drawRow(row: Row, follows: readonly boolean[], isOpen: boolean): Branches {
  const levels: string[] = [];
  for (let depth = 1; depth < row.depth; depth++) levels.push(follows[depth] === true ? '│ ' : '  ');
  const around =
    levels.length > SHOWN_LEVELS ? ['⋯ ', ...levels.slice(1 - SHOWN_LEVELS)].join('') : levels.join('');
  const open = isOpen ? '│ ' : '';
  if (row.depth === 0) return { first: '', further: open };
  const further = follows[row.depth] === true ? '│ ' : '  ';
  const first = hangs(row) ? (follows[row.depth] === true ? '├ ' : '└ ') : further;
  return { first: around + first, further: around + further + open };
}

function hangs(row: Row): boolean {
  return row.depth > 0 && (row.role === 'item' || row.role === 'key');
}

function hasChildren(row: Row, next: Row | undefined): boolean {
  return next !== undefined && hangs(next) && next.depth === row.depth + 1;
}
