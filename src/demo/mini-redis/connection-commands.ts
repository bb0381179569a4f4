import type { Reply } from '../../bytes/resp-encode.ts';
import { parseWhole, toWord } from './argument.ts';
import { type Call, type Command, define } from './command.ts';
import { DATABASES } from './keyspace.ts';
import { array, bulk, CommandError, integer, map, OK, simple } from './reply.ts';
import { VERSION } from './server-info.ts';

const NO_PASSWORD =
  'ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?';
const WRONG_PASSWORD = 'WRONGPASS invalid username-password pair or user is disabled.';
const BAD_NAME = 'ERR Client names cannot contain spaces, newlines or special characters.';

/** HELLO [2|3 [AUTH user password] [SETNAME name]]: there are no passwords here, so any is right for `default`. */
function hello({ server, client, args }: Call): Reply {
  if (args.length > 1) {
    const version = parseWhole(args[1], 'ERR Protocol version is not an integer or out of range');
    if (version !== 2 && version !== 3) throw new CommandError('NOPROTO unsupported protocol version');
    const name = readHelloOptions(args);
    if (name !== undefined) client.name = name;
    client.protocol = version;
  }
  return map([
    ['server', bulk('redis')],
    ['version', bulk(VERSION)],
    ['proto', integer(client.protocol)],
    ['id', integer(client.id)],
    ['mode', bulk(server.mode)],
    ['role', bulk('master')],
    ['modules', array([])],
  ]);
}

function readHelloOptions(args: readonly Buffer[]): string | undefined {
  let name: string | undefined;
  for (let at = 2; at < args.length; at++) {
    const left = args.length - at - 1;
    const word = toWord(args[at]);
    if (word === 'AUTH' && left >= 2) {
      if (toWord(args[at + 1]) !== 'DEFAULT') throw new CommandError(WRONG_PASSWORD);
      at += 2;
    } else if (word === 'SETNAME' && left >= 1) {
      name = checkName(args[++at]);
    } else {
      throw new CommandError(`ERR Syntax error in HELLO option '${args[at]?.toString('latin1') ?? ''}'`);
    }
  }
  return name;
}

/** A name that CLIENT SETNAME takes, as latin1. */
export function checkName(name: Buffer | undefined): string {
  const text = name?.toString('latin1') ?? '';
  if (/[^!-~]/.test(text)) throw new CommandError(BAD_NAME);
  return text;
}

function auth({ args }: Call): Reply {
  if (args.length > 3) throw new CommandError('ERR syntax error');
  if (args.length === 2) throw new CommandError(NO_PASSWORD);
  if (toWord(args[1]) !== 'DEFAULT') throw new CommandError(WRONG_PASSWORD);
  return OK;
}

/** A subscribed client of protocol 2 gets an array, since it cannot tell replies from messages otherwise. */
function ping({ client, args }: Call): Reply {
  if (args.length > 2) throw new CommandError("ERR wrong number of arguments for 'ping' command");
  const text = args[1];
  if (client.isSubscribed && client.protocol === 2) return array([bulk('pong'), bulk(text ?? '')]);
  return text === undefined ? simple('PONG') : bulk(text);
}

function select({ client, args }: Call): Reply {
  const db = parseWhole(args[1]);
  if (db < 0 || db >= DATABASES) throw new CommandError('ERR DB index is out of range');
  client.db = db;
  return OK;
}

function quit({ client }: Call): undefined {
  client.reply(OK);
  client.close();
}

function reset({ server, client }: Call): Reply {
  server.forget(client);
  client.transaction = undefined;
  client.isMonitor = false;
  client.protocol = 2;
  client.db = 0;
  client.name = '';
  client.replyMode = 'on';
  return simple('RESET');
}

const BEFORE_AUTH = 'noscript loading stale fast no_auth allow_busy';

export const connectionCommands: readonly Command[] = [
  define('hello', -1, BEFORE_AUTH, hello),
  define('auth', -2, BEFORE_AUTH, auth),
  define('ping', -1, 'fast', ping),
  define('echo', 2, 'loading stale fast', ({ args }) => bulk(args[1] ?? '')),
  define('select', 2, 'loading stale fast', select),
  define('quit', -1, BEFORE_AUTH, quit),
  define('reset', 1, BEFORE_AUTH, reset),
];
