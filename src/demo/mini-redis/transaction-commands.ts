import type { Reply } from '../../bytes/resp-encode.ts';
import { toKey } from './argument.ts';
import { type Call, type Command, define } from './command.ts';
import { CommandError, NIL_ARRAY, OK } from './reply.ts';

function multi({ client }: Call): Reply {
  if (client.transaction !== undefined) throw new CommandError('ERR MULTI calls can not be nested');
  client.transaction = { queue: [], broken: false };
  return OK;
}

function discard({ server, client }: Call): Reply {
  if (client.transaction === undefined) throw new CommandError('ERR DISCARD without MULTI');
  client.transaction = undefined;
  server.keyspace.unwatch(client);
  return OK;
}

/** Executes the queue. Each command replies by itself, after a header that counts them. */
function exec({ server, client }: Call): Reply | undefined {
  const { transaction } = client;
  if (transaction === undefined) throw new CommandError('ERR EXEC without MULTI');
  client.transaction = undefined;
  const isOutdated = server.keyspace.hasWatchedChange(client);
  server.keyspace.unwatch(client);
  if (transaction.broken) {
    throw new CommandError('EXECABORT Transaction discarded because of previous errors.');
  }
  if (isOutdated) return NIL_ARRAY;
  client.replyHeader(transaction.queue.length);
  client.isInExec = true;
  for (const { command, args } of transaction.queue) server.run(client, command, args);
  client.isInExec = false;
  return undefined;
}

function watch({ server, client, args }: Call): Reply {
  if (client.transaction !== undefined) throw new CommandError('ERR WATCH inside MULTI is not allowed');
  for (const key of args.slice(1)) server.keyspace.watch(client, client.db, toKey(key));
  return OK;
}

function unwatch({ server, client }: Call): Reply {
  server.keyspace.unwatch(client);
  return OK;
}

const QUICK = 'noscript loading stale fast allow_busy';

export const transactionCommands: readonly Command[] = [
  define('multi', 1, QUICK, multi),
  define('exec', 1, 'noscript loading stale skip_slowlog', exec),
  define('discard', 1, QUICK, discard),
  define('watch', -2, QUICK, watch, { keys: [1, -1, 1] }),
  define('unwatch', 1, QUICK, unwatch),
];
