import { type Command, CommanderError } from 'commander';
import { RedisFailure } from '../redis/failure.ts';
import { UnreadableInput } from '../session/unreadable-input.ts';
import { commands } from './commands/index.ts';
import { EXIT, RedisError, UsageError } from './errors.ts';
import { complain, say } from './notice.ts';

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
  return command
    .name(`sio-inspect ${name}`)
    .helpOption('-h, --help', 'print this')
    .showSuggestionAfterError()
    .exitOverride()
    .configureHelp({ helpWidth: 100 })
    .configureOutput({
      outputError: (text) => {
        say(text.trimEnd().replace(/^error: /, 'sio-inspect: '));
      },
    });
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
  const near = commands.map((command) => command.name).filter((known) => distance(known, name) <= 2);
  const hint = near.length === 0 ? '' : ` Did you mean "${near.join('" or "')}"?`;
  return `there is no command "${name}".${hint} "sio-inspect --help" lists them.`;
}

/** Edits between two words (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((next[j - 1] ?? 0) + 1, (row[j] ?? 0) + 1, change));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
