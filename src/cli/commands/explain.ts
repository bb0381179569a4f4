import { Command } from 'commander';
import { addCaptureOptions, type CaptureOptions, readCaptures } from '../read-captures.ts';

/** `sio-inspect explain [FILE…]` */
export function createCommand(): Command {
  const command = new Command().description(
    'Explain what each byte of a message means. It takes everything that "decode" takes: redis-cli monitor and\nsubscribe output, hex, xxd, base64, quoted strings, raw bytes, …',
  );
  return addCaptureOptions(command).addHelpText('after', EXAMPLES).action(explain);
}

const EXAMPLES = `
Examples:
  echo '93a6366e30425743…' | sio-inspect explain --channel 'socket.io#/#'
  redis-cli monitor | head -50 | sio-inspect explain --event 'chat message'
  sio-inspect explain --json capture.txt | jq 'select(.part == "trouble")'

With --json each message is its record, followed by a line for each row, with the same "seq".

Exit code: 0 when every message was understood, 1 when some was not.`;

async function explain(files: readonly string[], options: CaptureOptions): Promise<void> {
  const { openExplainPrinter } = await import('../explain-printer.ts');
  await readCaptures(files, options, openExplainPrinter(options));
}
