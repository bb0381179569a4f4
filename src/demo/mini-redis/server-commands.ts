import type { Reply } from '../../bytes/resp-encode.ts';
import { toWord } from './argument.ts';
import { type Call, type Command, define, defineContainer } from './command.ts';
import { matchesGlob } from './glob.ts';
import { DATABASES } from './keyspace.ts';
import { array, bulk, CommandError, integer, map, NIL, OK, SYNTAX_ERROR, simple } from './reply.ts';
import { formatInfo, listSettings } from './server-info.ts';

function info({ server, args }: Call): Reply {
  const sections = args.slice(1).map((name) => name.toString('latin1').toLowerCase());
  return { type: 'verbatim', text: formatInfo(server, sections) };
}

function configGet({ server, args }: Call): Reply {
  const patterns = args
    .slice(2)
    .map((pattern) => Buffer.from(pattern.toString('latin1').toLowerCase(), 'latin1'));
  const wanted = listSettings(server).filter(([name]) =>
    patterns.some((pattern) => matchesGlob(pattern, Buffer.from(name))),
  );
  return map(wanted.map(([name, value]) => [name, bulk(value)]));
}

/** One command as COMMAND INFO tells it; ACL categories, tips and key specifications are left empty. */
function describe(command: Command): Reply {
  const { name, arity, flags, keys, subcommands } = command;
  return array([
    bulk(name),
    integer(arity),
    { type: 'set', items: flags.map(simple) },
    ...keys.map(integer),
    { type: 'set', items: [] },
    array([]),
    array([]),
    array([...(subcommands?.values() ?? [])].map(describe)),
  ]);
}

function commandInfo({ server, args }: Call): Reply {
  const names = args.slice(2).map((name) => name.toString('latin1').toLowerCase());
  if (names.length === 0) return array([...server.commands.values()].map(describe));
  return array(
    names.map((name) => {
      const command = server.commands.get(name);
      return command === undefined ? NIL : describe(command);
    }),
  );
}

/** Real Redis ships a manual; here are names, so that redis-cli knows what there is. */
function commandDocs({ server, args }: Call): Reply {
  const names = args.slice(2).map((name) => name.toString('latin1').toLowerCase());
  const known = (names.length === 0 ? [...server.commands.keys()] : names).filter((name) =>
    server.commands.has(name),
  );
  const docs = map([
    ['summary', bulk('See the manual of Redis 7.0.')],
    ['since', bulk('1.0.0')],
    ['group', bulk('generic')],
  ]);
  return map(known.map((name) => [name, docs]));
}

function monitor({ client }: Call): Reply | undefined {
  if (client.isInExec) throw new CommandError("ERR MONITOR isn't allowed for DENY BLOCKING client");
  if (client.isMonitor) return undefined;
  client.isMonitor = true;
  return OK;
}

function time({ server }: Call): Reply {
  const now = server.now();
  return array([bulk(String(Math.floor(now / 1e6))), bulk(String(now % 1e6))]);
}

function checkFlushOptions(args: readonly Buffer[]): void {
  if (args.length > 2 || (args.length === 2 && !/^(A?SYNC)$/.test(toWord(args[1])))) {
    throw new CommandError(SYNTAX_ERROR);
  }
}

function flushAll({ server, args }: Call): Reply {
  checkFlushOptions(args);
  for (let db = 0; db < DATABASES; db++) server.keyspace.flush(db);
  return OK;
}

function flushDatabase({ server, client, args }: Call): Reply {
  checkFlushOptions(args);
  server.keyspace.flush(client.db);
  return OK;
}

function refuseCluster(): never {
  throw new CommandError('ERR This instance has cluster support disabled');
}

const PLAIN = 'loading stale';
const CLUSTER_SUBCOMMANDS = ['info', 'myid', 'nodes', 'shards', 'slots'];

export const serverCommands: readonly Command[] = [
  define('info', -1, PLAIN, info),
  defineContainer('config', [define('config|get', -3, 'admin noscript loading stale', configGet)]),
  {
    ...defineContainer('command', [
      define('command|count', 2, PLAIN, ({ server }) => integer(server.commands.size)),
      define('command|docs', -2, PLAIN, commandDocs),
      define('command|info', -2, PLAIN, commandInfo),
      define('command|list', -2, PLAIN, ({ server }) => array([...server.commands.keys()].map(bulk))),
    ]),
    arity: -1,
    flags: ['loading', 'stale'],
    run: ({ server }) => array([...server.commands.values()].map(describe)),
  },
  define('monitor', 1, 'admin noscript loading stale', monitor),
  define('time', 1, 'loading stale fast', time),
  define('dbsize', 1, 'readonly fast', ({ server, client }) =>
    integer(server.keyspace.keys(client.db).length),
  ),
  define('flushall', -1, 'write', flushAll),
  define('flushdb', -1, 'write', flushDatabase),
  define('role', 1, 'noscript loading stale fast', () => array([bulk('master'), integer(0), array([])])),
  defineContainer('acl', [define('acl|whoami', 2, 'noscript loading stale', () => bulk('default'))]),
  defineContainer(
    'cluster',
    CLUSTER_SUBCOMMANDS.map((name) => define(`cluster|${name}`, 2, 'stale', refuseCluster)),
  ),
];
