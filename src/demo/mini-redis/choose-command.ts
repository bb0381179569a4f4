import type { Client } from './client.ts';
import type { Command } from './command.ts';

/** What a subscribed client of protocol 2 may say. Source: processCommand in src/server.c, redis 7.0.15. */
const WHILE_SUBSCRIBED = [
  'ping',
  'quit',
  'reset',
  'subscribe',
  'psubscribe',
  'ssubscribe',
  'unsubscribe',
  'punsubscribe',
  'sunsubscribe',
];
/** A monitor counts as a replica: it may not send what touches keys or is replicated. */
const DENIED_TO_MONITORS = ['write', 'readonly', 'publish', 'spublish'];
/** How much of an unknown command its error repeats. */
const QUOTED_BYTES = 128;

/** The command that these words call, or the error for a client that may not call it so. */
export function choose(
  commands: ReadonlyMap<string, Command>,
  client: Client,
  args: readonly Buffer[],
): Command | string {
  const [first = '', second = ''] = args.slice(0, 2).map((arg) => arg.toString('latin1'));
  const parent = commands.get(first.toLowerCase());
  if (parent === undefined) return describeUnknown(first, args.slice(1));
  const hasSubcommand = parent.subcommands !== undefined && args.length > 1;
  const command = hasSubcommand ? parent.subcommands.get(second.toLowerCase()) : parent;
  if (command === undefined) {
    return `ERR unknown subcommand '${cut(second)}'. Try ${parent.name.toUpperCase()} HELP.`;
  }
  const { arity, name, flags } = command;
  if (arity > 0 ? args.length !== arity : args.length < -arity) {
    return `ERR wrong number of arguments for '${name}' command`;
  }
  if (client.protocol === 2 && client.isSubscribed && !WHILE_SUBSCRIBED.includes(name)) {
    return `ERR Can't execute '${name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context`;
  }
  if (client.isMonitor && [name, ...flags].some((word) => DENIED_TO_MONITORS.includes(word))) {
    return "ERR Replica can't interact with the keyspace";
  }
  return command;
}

function describeUnknown(name: string, args: readonly Buffer[]): string {
  let listed = '';
  for (const arg of args) {
    if (listed.length >= QUOTED_BYTES) break;
    listed += `'${cut(arg.toString('latin1'), QUOTED_BYTES - listed.length)}' `;
  }
  return `ERR unknown command '${cut(name)}', with args beginning with: ${listed}`;
}

/** As C prints a string: to a zero byte or so many bytes. */
function cut(text: string, lengthBytes = QUOTED_BYTES): string {
  return (/^[^\0]*/.exec(text)?.[0] ?? '').slice(0, lengthBytes);
}
