import { readFileSync } from 'node:fs';
import { commands } from './commands/index.ts';

/** Runs the program. Nothing heavy is imported before it is known which command is wanted: `--help` is instant. */
async function main(args: readonly string[]): Promise<void> {
  const [word = '--help', ...rest] = args;
  if (word === '--version' || word === '-V') {
    process.stdout.write(`${readVersion()}\n`);
  } else if (word === '--help' || word === '-h' || (word === 'help' && rest.length === 0)) {
    process.stdout.write(writeHelp());
  } else {
    const { runCommand } = await import('./run-command.ts');
    await (word === 'help' ? runCommand(rest[0] ?? '', ['--help']) : runCommand(word, rest));
  }
}

function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function writeHelp(): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const list = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `sio-inspect: what Socket.IO servers say to each other over Redis, decoded

  Learn:    npx sio-inspect demo                     one message, and its bytes
  Set up:   npx sio-inspect monitor --url redis://…  what passes, decoded
  On call:  npx sio-inspect doctor --url redis://…   what is wrong, and the cure
  A dump:   npx sio-inspect decode capture.txt       MONITOR text, pcap, hex, …

Usage: sio-inspect <command> [options]

Commands:
${list.join('\n')}

Options:
  -V, --version  print the version
  -h, --help     print this; "sio-inspect <command> --help": its options
`;
}

/** A reader that has seen enough, or a terminal that was closed: nothing more can be said, and cleaning up goes on. */
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
  });
}

await main(process.argv.slice(2));
