import { Command } from 'commander';
import { createFilter } from '../../filter/filter.ts';
import { EXIT } from '../errors.ts';
import { checkInputs, openInputs } from '../inputs.ts';
import {
  addFilterOptions,
  addKeyOption,
  addOutputOptions,
  type FilterOptions,
  type OutputOptions,
  readConditions,
} from '../options.ts';

interface ExplainOptions extends OutputOptions, FilterOptions {
  readonly channel?: string;
  readonly key?: readonly string[];
}

/** `sio-inspect explain [FILE…]` */
export function createCommand(): Command {
  const command = new Command()
    .description(
      'Explain what each byte of a message means. It takes everything that "decode" takes: redis-cli monitor and\nsubscribe output, hex, xxd, base64, quoted strings, raw bytes, …',
    )
    .argument('[file...]', 'files to read; - or nothing for standard input')
    .option('--channel <name>', 'the channel of payloads that do not name one');
  addKeyOption(command);
  addOutputOptions(command);
  addFilterOptions(command);
  return command.addHelpText('after', EXAMPLES).action(async (files: string[], options: ExplainOptions) => {
    await explain(files, options);
  });
}

const EXAMPLES = `
Examples:
  echo '93a6366e30425743…' | sio-inspect explain --channel 'socket.io#/#'
  redis-cli monitor | head -50 | sio-inspect explain --event 'chat message'
  sio-inspect explain --json capture.txt | jq 'select(.part == "trouble")'

With --json each message is its record, followed by a line for each row, with the same "seq".

Exit code: 0 when every message was understood, 1 when some was not.`;

async function explain(files: readonly string[], options: ExplainOptions): Promise<void> {
  await checkInputs(files);
  const { readOffline } = await import('../../session/offline.ts');
  const { openExplainPrinter } = await import('../explain-printer.ts');
  const printer = openExplainPrinter(options);
  const wanted = createFilter(readConditions(options));
  const say = (text: string): void => {
    process.stderr.write(`sio-inspect: ${text}\n`);
  };
  let messages = 0;
  let broken = 0;
  const batches = readOffline(openInputs(files), {
    keys: options.key ?? [],
    ...(options.channel === undefined ? {} : { channel: options.channel }),
    onNote: say,
  });
  for await (const batch of batches) {
    for (const observed of batch) {
      messages++;
      if (observed.is === 'unframed') broken++;
      if (observed.is === 'message' && observed.message.kind === 'undecoded') broken++;
      if (wanted(observed)) printer.print(observed);
    }
    await printer.flush();
    if (printer.closed.aborted) return;
  }
  await printer.end();
  if (broken > 0) {
    process.exitCode = EXIT.notUnderstood;
    say(`${broken} of ${messages} not understood.`);
  }
  if (messages === 0) say(`no Socket.IO message in ${files.length === 0 ? 'the input' : files.join(', ')}.`);
}
