import { type Running, startCli } from './cli.ts';

/** Runs what follows in a terminal of so many columns; what it says on stderr comes on stdout, too. */
const IN_TERMINAL = 'script -qefc "stty cols $0 rows 40; $*" /dev/null';

/** The program at a terminal. Words with blanks or quotes are not for it. */
export function startInTerminal(
  columns: number,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Running {
  return startCli(args, { env, under: ['sh', '-c', IN_TERMINAL, String(columns)] });
}

/** The rows that a terminal shows of what was written, without its colours. */
export function rowsOf(written: string): readonly string[] {
  return written
    .replace(/\u001b\[[\d;?]*[A-Za-z]/g, '')
    .split(/\r?\n/)
    .map((row) => row.slice(row.lastIndexOf('\r') + 1));
}
