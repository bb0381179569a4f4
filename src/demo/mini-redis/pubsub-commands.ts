import type { Reply } from '../../bytes/resp-encode.ts';
import { fromKey, toKey } from './argument.ts';
import type { Client } from './client.ts';
import { type Call, type Command, define, defineContainer, type Handler } from './command.ts';
import { matchesGlob } from './glob.ts';
import type { Subscription } from './hub.ts';
import { array, bulk, CommandError, integer, NIL } from './reply.ts';

const PREFIX = { channel: '', pattern: 'p', shard: 's' } as const;

/** Messages of shard channels are counted apart. */
function countOf(client: Client, kind: Subscription): number {
  return kind === 'shard' ? client.subscriptions.shard.size : client.channelCount;
}

function confirm(client: Client, kind: Subscription, verb: string, name: string | undefined): void {
  const items = [
    bulk(PREFIX[kind] + verb),
    name === undefined ? NIL : bulk(fromKey(name)),
    integer(countOf(client, kind)),
  ];
  client.reply({ type: 'push', items });
}

/** One confirmation per channel, repeated ones included. */
function subscribe(kind: Subscription): Handler {
  return ({ server, client, args }) => {
    for (const name of args.slice(1).map(toKey)) {
      server.hub.subscribe(kind, client, name);
      confirm(client, kind, 'subscribe', name);
    }
    return undefined;
  };
}

/** Without names: everything of that kind; one confirmation without a name when there was nothing. */
function unsubscribe(kind: Subscription): Handler {
  return ({ server, client, args }) => {
    const names = args.length > 1 ? args.slice(1).map(toKey) : [...client.subscriptions[kind]];
    for (const name of names) {
      server.hub.unsubscribe(kind, client, name);
      confirm(client, kind, 'unsubscribe', name);
    }
    if (names.length === 0) confirm(client, kind, 'unsubscribe', undefined);
    return undefined;
  };
}

function publish({ server, args }: Call): Reply {
  const [, channel, message] = args;
  if (channel === undefined || message === undefined) return integer(0);
  return integer(server.hub.publish(channel, message));
}

function publishToShard({ server, args }: Call): Reply {
  const [, channel, message] = args;
  if (channel === undefined || message === undefined) return integer(0);
  return integer(server.hub.publishToShard(channel, message));
}

function listChannels(kind: Subscription): Handler {
  return ({ server, args }) => {
    if (args.length > 3) {
      const name = args[1]?.toString('latin1') ?? '';
      throw new CommandError(
        `ERR unknown subcommand or wrong number of arguments for '${name}'. Try PUBSUB HELP.`,
      );
    }
    const names = server.hub.names(kind).map(fromKey);
    const pattern = args[2];
    const wanted = pattern === undefined ? names : names.filter((name) => matchesGlob(pattern, name));
    return array(wanted.map(bulk));
  };
}

function countListeners(kind: Subscription): Handler {
  return ({ server, args }) =>
    array(args.slice(2).flatMap((name) => [bulk(name), integer(server.hub.count(kind, toKey(name)))]));
}

const LISTEN = 'pubsub noscript loading stale';
const ASK = 'pubsub loading stale';
const SHARD_KEYS = { keys: [1, -1, 1] } as const;

export const pubsubCommands: readonly Command[] = [
  define('subscribe', -2, LISTEN, subscribe('channel')),
  define('psubscribe', -2, LISTEN, subscribe('pattern')),
  define('ssubscribe', -2, LISTEN, subscribe('shard'), SHARD_KEYS),
  define('unsubscribe', -1, LISTEN, unsubscribe('channel')),
  define('punsubscribe', -1, LISTEN, unsubscribe('pattern')),
  define('sunsubscribe', -1, LISTEN, unsubscribe('shard'), SHARD_KEYS),
  define('publish', 3, `${ASK} fast`, publish),
  define('spublish', 3, `${ASK} fast`, publishToShard, { keys: [1, 1, 1] }),
  defineContainer('pubsub', [
    define('pubsub|channels', -2, ASK, listChannels('channel')),
    define('pubsub|numsub', -2, ASK, countListeners('channel')),
    define('pubsub|numpat', 2, ASK, ({ server }) => integer(server.hub.names('pattern').length)),
    define('pubsub|shardchannels', -2, ASK, listChannels('shard')),
    define('pubsub|shardnumsub', -2, ASK, countListeners('shard')),
  ]),
];
