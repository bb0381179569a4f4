import { explainMessage } from '../explain/explain-message.ts';
import { type Explained, foldExplained } from '../explain/fold.ts';
import type { Observed } from '../model/observed.ts';
import { type ExplainOptions, writeExplanation } from '../render/explain.ts';
import { writeExplanationLines } from '../render/explain-json.ts';
import { writeRecord } from '../render/json-lines.ts';
import { PrettyLines } from '../render/pretty.ts';
import type { OutputOptions } from './options.ts';
import { Output } from './output.ts';
import type { Printer } from './printer.ts';
import { columnsOf, themeFor } from './terminal.ts';

/** Shows each message as an annotated dump; with `json` as its record and a line for each row. */
export function openExplainPrinter(options: OutputOptions): Printer {
  const output = new Output(process.stdout);
  const dump = options.json === true ? undefined : new Dump(options, output);
  return {
    print: (observed) => {
      if (dump !== undefined) dump.print(observed);
      else for (const line of writeLines(observed)) output.line(line);
    },
    flush: () => {
      dump?.release();
      return output.flush();
    },
    end: () => {
      dump?.release();
      return output.flush();
    },
    closed: output.closed,
  };
}

function writeLines(observed: Observed): string[] {
  const record = writeRecord(observed);
  if (observed.is !== 'message') return [record];
  const { seq, frame, message } = observed;
  return [record, ...writeExplanationLines(seq, explainMessage(frame, message))];
}

/**
 * Annotated dumps with an empty line between them. Neighbours that say the same are told as one, so the last is held
 * until something else comes, or until what came has to be shown.
 */
class Dump {
  readonly #output: Output;
  readonly #options: ExplainOptions;
  readonly #lines: PrettyLines;
  #held: Explained | undefined;
  #isFirst = true;

  constructor(options: OutputOptions, output: Output) {
    const theme = themeFor(process.stdout, options.color);
    const columns = columnsOf(process.stdout);
    const full = options.full === true;
    this.#output = output;
    this.#options = { theme, columns, full };
    this.#lines = new PrettyLines({ theme, columns, full, utc: options.utc === true });
  }

  print(observed: Observed): void {
    // What has no payload to explain, a gap or a broken line, is said in a line as elsewhere.
    if (observed.is !== 'message') {
      this.release();
      this.#write(this.#lines.write(observed));
      return;
    }
    const { frame, message } = observed;
    const next: Explained = { frame, message, explanation: explainMessage(frame, message) };
    const folded = this.#held === undefined ? undefined : foldExplained(this.#held, next);
    if (folded === undefined) this.release();
    this.#held = folded ?? next;
  }

  release(): void {
    if (this.#held === undefined) return;
    const { frame, message, explanation } = this.#held;
    this.#held = undefined;
    this.#write(writeExplanation(frame, message, explanation, this.#options));
  }

  #write(text: string): void {
    if (!this.#isFirst) this.#output.line('');
    this.#isFirst = false;
    this.#output.line(text);
  }
}
