import { readClientList } from '../redis/client-list.ts';
import type { RedisLink } from '../redis/connect.ts';
import { isOurAddress } from '../redis/our-addresses.ts';
import { type Answer, listOf, readInfo, textOf } from '../redis/questions.ts';
import { Asker, listAllServers, type Registry, readFacts, type ServerGroup } from '../redis/registry.ts';
import { lookAtStreams } from './look-at-streams.ts';
import type { SeenClient } from './connections.ts';
import type { Denial, Look, NodeFacts } from './evidence.ts';
import type { Glance } from './taps/attendance.ts';

/** A server that comes or goes while channels are listed and counted: asked again, this often at most. */
const MAX_TRIES = 3;

/** All nodes of a deployment: one, or those of a cluster. */
export type Links = readonly [RedisLink, ...RedisLink[]];

/** What adapters cannot do without (@socket.io/redis-adapter 8.3), and not every Redis offers. */
const COMMANDS = ['pubsub', 'ssubscribe', 'spublish'];
/** Redis 7.2, src/server.c, INFO stats. */
const DROPPED = 'client_output_buffer_limit_disconnections';

/**
 * Asks Redis everything that rules look at: some fifteen commands to each node, however many servers there are; a few
 * more where there are streams. `streams`: names that are known from elsewhere.
 */
export async function takeLook(
  links: Links,
  streams: readonly string[] = [],
): Promise<Omit<Look, 'unreached'>> {
  const from = Date.now() * 1000;
  const registry = await listSteady(links);
  const [first, ...more] = await Promise.all(links.map(askNode));
  if (first === undefined) throw new TypeError('A look needs a node.');
  const all = [first, ...more];
  const names = registry.groups.flatMap(({ adapter, key }) => (adapter === 'redis-streams' ? [key] : []));
  const clients = all.flatMap((node) => node.clients ?? []);
  const { facts, pubsubLimit, idleTimeoutSeconds, unknownCommands } = first;
  return {
    from,
    to: Date.now() * 1000,
    facts,
    nodes: all.map(({ own }) => own),
    groups: registry.groups,
    unknownCommands,
    denials: all.flatMap(({ denials }) => denials),
    hidden: [...new Set([...registry.hidden, ...all.flatMap(({ hidden }) => hidden)])],
    ...(await lookAtStreams(links, [...new Set([...names, ...streams])])),
    ...(all.some((node) => node.clients === undefined) ? {} : { clients }),
    ...(pubsubLimit === undefined ? {} : { pubsubLimit }),
    ...(idleTimeoutSeconds === undefined ? {} : { idleTimeoutSeconds }),
  };
}

/** Only who is there: half a dozen commands to each node. */
export async function takeGlance(links: Links): Promise<Glance> {
  const { groups, hidden } = await listAllServers(links);
  const asked = await Promise.all(
    links.map(async (link) => {
      const asker = new Asker(link);
      return { list: await listClients(link, asker), hidden: asker.hidden };
    }),
  );
  const isWhole = asked.every(({ list }) => list !== undefined);
  return {
    at: Date.now() * 1000,
    groups,
    hidden: [...hidden, ...asked.flatMap((one) => one.hidden)],
    ...(isWhole ? { clients: asked.flatMap(({ list }) => list ?? []) } : {}),
  };
}

type NodeLook = Omit<Look, 'from' | 'to' | 'groups' | 'nodes' | 'unreached'> & { readonly own: NodeFacts };

async function askNode(link: RedisLink): Promise<NodeLook> {
  const asker = new Asker(link);
  const facts = await readFacts(link);
  const clients = await listClients(link, asker);
  const info = readInfo(textOf(await asker.ask('INFO', 'stats')));
  const limit = readLimit(await asker.ask('CONFIG GET client-output-buffer-limit'));
  const [, timeout] = listOf(await asker.ask('CONFIG GET timeout'));
  const known = listOf(await asker.ask('COMMAND INFO', ...COMMANDS));
  const denials = listOf(await asker.ask('ACL LOG 32')).flatMap((entry) => readDenial(entry) ?? []);
  return {
    facts,
    own: {
      node: link.node,
      ...(facts.role === undefined ? {} : { role: facts.role }),
      ...(info.has(DROPPED) ? { dropped: Number(info.get(DROPPED)) } : {}),
    },
    denials,
    unknownCommands: COMMANDS.filter((_, at) => known[at] === null),
    hidden: asker.hidden,
    ...(clients === undefined ? {} : { clients }),
    ...(limit === undefined ? {} : { pubsubLimit: limit }),
    ...(timeout === undefined ? {} : { idleTimeoutSeconds: Number(textOf(timeout)) }),
  };
}

/** Everybody but ourselves; undefined where that is forbidden. */
async function listClients(link: RedisLink, asker: Asker): Promise<readonly SeenClient[] | undefined> {
  const list = await asker.ask('CLIENT LIST');
  if (list === undefined) return undefined;
  return readClientList(textOf(list))
    .filter(({ address, name }) => !isOurAddress(link.node, address) && name !== 'sio-inspect')
    .map((client) => ({ ...client, node: link.node }));
}

/** Channels are listed before they are counted: what differs may only have happened in between. */
async function listSteady(links: Links): Promise<Registry> {
  let registry = await listAllServers(links);
  for (let tries = 1; tries < MAX_TRIES && registry.groups.some(isUneven); tries++)
    registry = await listAllServers(links);
  return registry;
}

function isUneven({ uids, counted }: ServerGroup): boolean {
  return uids.length !== counted;
}

/** `normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60` */
function readLimit(answer: Answer | undefined): Look['pubsubLimit'] {
  const [, value] = listOf(answer);
  const [, hard, soft] = /\bpubsub (\d+) (\d+) \d+/.exec(textOf(value)) ?? [];
  return hard === undefined || soft === undefined
    ? undefined
    : { hardBytes: Number(hard), softBytes: Number(soft) };
}

/** Undefined where it was a sio-inspect that was refused, this one or another. */
function readDenial(answer: Answer): Denial | undefined {
  const items = listOf(answer);
  const fields = new Map<string, string>();
  for (let at = 0; at + 1 < items.length; at += 2) fields.set(textOf(items[at]), textOf(items[at + 1]));
  const text = (name: string): string => fields.get(name) ?? '';
  if (/\bname=sio-inspect\b/.test(text('client-info'))) return undefined;
  const [, address = ''] = /\baddr=(\S+)/.exec(text('client-info')) ?? [];
  return {
    reason: text('reason'),
    object: text('object'),
    user: text('username'),
    address,
    count: Number(text('count')),
    ageSeconds: Number(text('age-seconds')),
  };
}
