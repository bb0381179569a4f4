import type { ServerGroup } from '../../redis/registry.ts';
import { hostOf, isClassicEar, isPlain, type SeenClient } from '../connections.ts';
import { describePlace, type Evidence, lastingGroups, type Look } from '../evidence.ts';
import type { Diagnosis, Rule } from '../rule.ts';
import { nameConnection, plural } from '../words.ts';

/** How ioredis names what a Cluster client subscribes with (5 and 6: built/cluster/util.js; 4: "ioredisClusterSubscriber"). */
const CLUSTER_CLIENT = /^ioredis-?cluster/i;

/** On a Redis Cluster, servers with a client for a single Redis know only those of their own node. */
export const loneNodes: Rule = {
  name: 'lone-nodes',
  severity: 'breaks',
  needs: 'static',
  isAboutServers: true,
  summary: 'Servers use a client for a single Redis on a cluster: each counts those of its own node only.',
  fault: 'lone-nodes',
  check: ({ looks }: Evidence): readonly Diagnosis[] => {
    if (looks.length < 2 || looks.some(({ facts }) => facts.mode !== 'cluster')) return [];
    // Who is subscribed at a node that cannot be asked is not missing.
    if (looks.some(({ unreached }) => unreached.length > 0)) return [];
    return [...findLone(looks), ...findMoved(looks)];
  },
  lacks: ({ looks }: Evidence): string | undefined => {
    const [look] = looks;
    if (look?.facts.mode !== 'cluster') return undefined;
    if (look.unreached.length > 0) return 'needs all nodes of the cluster';
    return look.clients === undefined ? 'needs CLIENT LIST' : undefined;
  },
};

/** Classic: servers on several nodes, whose hosts have too few connections to ask all nodes. */
function findLone(looks: readonly Look[]): readonly Diagnosis[] {
  const [look] = looks.slice(-1);
  const [group] = look?.groups.filter(({ adapter }) => adapter === 'redis') ?? [];
  if (look === undefined || group === undefined) return [];
  const ears = (look.clients ?? []).filter(isClassicEar);
  const nodes = [...new Set(ears.map(({ node }) => node))].sort();
  const lone = ears.filter((ear) => looks.every((other) => isLone(ear, other)));
  if (nodes.length < 2 || lone.length === 0) return [];
  const counts = nodes.map((node) => `${ears.filter((ear) => ear.node === node).length} on ${node}`);
  return [
    {
      where: describePlace(group),
      sentence: `${plural(lone.length, 'server')} ${lone.length === 1 ? 'uses' : 'use'} a client for a single Redis, and there are ${nodes.length} nodes: ${lone.length === 1 ? 'it knows' : 'each knows'} the servers of its own node only.`,
      seen: [
        `${plural(ears.length, 'server')} in all: ${counts.join(', ')}.`,
        'Their hosts have fewer connections to some primary than servers; a cluster client has one to each, to ask there who is subscribed.',
      ],
      culprits: lone.map((ear) => {
        const culprit = nameConnection(ear);
        return { ...culprit, about: `at ${ear.node}, ${culprit.about ?? ''}` };
      }),
      symptom:
        'no error: fetchSockets(), serverSideEmit() with acknowledgement and serverCount() know only a part of the servers',
      next: [
        'Give the adapter a cluster client: new Cluster(nodes) of ioredis, or createCluster() of redis; one for pub, its duplicate() for sub.',
      ],
      sure: 'likely',
    },
  ];
}

/** Its host has fewer publishers at some primary than it has servers: not all of them can have a connection there. */
function isLone(ear: SeenClient, { clients, nodes }: Look): boolean {
  if (CLUSTER_CLIENT.test(ear.name) || clients === undefined) return false;
  const neighbours = clients.filter((client) => hostOf(client) === hostOf(ear));
  const servers = neighbours.filter(isClassicEar).length;
  const publishers = neighbours.filter(isPlain);
  return nodes
    .filter(({ role }) => role === 'primary')
    .some(({ node }) => publishers.filter((client) => client.node === node).length < servers);
}

/** Sharded: the channel of all servers is on one node, and those who were sent there did not go. */
function findMoved(looks: readonly Look[]): readonly Diagnosis[] {
  const lasting = lastingGroups(looks, (group) => isCut(group));
  return lasting.map(([group]): Diagnosis => {
    const cut = group.uids.length - group.counted;
    return {
      where: describePlace(group),
      sentence: `${plural(cut, 'server')} ${cut === 1 ? 'is' : 'are'} subscribed to ${cut === 1 ? 'a channel of its' : 'channels of their'} own, but not to that of all: ${cut === 1 ? 'its' : 'their'} client does not go where the cluster sends it.`,
      seen: [
        `${plural(group.uids.length, 'uid')} have a channel, and ${plural(group.counted, 'subscriber')} ${group.counted === 1 ? 'hears' : 'hear'} ${group.key}#${group.nsp}#, ${looks.length} times in a row.`,
      ],
      culprits: group.uids.map((value) => ({
        is: 'uid',
        value,
        ...(group.counted === 0
          ? {}
          : { about: `one of ${group.uids.length}, of which ${group.counted} hear` }),
      })),
      symptom: 'ReplyError: MOVED 13868 10.0.0.5:6379, or "Too many Cluster redirections"',
      next: [
        'Give the sharded adapter a cluster client: new Cluster(nodes, { shardedSubscribers: true }) of ioredis, or createCluster() of redis.',
      ],
      sure: 'sure',
    };
  });
}

function isCut({ adapter, uids, counted }: ServerGroup): boolean {
  return adapter === 'redis-sharded' && uids.length > counted;
}
