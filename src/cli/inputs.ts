import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { peekStart } from '../recording/peek-start.ts';
import type { OfflineInput } from '../session/offline.ts';
import { UsageError } from './errors.ts';
import { showProgress } from './progress.ts';

/** Fewer, larger reads: each of them is a round through the thread pool. */
const READ_BYTES = 512 * 1024;

/** Opens the files that the user named, or standard input for `-` or for no name at all. */
export async function* openInputs(names: readonly string[]): AsyncIterable<OfflineInput> {
  for (const name of names.length === 0 ? ['-'] : await inOrder(names)) {
    if (name === '-') {
      if (process.stdin.isTTY) process.stderr.write('Paste a dump and end it with Ctrl-D.\n');
      yield { name: 'stdin', chunks: process.stdin };
    } else {
      await checkReadable(name);
      const { size } = await stat(name);
      yield { name, chunks: showProgress(name, size, createReadStream(name, { highWaterMark: READ_BYTES })) };
    }
  }
}

/** Recordings in the order in which they were begun: a shell puts `a.rec.10` before `a.rec.2`, and `a.rec.gz` last. */
async function inOrder(names: readonly string[]): Promise<readonly string[]> {
  if (names.length < 2 || names.includes('-')) return names;
  const starts = new Map<string, string>();
  for (const name of names) {
    await checkReadable(name);
    const { isFile, start } = await peek(name);
    if (!isFile || start === undefined) return names;
    starts.set(name, start);
  }
  const startOf = (name: string): string => starts.get(name) ?? '';
  return [...names].sort((a, b) => (startOf(a) < startOf(b) ? -1 : startOf(a) > startOf(b) ? 1 : 0));
}

/** A pipe gives what it has only once. */
async function peek(name: string): Promise<{ readonly isFile: boolean; readonly start: string | undefined }> {
  const isFile = (await stat(name)).isFile();
  return { isFile, start: isFile ? await peekStart(name) : undefined };
}

/** Checked before anything is read, so that a typing error in the last name is told at once. */
export async function checkInputs(names: readonly string[]): Promise<void> {
  for (const name of names) {
    if (name !== '-') await checkReadable(name);
  }
}

async function checkReadable(name: string): Promise<void> {
  const found = await stat(name).catch((error: unknown) => {
    throw new UsageError(
      `cannot read ${name}: ${describe(error)}. Name an existing file, or - for standard input.`,
    );
  });
  if (found.isDirectory())
    throw new UsageError(`cannot read ${name}: it is a directory. Name the files in it.`);
}

function describe(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'permission denied';
  return code ?? String(error);
}
