import type { Fact } from '../explain/row.ts';
import { fill, GAP, painterOf, wrapCell } from './explain-cells.ts';
import { safeText } from './safe-text.ts';
import { cutToColumns, padRight, textWidth } from './text-width.ts';
import type { Theme } from './theme.ts';

/** A whole cluster that starts subscribes to hundreds of channels. */
const SHOWN_FACTS = 24;
const WIDEST_VALUE = 34;
/** Of adapters' fields none has more; a stranger's may have any length. */
const WIDEST_NAME = 20;

interface FactOptions {
  readonly theme: Theme;
  readonly columns: number;
  readonly full: boolean;
}

/** What is said beside the payload, a line for each: fields of a stream entry, channels that are subscribed to. */
export function writeFacts(all: readonly Fact[], { theme, columns, full }: FactOptions): string[] {
  if (all.length === 0) return [];
  const facts = full ? all : all.slice(0, SHOWN_FACTS);
  const left = all.length - facts.length;
  const names = Math.min(WIDEST_NAME, Math.max(...facts.map(({ name }) => textWidth(safeText(name)))));
  const values = Math.min(WIDEST_VALUE, Math.max(...facts.map(({ value }) => textWidth(safeText(value)))));
  const lines = facts.flatMap((fact) => {
    const { name, value, part } = fact;
    const notes = wrapCell(noteOf(fact), columns - names - values - 3 * GAP.length);
    const shown = cutToColumns(safeText(value), values);
    const head = `${GAP}${theme.dim(padRight(cutToColumns(safeText(name), names), names))}${GAP}${fill(shown, values, painterOf(theme)[part])}`;
    return [
      `${head}${GAP}${notes[0] ?? ''}`.trimEnd(),
      ...notes.slice(1).map((line) => ' '.repeat(names + values + 3 * GAP.length) + line),
    ];
  });
  const more = left === 0 ? [] : [`${GAP}${theme.dim(`… ${left} more; --full shows them`)}`];
  return [...lines, ...more, ''];
}

function noteOf({ note = '', times = 1 }: Fact): string {
  const often = times === 1 ? '' : `${times} times`;
  return [note, often].filter((text) => text !== '').join(', ');
}
