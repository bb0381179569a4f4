import { quoteBytes } from '../../bytes/sds-repr.ts';
import { toWord } from './argument.ts';
import type { Client } from './client.ts';

/**
 * A MONITOR line with its `+` and CRLF.
 *
 * Source: replicationFeedMonitors in src/replication.c, redis 7.0.15; which arguments are hidden: src/acl.c
 * (authCommand) and src/networking.c (helloCommand).
 */
export function formatMonitorLine(client: Client, args: readonly Buffer[], microseconds: number): Buffer {
  const seconds = Math.floor(microseconds / 1e6);
  const rest = String(microseconds % 1e6).padStart(6, '0');
  const words = redact(args).map((arg) => (typeof arg === 'string' ? `"${arg}"` : quoteBytes(arg)));
  return Buffer.from(`+${seconds}.${rest} [${client.db} ${client.address}] ${words.join(' ')}\r\n`, 'latin1');
}

const REDACTED = '(redacted)';

function redact(args: readonly Buffer[]): readonly (Buffer | string)[] {
  const name = toWord(args[0]);
  if (name === 'AUTH') return args.map((arg, index) => (index === 0 ? arg : REDACTED));
  if (name !== 'HELLO') return args;
  const auth = args.findIndex((arg, index) => index > 1 && toWord(arg) === 'AUTH');
  return args.map((arg, index) =>
    auth !== -1 && (index === auth + 1 || index === auth + 2) ? REDACTED : arg,
  );
}
