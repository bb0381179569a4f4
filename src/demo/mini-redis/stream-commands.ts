import type { Reply } from '../../bytes/resp-encode.ts';
import { parseWhole, toKey, toWord } from './argument.ts';
import { type Call, type Command, define, defineContainer, type Handler } from './command.ts';
import { array, bulk, CommandError, integer, map, NIL, NIL_ARRAY, SYNTAX_ERROR } from './reply.ts';
import { formatId, LAST_SEQUENCE, MAX_ID, parseId, Stream, type StreamId } from './stream.ts';
import { xread } from './stream-read.ts';
import { describeRecord } from './stream-record.ts';
import { readTrim, type Trim } from './stream-trim.ts';

const WRONG_ARITY = "ERR wrong number of arguments for 'xadd' command";

function keyOf(args: readonly Buffer[], at = 1): string {
  return toKey(args[at] ?? Buffer.alloc(0));
}

function xadd({ server, client, args }: Call): Reply {
  const key = keyOf(args);
  let at = 2;
  let creates = true;
  let trim: Trim | undefined;
  for (;;) {
    const word = toWord(args[at]);
    if (word === 'NOMKSTREAM') {
      creates = false;
      at++;
    } else if (word === 'MAXLEN' || word === 'MINID') {
      trim = readTrim(args, at);
      at = trim.end;
    } else break;
  }
  const wanted = args[at++]?.toString('latin1') ?? '';
  const isTimed = wanted === '*' || wanted.endsWith('-*');
  const explicit = isTimed ? undefined : parseId(wanted);
  const fields = args.slice(at);
  if (fields.length === 0 || fields.length % 2 === 1) throw new CommandError(WRONG_ARITY);
  const existing = server.keyspace.getStream(client.db, key);
  if (existing === undefined && !creates) return NIL;
  const stream = existing ?? new Stream();
  const id = explicit ?? stream.nextId(wanted as '*' | `${string}-*`);
  // Copies: the arguments are views into chunks of the socket, which would be kept with them.
  stream.add(
    id,
    fields.map((field) => Buffer.from(field)),
  );
  trim?.apply(stream);
  if (existing === undefined) server.keyspace.set(client.db, key, { type: 'stream', stream });
  else server.keyspace.touch(client.db, key);
  server.waiters.signal(client.db, key);
  return bulk(formatId(id));
}

function xtrim({ server, client, args }: Call): Reply {
  const trim = readTrim(args, 2);
  if (trim.end !== args.length) throw new CommandError(SYNTAX_ERROR);
  const stream = server.keyspace.getStream(client.db, keyOf(args));
  const dropped = stream === undefined ? 0 : trim.apply(stream);
  if (dropped > 0) server.keyspace.touch(client.db, keyOf(args));
  return integer(dropped);
}

/** XRANGE and XREVRANGE: the latter names its end first. */
function xrange(isBackwards: boolean): Handler {
  return ({ server, client, args }) => {
    const start = parseBound(args[isBackwards ? 3 : 2], 'start');
    const end = parseBound(args[isBackwards ? 2 : 3], 'end');
    let count: number | undefined;
    for (let at = 4; at < args.length; at += 2) {
      if (toWord(args[at]) !== 'COUNT' || at + 1 === args.length) throw new CommandError(SYNTAX_ERROR);
      count = Math.max(0, parseWhole(args[at + 1]));
    }
    const stream = server.keyspace.getStream(client.db, keyOf(args));
    if (stream === undefined) return array([]);
    if (count === 0) return NIL_ARRAY;
    const records = isBackwards ? stream.rangeBackwards(start, end, count) : stream.range(start, end, count);
    return array(records.map(describeRecord));
  };
}

function parseBound(argument: Buffer | undefined, side: 'start' | 'end'): StreamId {
  const text = argument?.toString('latin1') ?? '';
  if (text === '-') return 0n;
  if (text === '+') return MAX_ID;
  const isExclusive = text.startsWith('(');
  const id = parseId(isExclusive ? text.slice(1) : text, side === 'start' ? 0n : LAST_SEQUENCE);
  if (!isExclusive) return id;
  if (id === (side === 'start' ? MAX_ID : 0n)) {
    throw new CommandError(`ERR invalid ${side} ID for the interval`);
  }
  return side === 'start' ? id + 1n : id - 1n;
}

function xdel({ server, client, args }: Call): Reply {
  const ids = args.slice(2).map((id) => parseId(id.toString('latin1')));
  const deleted = server.keyspace.getStream(client.db, keyOf(args))?.delete(ids) ?? 0;
  if (deleted > 0) server.keyspace.touch(client.db, keyOf(args));
  return integer(deleted);
}

function xlen({ server, client, args }: Call): Reply {
  return integer(server.keyspace.getStream(client.db, keyOf(args))?.length ?? 0);
}

function existingStream({ server, client, args }: Call): Stream {
  const stream = server.keyspace.getStream(client.db, keyOf(args, 2));
  if (stream === undefined) throw new CommandError('ERR no such key');
  return stream;
}

function xinfoStream(call: Call): Reply {
  const full = call.args.length > 3;
  if (full && toWord(call.args[3]) !== 'FULL') throw new CommandError(SYNTAX_ERROR);
  const stream = existingStream(call);
  const { first, last } = stream;
  const head: readonly (readonly [string, Reply])[] = [
    ['length', integer(stream.length)],
    ['radix-tree-keys', integer(stream.nodes)],
    ['radix-tree-nodes', integer(stream.nodes + 1)],
    ['last-generated-id', bulk(formatId(stream.lastId))],
    ['max-deleted-entry-id', bulk(formatId(stream.maxDeletedId))],
    ['entries-added', integer(stream.entriesAdded)],
    ['recorded-first-entry-id', bulk(formatId(first?.id ?? 0n))],
  ];
  if (full) {
    const records = stream.range(0n, MAX_ID, 10).map(describeRecord);
    return map([...head, ['entries', array(records)], ['groups', array([])]]);
  }
  return map([
    ...head,
    ['groups', integer(0)],
    ['first-entry', first === undefined ? NIL : describeRecord(first)],
    ['last-entry', last === undefined ? NIL : describeRecord(last)],
  ]);
}

function xinfoGroups(call: Call): Reply {
  existingStream(call);
  return array([]);
}

const ONE = { keys: [1, 1, 1] } as const;
const SECOND = { keys: [2, 2, 1] } as const;

export const streamCommands: readonly Command[] = [
  define('xadd', -5, 'write denyoom fast', xadd, ONE),
  define('xread', -4, 'readonly blocking movablekeys', xread),
  define('xrange', -4, 'readonly', xrange(false), ONE),
  define('xrevrange', -4, 'readonly', xrange(true), ONE),
  define('xlen', 2, 'readonly fast', xlen, ONE),
  define('xdel', -3, 'write fast', xdel, ONE),
  define('xtrim', -4, 'write', xtrim, ONE),
  defineContainer('xinfo', [
    define('xinfo|stream', -3, 'readonly', xinfoStream, SECOND),
    define('xinfo|groups', 3, 'readonly', xinfoGroups, SECOND),
  ]),
];
