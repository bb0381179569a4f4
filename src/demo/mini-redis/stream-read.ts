import type { Reply } from '../../bytes/resp-encode.ts';
import { fromKey, parseWhole, toKey, toWord } from './argument.ts';
import type { Call } from './command.ts';
import { array, bulk, CommandError, NIL_ARRAY, SYNTAX_ERROR } from './reply.ts';
import type { MiniServer } from './server.ts';
import { MAX_ID, parseId, type StreamId } from './stream.ts';
import { describeRecord } from './stream-record.ts';

interface Wish {
  readonly count: number;
  /** Milliseconds, 0 for ever; absent: do not wait. */
  readonly blockMs: number | undefined;
  readonly after: ReadonlyMap<string, StreamId>;
}

/** XREAD [COUNT n] [BLOCK ms] STREAMS key… id…: entries after each id, or a wait for the first ones. */
export function xread(call: Call): Reply | undefined {
  const { server, client } = call;
  const { count, blockMs, after } = readWish(call);
  const found = readStreams(server, client.db, after, count);
  if (found !== undefined) return client.protocol === 3 ? found.asMap : found.asArray;
  // Inside EXEC nothing can wait.
  if (blockMs === undefined || client.isInExec) return NIL_ARRAY;
  const timer =
    blockMs === 0
      ? undefined
      : setTimeout(() => {
          server.endWait(client);
        }, blockMs);
  server.waiters.add({ client, db: client.db, after, count, timer });
  return undefined;
}

/** Answers those who wait for streams that got entries. Each gets the one stream that woke it. */
export function serveWaiters(server: MiniServer): void {
  for (const { key, waiter } of server.waiters.takeReady()) {
    const { client, db, after, count } = waiter;
    const found = readStreams(server, db, new Map([[key, after.get(key) ?? 0n]]), count);
    if (found === undefined) continue;
    server.waiters.remove(client);
    client.reply(client.protocol === 3 ? found.asMap : found.asArray);
    server.resume(client);
  }
}

function readWish({ server, client, args }: Call): Wish {
  let count = Number.POSITIVE_INFINITY;
  let blockMs: number | undefined;
  let at = 1;
  for (; toWord(args[at]) !== 'STREAMS'; at += 2) {
    const word = toWord(args[at]);
    if (word === 'GROUP' && args.length - at > 2) {
      throw new CommandError(
        'ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.',
      );
    }
    if (at + 1 >= args.length) throw new CommandError(SYNTAX_ERROR);
    if (word === 'COUNT') count = Math.max(0, parseWhole(args[at + 1])) || Number.POSITIVE_INFINITY;
    else if (word === 'BLOCK') {
      blockMs = parseWhole(args[at + 1], 'ERR timeout is not an integer or out of range');
      if (blockMs < 0) throw new CommandError('ERR timeout is negative');
    } else throw new CommandError(SYNTAX_ERROR);
  }
  const words = args.slice(at + 1);
  if (words.length === 0) throw new CommandError(SYNTAX_ERROR);
  if (words.length % 2 === 1) {
    throw new CommandError(
      "ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.",
    );
  }
  const keys = words.slice(0, words.length / 2).map(toKey);
  const ids = words.slice(words.length / 2).map((id) => id.toString('latin1'));
  const after = keys.map((key, index) => {
    const last = server.keyspace.getStream(client.db, key)?.lastId ?? 0n;
    return [key, parseAfter(ids[index] ?? '', last)] as const;
  });
  return { count, blockMs, after: new Map(after) };
}

function parseAfter(id: string, last: StreamId): StreamId {
  if (id === '$') return last;
  if (id === '>') {
    throw new CommandError(
      'ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.',
    );
  }
  return parseId(id);
}

/** RESP3 tells a map of streams; in RESP2 it is an array of pairs, not a flat one. */
function readStreams(
  server: MiniServer,
  db: number,
  after: ReadonlyMap<string, StreamId>,
  count: number,
): { readonly asMap: Reply; readonly asArray: Reply } | undefined {
  const found: (readonly [Reply, Reply])[] = [];
  for (const [key, id] of after) {
    const records = server.keyspace.getStream(db, key)?.range(id + 1n, MAX_ID, count) ?? [];
    if (records.length > 0) found.push([bulk(fromKey(key)), array(records.map(describeRecord))]);
  }
  if (found.length === 0) return undefined;
  return { asMap: { type: 'map', entries: found }, asArray: array(found.map(array)) };
}
