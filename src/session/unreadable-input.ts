/** An input that was opened and cannot be read to its end: the system refuses, or it is too long for what it is. */
export class UnreadableInput extends Error {
  override readonly name = 'UnreadableInput';
}

/** What a read or a reader threw, as an `UnreadableInput` where the input is to blame. */
export function blameInput(name: string, error: unknown): unknown {
  if (error instanceof RangeError)
    return new UnreadableInput(`cannot read ${name}: ${error.message}`, { cause: error });
  const { syscall, code } = error as NodeJS.ErrnoException;
  if (syscall !== 'read') return error;
  const why = code === 'EISDIR' ? 'it is a directory' : `the system refuses it (${code ?? 'unknown error'})`;
  return new UnreadableInput(`cannot read ${name}: ${why}.`, { cause: error });
}
