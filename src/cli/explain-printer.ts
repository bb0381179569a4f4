import { explainMessage } from '../explain/explain-message.ts';
import type { Observed } from '../model/observed.ts';
import { writeExplanation } from '../render/explain.ts';
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
  const write = options.json === true ? writeLines : dumpWriter(options);
  return {
    print: (observed) => {
      for (const line of write(observed)) output.line(line);
    },
    flush: () => output.flush(),
    end: () => output.flush(),
    closed: output.closed,
  };
}

function writeLines(observed: Observed): string[] {
  const record = writeRecord(observed);
  if (observed.is !== 'message') return [record];
  const { seq, frame, message } = observed;
  return [record, ...writeExplanationLines(seq, explainMessage(frame, message))];
}

/** What has no payload to explain, a gap or a broken line, is said in a line as elsewhere. */
function dumpWriter(options: OutputOptions): (observed: Observed) => string[] {
  const theme = themeFor(process.stdout, options.color);
  const columns = columnsOf(process.stdout);
  const full = options.full === true;
  const lines = new PrettyLines({ theme, columns, full, utc: options.utc === true });
  let isFirst = true;
  return (observed) => {
    const between = isFirst ? [] : [''];
    isFirst = false;
    if (observed.is !== 'message') return [...between, lines.write(observed)];
    const { frame, message } = observed;
    return [
      ...between,
      writeExplanation(frame, message, explainMessage(frame, message), { theme, columns, full }),
    ];
  };
}
