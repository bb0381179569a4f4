import type { ByteBlock } from '../bytes/byte-block.ts';
import type { Observed } from '../model/observed.ts';
import { writeCard } from '../render/card.ts';
import { writeRecord } from '../render/json-lines.ts';
import { PrettyLines } from '../render/pretty.ts';
import type { OutputOptions } from './options.ts';
import { Output } from './output.ts';
import { columnsOf, themeFor, wantsWholeLines } from './terminal.ts';

export interface PrinterOptions extends OutputOptions {
  /** A single message is shown as a card, field by field. */
  readonly cardForOne?: boolean;
}

/** Where observations go: records or lines, to standard output. */
export interface Printer {
  readonly print: (observed: Observed) => void;
  /** Where a record's line may be written as bytes; only where records are what is printed. */
  readonly reserve?: (bytes: number) => ByteBlock;
  readonly flush: () => Promise<void>;
  readonly end: () => Promise<void>;
  readonly closed: AbortSignal;
}

export function openPrinter(options: PrinterOptions): Printer {
  const output = new Output(process.stdout);
  const write = options.json === true ? writeRecord : prettyWriter(options);
  const reserve = (bytes: number): ByteBlock => output.reserve(bytes);
  const lines: Printer = {
    ...(options.json === true ? { reserve } : {}),
    print: (observed) => {
      output.line(write(observed));
    },
    flush: () => output.flush(),
    end: () => output.flush(),
    closed: output.closed,
  };
  return options.json !== true && options.cardForOne === true ? cardForOne(lines, output, options) : lines;
}

/** Prints nothing: for commands that do something else with what comes. */
export function silentPrinter(): Printer {
  const done = (): Promise<void> => Promise.resolve();
  return { print: () => undefined, flush: done, end: done, closed: new AbortController().signal };
}

function prettyWriter(options: PrinterOptions): (observed: Observed) => string {
  const theme = themeFor(process.stdout, options.color);
  const pretty = new PrettyLines({
    theme,
    columns: columnsOf(process.stdout),
    full: wantsWholeLines(process.stdout, options.full),
    utc: options.utc === true,
  });
  process.stdout.on('resize', () => {
    pretty.columns = columnsOf(process.stdout);
  });
  return (observed) => pretty.write(observed);
}

/** Holds the first message back until a second one comes or the input ends. */
function cardForOne(lines: Printer, output: Output, options: PrinterOptions): Printer {
  let first: Observed | undefined;
  let isSeveral = false;
  return {
    print: (observed) => {
      if (!isSeveral && first === undefined) {
        first = observed;
        return;
      }
      isSeveral = true;
      if (first !== undefined) lines.print(first);
      first = undefined;
      lines.print(observed);
    },
    flush: lines.flush,
    end: async () => {
      if (first?.is === 'message') {
        const full = wantsWholeLines(process.stdout, options.full);
        output.line(
          writeCard(first, {
            theme: themeFor(process.stdout, options.color),
            columns: columnsOf(process.stdout),
            full,
          }),
        );
      } else if (first !== undefined) {
        lines.print(first);
      }
      await lines.end();
    },
    closed: lines.closed,
  };
}
