import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { waitFor } from './wait.ts';

/** The program from source, as a user would run `bin/sio-inspect.js`. */
const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const CALM = { NO_COLOR: '1', TZ: 'UTC', COLUMNS: '100' };

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running sio-inspect whose output can be waited for. Kill what you start. */
export interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  stdout(): string;
  stderr(): string;
  /** Resolves when stdout and stderr together match. */
  until(pattern: RegExp, timeoutMs?: number): Promise<void>;
  finished(): Promise<Finished>;
}

/** `under`: a command that is given the program's own as its last words. */
export function startCli(
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string; under?: readonly string[] } = {},
): Running {
  const env: NodeJS.ProcessEnv = { ...process.env, ...CALM, ...options.env };
  delete env.REDIS_URL;
  delete env.FORCE_COLOR;
  delete env.NODE_TEST_CONTEXT;
  Object.assign(env, options.env);
  const words = [...(options.under ?? []), process.execPath, '--import', 'tsx', MAIN, ...args];
  const child = spawn(words[0] ?? '', words.slice(1), {
    env,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  const closed = once(child, 'close');
  const stdout = (): string => Buffer.concat(out).toString();
  const stderr = (): string => Buffer.concat(err).toString();
  return {
    child,
    stdout,
    stderr,
    until: async (pattern, timeoutMs) => {
      const said = (): string => `${stdout()}\n${stderr()}`;
      const seen = (): true | undefined => (pattern.test(said()) ? true : undefined);
      await waitFor(`${String(pattern)} from sio-inspect ${args.join(' ')}`, seen, timeoutMs).catch(
        (error: unknown) => {
          throw new Error(`${String(error)}\n--- it said:\n${said()}`);
        },
      );
    },
    finished: async () => {
      await closed;
      return { code: child.exitCode, signal: child.signalCode, stdout: stdout(), stderr: stderr() };
    },
  };
}

/** Runs sio-inspect to its end; `input` goes to its stdin. */
export async function runCli(
  args: readonly string[],
  options: { input?: string | Uint8Array; env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Promise<Finished> {
  const running = startCli(args, options);
  running.child.stdin.on('error', () => undefined);
  running.child.stdin.end(options.input ?? '');
  return running.finished();
}
