import type { Reply } from '../../bytes/resp-encode.ts';
import type { Client } from './client.ts';
import type { MiniServer } from './server.ts';

/** One command as it is executed. `args[0]` is the command's name as the client wrote it. */
export interface Call {
  readonly server: MiniServer;
  readonly client: Client;
  readonly args: readonly Buffer[];
}

/** Executes a command: its reply, or undefined when it has replied itself or will later. Throws CommandError. */
export type Handler = (call: Call) => Reply | undefined;

/** A line of a command table. Subcommands are called `parent|child`, as in Redis. */
export interface Command {
  readonly name: string;
  /** Number of words with the name; negative is a minimum. */
  readonly arity: number;
  readonly flags: readonly string[];
  /** Positions of keys: first, last, step. */
  readonly keys: readonly [number, number, number];
  readonly run: Handler;
  readonly subcommands?: ReadonlyMap<string, Command>;
}

interface Extra {
  readonly keys?: readonly [number, number, number];
}

/** `flags` are words with spaces between; arity and flags are what `COMMAND INFO` of redis 7.0.15 tells. */
export function define(name: string, arity: number, flags: string, run: Handler, extra: Extra = {}): Command {
  return { name, arity, flags: flags.split(' ').filter(Boolean), keys: extra.keys ?? [0, 0, 0], run };
}

/** A command that only has subcommands. */
export function defineContainer(name: string, subcommands: readonly Command[]): Command {
  const table = new Map(subcommands.map((command) => [command.name.slice(name.length + 1), command]));
  return { ...define(name, -2, '', () => undefined), subcommands: table };
}
