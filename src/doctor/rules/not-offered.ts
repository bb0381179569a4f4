import { isClassicEar, isSameConnection, isSubscribed, type SeenClient } from '../connections.ts';
import type { Evidence, Look } from '../evidence.ts';
import type { Diagnosis, Rule } from '../rule.ts';
import { listNames, nameConnection, plural } from '../words.ts';

/** A connection that has said nothing yet looks like one whose last command is unknown. */
const LEAST_AGE_SECONDS = 1;
/** What connections of no other adapter say last (@socket.io/redis-adapter 8.3, lib/sharded-adapter.ts). */
const SHARDED_ONLY = /^(?:spublish|pubsub\|shardnumsub)$/;

/** An adapter needs commands that this Redis does not have. */
export const notOffered: Rule = {
  name: 'not-offered',
  severity: 'breaks',
  needs: 'static',
  summary:
    'This Redis does not have the commands that an adapter needs: it is too old, or the provider took them out.',
  fault: 'not-offered',
  check: ({ looks }: Evidence): readonly Diagnosis[] => {
    const look = looks.at(-1);
    if (look === undefined || looks.length < 2) return [];
    return [...judgeSharded(look, looks), ...judgeCounting(look)];
  },
  lacks: ({ looks }: Evidence): string | undefined => {
    const look = looks.at(-1);
    const isMissing = look !== undefined && look.unknownCommands.length > 0;
    return isMissing && look.clients === undefined ? 'needs CLIENT LIST' : undefined;
  },
};

/** SSUBSCRIBE and SPUBLISH exist since Redis 7.0. */
function judgeSharded(look: Look, looks: readonly Look[]): readonly Diagnosis[] {
  const missing = look.unknownCommands.filter((name) => name !== 'pubsub').map(upper);
  if (missing.length === 0) return [];
  const users = findLasting(looks, ({ lastCommand }) => SHARDED_ONLY.test(lastCommand));
  // Whoever else is served here may ask for other things that this Redis does not know.
  const isUnused = looks.every(({ groups }) => groups.length === 0);
  const stuck = users.length > 0 || (isUnused && knowsGreetings(look)) ? findLasting(looks, isStuck) : [];
  if (users.length + stuck.length === 0) return [];
  const are = missing.length === 1 ? 'is' : 'are';
  return [
    {
      sentence: `Servers with the sharded adapter run on ${describeRedis(look)}, which has no ${listNames(missing)}: they hear nothing.`,
      seen: [
        `COMMAND INFO: ${listNames(missing)} ${are} unknown.`,
        ...(users.length === 0
          ? []
          : [
              `${plural(users.length, 'connection')} last said what only the sharded adapter says: ${listNames([...new Set(users.map(({ lastCommand }) => upper(lastCommand)))])}.`,
            ]),
        ...(stuck.length === 0
          ? []
          : [
              `${plural(stuck.length, 'connection')} last asked for a command that is unknown here, and ${stuck.length === 1 ? 'is' : 'are'} subscribed to nothing.`,
            ]),
      ],
      culprits: [...users, ...stuck].map(nameConnection),
      symptom: `ReplyError: ERR unknown command '${(missing[0] ?? '').toLowerCase()}'; where nobody catches it, the process ends`,
      next: [
        'Use createAdapter() instead of createShardedAdapter(): the classic adapter works here, and so does the streams adapter (without useShardedPubSub).',
        'Or move to Redis 7.0 or later, where the provider offers sharded pub/sub. To see for yourself: redis-cli COMMAND INFO ssubscribe spublish',
      ],
      sure: users.length > 0 ? 'sure' : 'likely',
    },
  ];
}

/** Servers count each other by PUBSUB. */
function judgeCounting(look: Look): readonly Diagnosis[] {
  const servers = (look.clients ?? []).filter(isClassicEar);
  if (!look.unknownCommands.includes('pubsub') || servers.length === 0) return [];
  return [
    {
      sentence: `${plural(servers.length, 'server')} cannot count each other: ${describeRedis(look)} has no PUBSUB.`,
      seen: ['COMMAND INFO: PUBSUB is unknown, and adapters ask PUBSUB NUMSUB before every request.'],
      culprits: servers.map(nameConnection),
      symptom:
        "ReplyError: ERR unknown command 'PUBSUB', from fetchSockets() and serverSideEmit() with acknowledgement",
      next: [
        'Broadcasts work here, requests do not: use a Redis that offers PUBSUB, or an adapter that does not need it (@socket.io/redis-streams-adapter 0.2).',
      ],
      sure: 'sure',
    },
  ];
}

/** The same connections each time. */
function findLasting(
  looks: readonly Look[],
  isMeant: (client: SeenClient) => boolean,
): readonly SeenClient[] {
  const [first, ...later] = looks;
  return (first?.clients ?? []).filter(
    (client) =>
      isMeant(client) &&
      later.every(({ clients }) =>
        clients?.some((other) => isSameConnection(other, client) && isMeant(other)),
      ),
  );
}

/** Redis 7.0 does not know the CLIENT SETINFO with which clients introduce themselves; before, and since, it is no unknown command. */
function knowsGreetings({ facts: { version = '' } }: Look): boolean {
  return !version.startsWith('7.0.');
}

function isStuck(client: SeenClient): boolean {
  return client.lastCommand === 'NULL' && client.ageSeconds >= LEAST_AGE_SECONDS && !isSubscribed(client);
}

function describeRedis({ facts: { product, version } }: Look): string {
  return version === undefined ? `this ${product}` : `${product} ${version}`;
}

function upper(command: string): string {
  return command.replace('|', ' ').toUpperCase();
}
