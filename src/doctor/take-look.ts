import { readClientList } from '../redis/client-list.ts';
import type { RedisLink } from '../redis/connect.ts';
import { isOurAddress } from '../redis/our-addresses.ts';
import { type Answer, listOf, readInfo, textOf } from '../redis/questions.ts';
import { Asker, listAllServers, type Registry, readFacts, type ServerGroup } from '../redis/registry.ts';
import type { Denial, Look } from './evidence.ts';

/** A server that comes or goes while channels are listed and counted: asked again, this often at most. */
const MAX_TRIES = 3;

/** All nodes of a deployment: one, or those of a cluster. */
export type Links = readonly [RedisLink, ...RedisLink[]];

/** Asks Redis everything that rules look at. Bounded: a dozen commands, and one for each group of servers. */
export async function takeLook(links: Links): Promise<Look> {
  const from = Date.now() * 1000;
  const registry = await listSteady(links);
  const [first, ...more] = await Promise.all(links.map(askNode));
  if (first === undefined) throw new TypeError('A look needs a node.');
  const all = [first, ...more];
  const clients = all.flatMap((node) => node.clients ?? []);
  const { facts, info, pubsubLimit } = first;
  return {
    from,
    to: Date.now() * 1000,
    facts,
    info,
    groups: registry.groups,
    denials: all.flatMap(({ denials }) => denials),
    hidden: [...new Set([...registry.hidden, ...all.flatMap(({ hidden }) => hidden)])],
    ...(all.some((node) => node.clients === undefined) ? {} : { clients }),
    ...(pubsubLimit === undefined ? {} : { pubsubLimit }),
  };
}

type NodeLook = Omit<Look, 'from' | 'to' | 'groups'>;

async function askNode(link: RedisLink): Promise<NodeLook> {
  const asker = new Asker(link);
  const facts = await readFacts(link);
  const clients = await asker.ask('CLIENT LIST');
  const info = readInfo(textOf(await asker.ask('INFO')));
  const limit = readLimit(await asker.ask('CONFIG GET client-output-buffer-limit'));
  const denials = listOf(await asker.ask('ACL LOG 32')).map(readDenial);
  return {
    facts,
    info,
    denials,
    hidden: asker.hidden,
    ...(clients === undefined
      ? {}
      : {
          clients: readClientList(textOf(clients)).filter(
            ({ address, name }) => !isOurAddress(link.node, address) && name !== 'sio-inspect',
          ),
        }),
    ...(limit === undefined ? {} : { pubsubLimit: limit }),
  };
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

function readDenial(answer: Answer): Denial {
  const items = listOf(answer);
  const fields = new Map<string, string>();
  for (let at = 0; at + 1 < items.length; at += 2) fields.set(textOf(items[at]), textOf(items[at + 1]));
  const text = (name: string): string => fields.get(name) ?? '';
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
