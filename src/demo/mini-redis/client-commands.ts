import type { Reply } from '../../bytes/resp-encode.ts';
import { parseWhole, toWord } from './argument.ts';
import type { Client } from './client.ts';
import { type Call, type Command, define, defineContainer } from './command.ts';
import { checkName } from './connection-commands.ts';
import { bulk, CommandError, integer, NIL, OK, SYNTAX_ERROR } from './reply.ts';

const CLIENT_TYPES = ['NORMAL', 'PUBSUB', 'MASTER', 'REPLICA', 'SLAVE'];
const BAD_ID = 'ERR client-id should be greater than 0';

/** One line of CLIENT LIST. Source: catClientInfoString in src/networking.c, redis 7.0.15. */
function describe(client: Client): string {
  const now = Date.now();
  const { channel, pattern, shard } = client.subscriptions;
  const fields: readonly (readonly [string, string | number])[] = [
    ['id', client.id],
    ['addr', client.address],
    ['laddr', client.localAddress],
    ['fd', client.id + 7],
    ['name', client.name],
    ['age', Math.floor((now - client.connectedAt) / 1000)],
    ['idle', Math.floor((now - client.lastActiveAt) / 1000)],
    ['flags', flagsOf(client)],
    ['db', client.db],
    ['sub', channel.size],
    ['psub', pattern.size],
    ['ssub', shard.size],
    ['multi', client.transaction?.queue.length ?? -1],
    // Sizes of C structures that are not here.
    ...MEMORY_FIELDS.map((name) => [name, 0] as const),
    ['events', 'r'],
    ['cmd', client.lastCommand],
    ['user', 'default'],
    ['redir', -1],
    ['resp', client.protocol],
  ];
  return fields.map(([name, value]) => `${name}=${value}`).join(' ');
}

const MEMORY_FIELDS = [
  'qbuf',
  'qbuf-free',
  'argv-mem',
  'multi-mem',
  'rbs',
  'rbp',
  'obl',
  'oll',
  'omem',
  'tot-mem',
];

function flagsOf(client: Client): string {
  const flags = [
    client.isMonitor ? 'O' : '',
    client.isSubscribed ? 'P' : '',
    client.transaction === undefined ? '' : 'x',
    client.isBlocked ? 'b' : '',
    client.watchedKeyChanged ? 'd' : '',
  ];
  return flags.join('') || 'N';
}

function typeOf(client: Client): string {
  return client.isSubscribed ? 'PUBSUB' : 'NORMAL';
}

function checkType(argument: Buffer | undefined): string {
  const type = toWord(argument);
  if (!CLIENT_TYPES.includes(type)) {
    throw new CommandError(`ERR Unknown client type '${argument?.toString('latin1') ?? ''}'`);
  }
  return type;
}

function list({ server, args }: Call): Reply {
  const option = toWord(args[2]);
  let clients = [...server.clients];
  if (args.length === 4 && option === 'TYPE') {
    const type = checkType(args[3]);
    clients = clients.filter((client) => typeOf(client) === type);
  } else if (args.length > 3 && option === 'ID') {
    const ids = args.slice(3).map((id) => parseWhole(id, 'ERR Invalid client ID'));
    clients = clients.filter(({ id }) => ids.includes(id));
  } else if (args.length !== 2) throw new CommandError(SYNTAX_ERROR);
  return { type: 'verbatim', text: clients.map((client) => `${describe(client)}\n`).join('') };
}

function kill({ server, client, args }: Call): Reply {
  const isOld = args.length === 3;
  const wanted = isOld ? matchAddress(args[2]) : readKillFilter(args.slice(2), client);
  const victims = [...server.clients].filter(wanted);
  if (isOld && victims.length === 0) throw new CommandError('ERR No such client');
  const reply = isOld ? OK : integer(victims.length);
  if (victims.includes(client)) client.reply(reply);
  for (const victim of victims) victim.close();
  return reply;
}

type Wanted = (client: Client) => boolean;

function matchAddress(argument: Buffer | undefined): Wanted {
  return ({ address }) => address === argument?.toString('latin1');
}

function readKillFilter(words: readonly Buffer[], self: Client): Wanted {
  const filters: Wanted[] = [];
  let skipsSelf = true;
  if (words.length % 2 === 1) throw new CommandError(SYNTAX_ERROR);
  for (let at = 0; at < words.length; at += 2) {
    const value = words[at + 1];
    const text = value?.toString('latin1') ?? '';
    switch (toWord(words[at])) {
      case 'ID': {
        const wanted = parseWhole(value, BAD_ID);
        if (wanted < 1) throw new CommandError(BAD_ID);
        filters.push(({ id }) => id === wanted);
        break;
      }
      case 'TYPE': {
        const type = checkType(value);
        filters.push((client) => typeOf(client) === type);
        break;
      }
      case 'ADDR':
        filters.push(matchAddress(value));
        break;
      case 'LADDR':
        filters.push(({ localAddress }) => localAddress === text);
        break;
      case 'USER':
        if (text !== 'default') throw new CommandError(`ERR No such user '${text}'`);
        break;
      case 'SKIPME':
        if (!/^(yes|no)$/i.test(text)) throw new CommandError(SYNTAX_ERROR);
        skipsSelf = /^yes$/i.test(text);
        break;
      default:
        throw new CommandError(SYNTAX_ERROR);
    }
  }
  return (client) => !(skipsSelf && client === self) && filters.every((filter) => filter(client));
}

function reply({ client, args }: Call): Reply | undefined {
  const mode = toWord(args[2]);
  if (mode === 'ON') {
    client.replyMode = 'on';
    return OK;
  }
  if (mode !== 'OFF' && mode !== 'SKIP') throw new CommandError(SYNTAX_ERROR);
  if (mode === 'OFF') client.replyMode = 'off';
  else if (client.replyMode === 'on') client.replyMode = 'skip-next';
  return undefined;
}

function setName({ client, args }: Call): Reply {
  client.name = checkName(args[2]);
  return OK;
}

function unblock({ server, args }: Call): Reply {
  const id = parseWhole(args[2]);
  const blocked = [...server.clients].find((client) => client.id === id && client.isBlocked);
  if (blocked === undefined) return integer(0);
  server.endWait(blocked);
  return integer(1);
}

function acceptOnOff({ args }: Call): Reply {
  if (!/^(ON|OFF)$/.test(toWord(args[2]))) throw new CommandError(SYNTAX_ERROR);
  return OK;
}

const PLAIN = 'noscript loading stale';
const ADMIN = 'admin noscript loading stale';

export const clientCommands: readonly Command[] = [
  defineContainer('client', [
    define('client|id', 2, PLAIN, ({ client }) => integer(client.id)),
    define('client|info', 2, PLAIN, ({ client }) => ({ type: 'verbatim', text: `${describe(client)}\n` })),
    define('client|list', -2, ADMIN, list),
    define('client|kill', -3, ADMIN, kill),
    define('client|setname', 3, PLAIN, setName),
    define('client|getname', 2, PLAIN, ({ client }) => (client.name === '' ? NIL : bulk(client.name))),
    define('client|reply', 3, PLAIN, reply),
    define('client|no-evict', 3, ADMIN, acceptOnOff),
    define('client|getredir', 2, PLAIN, () => integer(-1)),
    define('client|tracking', -3, PLAIN, acceptOnOff),
    define('client|unblock', -3, ADMIN, unblock),
    define('client|unpause', 2, ADMIN, () => OK),
  ]),
];
