import { Command } from 'commander';
import { Summary } from '../../analyse/summary.ts';
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

interface DecodeOptions extends OutputOptions, FilterOptions {
  readonly channel?: string;
  readonly key?: readonly string[];
}

/** `sio-inspect decode [FILE…]` */
export function createCommand(): Command {
  const command = new Command()
    .description(
      'Decode captures and pasted payloads. What they are written in is found out: redis-cli monitor and\nsubscribe output, hex, xxd, hexdump, od, base64, Redis, Python, JavaScript strings, raw bytes, …',
    )
    .argument('[file...]', 'files to read; - or nothing for standard input')
    .option('--channel <name>', 'the channel of payloads that do not name one');
  addKeyOption(command);
  addOutputOptions(command);
  addFilterOptions(command);
  return command.addHelpText('after', EXAMPLES).action(async (files: string[], options: DecodeOptions) => {
    await decode(files, options);
  });
}

const EXAMPLES = `
Examples:
  redis-cli monitor | sio-inspect decode
  sio-inspect decode --json capture.txt | jq 'select(.event == "chat message")'
  echo '93a6366e30425743…' | sio-inspect decode --channel 'socket.io#/#'

Exit code: 0 when every message was understood, 1 when some was not.`;

async function decode(files: readonly string[], options: DecodeOptions): Promise<void> {
  await checkInputs(files);
  const { readOffline } = await import('../../session/offline.ts');
  const { openPrinter } = await import('../printer.ts');
  const summary = new Summary();
  const printer = openPrinter({ ...options, cardForOne: true });
  const wanted = createFilter(readConditions(options));
  const batches = readOffline(openInputs(files), {
    keys: options.key ?? [],
    ...(options.channel === undefined ? {} : { channel: options.channel }),
    onNote: (note) => process.stderr.write(`sio-inspect: ${note}\n`),
    onOther: (name) => {
      summary.addOther(name);
    },
  });
  for await (const batch of batches) {
    for (const observed of batch) {
      summary.add(observed);
      if (wanted(observed)) printer.print(observed);
    }
    await printer.flush();
    if (printer.closed.aborted) return;
  }
  await printer.end();
  finish(summary, files);
}

function finish(summary: Summary, files: readonly string[]): void {
  if (summary.undecoded > 0) {
    process.exitCode = EXIT.notUnderstood;
    const total = summary.messages + summary.undecoded;
    process.stderr.write(`sio-inspect: ${summary.undecoded} of ${total} not understood.\n`);
  }
  if (summary.messages + summary.undecoded + summary.gaps > 0) return;
  const what = files.length === 0 ? 'the input' : files.join(', ');
  const others =
    summary.others === 0
      ? 'It is empty.'
      : `${summary.others} other commands were passed over (${[...summary.commands.keys()].slice(0, 5).join(', ')}).`;
  process.stderr.write(`sio-inspect: no Socket.IO message in ${what}. ${others}\n`);
}
