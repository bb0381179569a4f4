import type { Reply } from '../../bytes/resp-encode.ts';
import { parseWhole, toKey, toWord } from './argument.ts';
import { type Call, type Command, define } from './command.ts';
import { bulk, CommandError, NIL, OK, SYNTAX_ERROR } from './reply.ts';

const BAD_EXPIRY = "ERR invalid expire time in 'set' command";

interface SetOptions {
  condition?: 'NX' | 'XX';
  answersOld?: boolean;
  keepsTtl?: boolean;
  expiresAt?: number;
}

function set({ server, client, args }: Call): Reply {
  const [, keyBytes, value] = args;
  if (keyBytes === undefined || value === undefined) throw new CommandError(SYNTAX_ERROR);
  const key = toKey(keyBytes);
  const options = readSetOptions(args.slice(3));
  const old = server.keyspace.get(client.db, key);
  const oldValue = options.answersOld === true ? server.keyspace.getString(client.db, key) : undefined;
  const oldReply = oldValue === undefined ? NIL : bulk(oldValue);
  const isPrevented =
    (options.condition === 'NX' && old !== undefined) || (options.condition === 'XX' && old === undefined);
  if (isPrevented) return options.answersOld === true ? oldReply : NIL;
  const expiresAt = options.keepsTtl === true ? old?.expiresAt : options.expiresAt;
  // A copy: the argument is a view into a chunk of the socket, which would be kept with it.
  const entry = { type: 'string', bytes: Buffer.from(value) } as const;
  server.keyspace.set(client.db, key, expiresAt === undefined ? entry : { ...entry, expiresAt });
  return options.answersOld === true ? oldReply : OK;
}

function readSetOptions(words: readonly Buffer[]): SetOptions {
  const options: SetOptions = {};
  for (let at = 0; at < words.length; at++) {
    const word = toWord(words[at]);
    const isExpiryFree = options.expiresAt === undefined && options.keepsTtl === undefined;
    if ((word === 'NX' || word === 'XX') && (options.condition ?? word) === word) options.condition = word;
    else if (word === 'GET') options.answersOld = true;
    else if (word === 'KEEPTTL' && isExpiryFree) options.keepsTtl = true;
    else if (/^P?X(AT)?$|^EX(AT)?$/.test(word) && word !== 'XAT' && isExpiryFree && at + 1 < words.length) {
      options.expiresAt = readExpiry(word, words[++at]);
    } else throw new CommandError(SYNTAX_ERROR);
  }
  return options;
}

function readExpiry(word: string, argument: Buffer | undefined): number {
  const amount = parseWhole(argument);
  const milliseconds = word.startsWith('P') ? amount : amount * 1000;
  const expiresAt = word.endsWith('AT') ? milliseconds : milliseconds + Date.now();
  if (amount <= 0 || !Number.isSafeInteger(expiresAt)) throw new CommandError(BAD_EXPIRY);
  return expiresAt;
}

function get({ server, client, args }: Call): Reply {
  const value = server.keyspace.getString(client.db, toKey(args[1] ?? Buffer.alloc(0)));
  return value === undefined ? NIL : bulk(value);
}

function getAndDelete(call: Call): Reply {
  const reply = get(call);
  call.server.keyspace.delete(call.client.db, toKey(call.args[1] ?? Buffer.alloc(0)));
  return reply;
}

const ONE = { keys: [1, 1, 1] } as const;

export const stringCommands: readonly Command[] = [
  define('set', -3, 'write denyoom', set, ONE),
  define('get', 2, 'readonly fast', get, ONE),
  define('getdel', 2, 'write fast', getAndDelete, ONE),
];
