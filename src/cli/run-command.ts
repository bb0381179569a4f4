import { type Command, CommanderError } from 'commander';
import { RedisFailure } from '../redis/failure.ts';
import { textWidth, wrapText } from '../render/text-width.ts';
import { UnreadableInput } from '../session/unreadable-input.ts';
import { commands } from './commands/index.ts';
import { didYouMean } from './did-you-mean.ts';
import { EXIT, RedisError, UsageError } from './errors.ts';
import { complain, say } from './notice.ts';
import { proseColumnsOf } from './terminal.ts';

/** Wider help is hard to read. */
const HELP_COLUMNS = 100;

/** Parses and runs one command; turns every failure into one clear message and the contract's exit code. */
export async function runCommand(name: string, args: readonly string[]): Promise<void> {
  const entry = commands.find((candidate) => candidate.name === name);
  if (entry === undefined) {
    fail(unknownCommand(name), EXIT.usage);
    return;
  }
  const { createCommand } = await entry.load();
  const command = prepare(createCommand(), name);
  try {
    await command.parseAsync(args, { from: 'user' });
  } catch (error) {
    report(error);
  }
}

function prepare(command: Command, name: string): Command {
  const columns = proseColumnsOf(process.stdout);
  return command
    .description(joinSentences(command.description()))
    .name(`sio-inspect ${name}`)
    .helpOption('-h, --help', 'print this')
    .showSuggestionAfterError()
    .exitOverride()
    .configureHelp({ helpWidth: Math.min(columns, HELP_COLUMNS) })
    .configureOutput({
      writeOut: (text) => process.stdout.write(breakLines(text, columns)),
      outputError: (text) => {
        say(text.trimEnd().replace(/^error: /, 'sio-inspect: '));
      },
    });
}

/** The source breaks lines where its own edge is; the terminal's may be elsewhere. A full stop ends a line for good. */
function joinSentences(text: string): string {
  return text.replace(/(?<![.:])\n/g, ' ');
}

/** Commander does not break the examples and what stands below them. */
function breakLines(text: string, columns: number): string {
  return text
    .split('\n')
    .flatMap((line) => (textWidth(line) <= columns ? [line] : wrapText(line, columns)))
    .join('\n');
}

function report(error: unknown): void {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage;
  } else if (error instanceof UsageError || error instanceof UnreadableInput) {
    fail(error.message, EXIT.usage);
  } else if (error instanceof RedisError || error instanceof RedisFailure) {
    fail(error.message, EXIT.redis);
  } else {
    throw error;
  }
}

function fail(message: string, code: number): void {
  complain(message);
  process.exitCode = code;
}

function unknownCommand(name: string): string {
  const hint = didYouMean(
    name,
    commands.map((command) => command.name),
  );
  return `there is no command "${name}".${hint} "sio-inspect --help" lists them.`;
}
