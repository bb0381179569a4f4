/** Exit codes of the output contract §2. */
export const EXIT = {
  done: 0,
  notUnderstood: 1,
  usage: 2,
  redis: 3,
  interrupted: 130,
  terminated: 143,
} as const;

/** The command line asks for something impossible. Ends with exit code 2; the message names the option. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Redis cannot be reached or does not permit what was asked. Ends with exit code 3. */
export class RedisError extends Error {
  override readonly name = 'RedisError';
}
