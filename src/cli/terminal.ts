import type { WriteStream } from 'node:tty';
import type { ColorSupportLevel } from 'chalk';
import { createTheme, type Theme } from '../render/theme.ts';

const DEFAULT_COLUMNS = 80;

/** Colour as the contract says: on a terminal only, off under NO_COLOR or `--no-color`, forced by FORCE_COLOR. */
export function themeFor(stream: NodeJS.WriteStream, wantsColour: boolean): Theme {
  return createTheme(colourLevel(stream, wantsColour));
}

function colourLevel(stream: NodeJS.WriteStream, wantsColour: boolean): ColorSupportLevel {
  const { NO_COLOR, FORCE_COLOR } = process.env;
  if (!wantsColour || (NO_COLOR !== undefined && NO_COLOR !== '')) return 0;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR === '0' || FORCE_COLOR === 'false' ? 0 : 1;
  return isTerminal(stream) && stream.hasColors() ? 1 : 0;
}

/** Width from the terminal, else COLUMNS, else 80. */
export function columnsOf(stream: NodeJS.WriteStream): number {
  if (isTerminal(stream) && stream.columns > 0) return stream.columns;
  const said = Number(process.env.COLUMNS);
  return Number.isInteger(said) && said > 0 ? said : DEFAULT_COLUMNS;
}

/** The same for prose: where it is piped and nobody says how wide, lines stay whole. */
export function proseColumnsOf(stream: NodeJS.WriteStream): number {
  return wantsWholeLines(stream, undefined) ? Number.POSITIVE_INFINITY : columnsOf(stream);
}

/** Nothing is cut where nobody says to what: `--full`, or a pipe. */
export function wantsWholeLines(stream: NodeJS.WriteStream, full: true | undefined): boolean {
  return full === true || (!isTerminal(stream) && process.env.COLUMNS === undefined);
}

/** TypeScript types every standard stream as a terminal; a pipe is none. */
function isTerminal(stream: NodeJS.WriteStream): stream is WriteStream & NodeJS.WriteStream {
  return (stream as { isTTY?: boolean }).isTTY === true;
}
