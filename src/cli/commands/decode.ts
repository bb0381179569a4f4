import { Command } from 'commander';
import { addCaptureOptions, type CaptureOptions, readCaptures } from '../read-captures.ts';

interface DecodeOptions extends CaptureOptions {
  readonly explain?: true;
}

/** `sio-inspect decode [FILE…]` */
export function createCommand(): Command {
  const command = new Command().description(
    'Decode captures and pasted payloads. What they are written in is found out: redis-cli monitor and\nsubscribe output, hex, xxd, hexdump, od, base64, Redis, Python, JavaScript strings, raw bytes, …',
  );
  return addCaptureOptions(command)
    .option('--explain', 'show what each byte means, as "sio-inspect explain" does')
    .addHelpText('after', EXAMPLES)
    .action(decode);
}

const EXAMPLES = `
Examples:
  redis-cli monitor | sio-inspect decode
  sio-inspect decode --json capture.txt | jq 'select(.event == "chat message")'
  echo '93a6366e30425743…' | sio-inspect decode --channel 'socket.io#/#'

Exit code: 0 when every message was understood, 1 when some was not.`;

async function decode(files: readonly string[], options: DecodeOptions): Promise<void> {
  if (options.explain === true) {
    const { openExplainPrinter } = await import('../explain-printer.ts');
    await readCaptures(files, options, openExplainPrinter(options));
  } else {
    const { openPrinter } = await import('../printer.ts');
    await readCaptures(files, options, openPrinter({ ...options, cardForOne: true }));
  }
}
