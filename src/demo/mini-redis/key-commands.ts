import type { Reply } from '../../bytes/resp-encode.ts';
import { fromKey, parseWhole, toKey, toWord } from './argument.ts';
import { type Call, type Command, define, type Handler } from './command.ts';
import { matchesGlob } from './glob.ts';
import { array, bulk, CommandError, integer, SYNTAX_ERROR, simple } from './reply.ts';

function remove({ server, client, args }: Call): Reply {
  const keys = args.slice(1).map(toKey);
  return integer(
    keys.filter((key) => server.keyspace.get(client.db, key) && server.keyspace.delete(client.db, key))
      .length,
  );
}

function exists({ server, client, args }: Call): Reply {
  return integer(
    args.slice(1).filter((key) => server.keyspace.get(client.db, toKey(key)) !== undefined).length,
  );
}

function type({ server, client, args }: Call): Reply {
  return simple(server.keyspace.get(client.db, readKey(args))?.type ?? 'none');
}

function readKey(args: readonly Buffer[]): string {
  return toKey(args[1] ?? Buffer.alloc(0));
}

/** EXPIRE and PEXPIRE: `unit` is milliseconds per unit of the argument. */
function expire(unit: number): Handler {
  return ({ server, client, args }) => {
    const key = readKey(args);
    const options = args.slice(3).map((option) => checkExpireOption(option));
    const expiresAt = Date.now() + parseWhole(args[2]) * unit;
    if (!Number.isSafeInteger(expiresAt)) {
      throw new CommandError(`ERR invalid expire time in '${toWord(args[0]).toLowerCase()}' command`);
    }
    const entry = server.keyspace.get(client.db, key);
    if (entry === undefined || !options.every((option) => allowsExpire(option, entry.expiresAt, expiresAt))) {
      return integer(0);
    }
    if (expiresAt <= Date.now()) server.keyspace.delete(client.db, key);
    else server.keyspace.set(client.db, key, { ...entry, expiresAt });
    return integer(1);
  };
}

function checkExpireOption(option: Buffer): string {
  const word = toWord(option);
  if (!['NX', 'XX', 'GT', 'LT'].includes(word)) {
    throw new CommandError(`ERR Unsupported option ${option.toString('latin1')}`);
  }
  return word;
}

/** A key that never expires counts as one that expires after any other. */
function allowsExpire(option: string, old: number | undefined, wanted: number): boolean {
  if (option === 'NX') return old === undefined;
  if (option === 'XX') return old !== undefined;
  return option === 'GT' ? old !== undefined && wanted > old : old === undefined || wanted < old;
}

/** TTL and PTTL: -2 without a key, -1 without an expiry. */
function timeToLive(unit: number): Handler {
  return ({ server, client, args }) => {
    const entry = server.keyspace.get(client.db, readKey(args));
    if (entry === undefined) return integer(-2);
    if (entry.expiresAt === undefined) return integer(-1);
    return integer(Math.round((entry.expiresAt - Date.now()) / unit));
  };
}

function keys({ server, client, args }: Call): Reply {
  const pattern = args[1] ?? Buffer.alloc(0);
  const all = server.keyspace.keys(client.db).map(fromKey);
  return array(all.filter((key) => matchesGlob(pattern, key)).map(bulk));
}

/** SCAN: everything at once, with cursor 0; COUNT is no more than a hint. */
function scan({ server, client, args }: Call): Reply {
  if (!/^\d{1,20}$/.test(args[1]?.toString('latin1') ?? '')) throw new CommandError('ERR invalid cursor');
  let found = server.keyspace.keys(client.db);
  for (let at = 2; at < args.length; at += 2) {
    const word = toWord(args[at]);
    const value = args[at + 1];
    if (value === undefined) throw new CommandError(SYNTAX_ERROR);
    if (word === 'MATCH') found = found.filter((key) => matchesGlob(value, fromKey(key)));
    else if (word === 'TYPE') {
      const wanted = toWord(value).toLowerCase();
      found = found.filter((key) => server.keyspace.get(client.db, key)?.type === wanted);
    } else if (word !== 'COUNT' || parseWhole(value) < 1) throw new CommandError(SYNTAX_ERROR);
  }
  return array([bulk('0'), array(found.map((key) => bulk(fromKey(key))))]);
}

const ONE = { keys: [1, 1, 1] } as const;
const MANY = { keys: [1, -1, 1] } as const;

export const keyCommands: readonly Command[] = [
  define('del', -2, 'write', remove, MANY),
  define('unlink', -2, 'write fast', remove, MANY),
  define('exists', -2, 'readonly fast', exists, MANY),
  define('type', 2, 'readonly fast', type, ONE),
  define('expire', -3, 'write fast', expire(1000), ONE),
  define('pexpire', -3, 'write fast', expire(1), ONE),
  define('ttl', 2, 'readonly fast', timeToLive(1000), ONE),
  define('pttl', 2, 'readonly fast', timeToLive(1), ONE),
  define('keys', 2, 'readonly', keys),
  define('scan', -2, 'readonly', scan),
];
