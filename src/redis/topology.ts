import type { RedisLink } from './connect.ts';
import { RedisFailure } from './failure.ts';
import { type Answer, listOf, readInfo, textOf } from './questions.ts';
import type { RedisTarget } from './target.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** A primary of a cluster and its replicas. */
export interface Shard {
  readonly primary: Address;
  readonly replicas: readonly Address[];
  /** First and last slot of each range. */
  readonly slots: readonly (readonly [number, number])[];
}

/** The same Redis deployment at another of its addresses: user, password, TLS and database stay. */
export function targetAt(target: RedisTarget, { host, port }: Address): RedisTarget {
  const url = new URL(target.url);
  url.hostname = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  url.port = String(port);
  return { ...target, url: url.href };
}

/**
 * The shards of a cluster as this node sees them; replicas that have failed are left out.
 * Source: redis 7.0.15, src/cluster.c, clusterReplyMultiBulkSlots. @throws {RedisFailure}
 */
export async function readShards(link: RedisLink): Promise<readonly Shard[]> {
  const shards = new Map<
    string,
    { primary: Address; replicas: readonly Address[]; slots: [number, number][] }
  >();
  for (const range of listOf(await link.ask('CLUSTER SLOTS'))) {
    const [from, to, ...nodes] = listOf(range);
    const [primary, ...replicas] = nodes.map((node) => readNode(node, link));
    if (primary === undefined) continue;
    const name = nameOf(primary);
    const shard = shards.get(name) ?? { primary, replicas, slots: [] };
    shard.slots.push([Number(from), Number(to)]);
    shards.set(name, shard);
  }
  return [...shards.values()];
}

/** `host:port`, as nodes are shown. */
export function nameOf({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Which shard has a key's slot. @throws {RedisFailure} */
export async function findOwner(link: RedisLink, key: string): Promise<Address> {
  const slot = Number(await link.ask('CLUSTER KEYSLOT', key));
  const owner = (await readShards(link)).find(({ slots }) =>
    slots.some(([from, to]) => from <= slot && slot <= to),
  );
  if (owner === undefined) {
    throw new RedisFailure(
      'closed',
      `No node of the cluster has the slot ${slot} of "${key}" (CLUSTER SLOTS at ${link.node}).`,
    );
  }
  return owner.primary;
}

/** The replicas that a standalone primary has at this moment, as it sees them. @throws {RedisFailure} */
export async function readReplicas(link: RedisLink): Promise<readonly Address[]> {
  const info = readInfo(textOf(await link.ask('INFO', 'replication')));
  const replicas: Address[] = [];
  for (let i = 0; info.has(`slave${i}`); i++) {
    const [, host, port, state] = /^ip=(.*),port=(\d+),state=(\w+)/.exec(info.get(`slave${i}`) ?? '') ?? [];
    // Port 0: somebody who reads the replication stream and is no Redis.
    if (host !== undefined && state === 'online' && port !== '0') replicas.push({ host, port: Number(port) });
  }
  return replicas;
}

/** The primary that a Sentinel knows by this name, and the other Sentinels that watch it. @throws {RedisFailure} */
export async function askSentinel(
  link: RedisLink,
  name: string,
): Promise<{ readonly primary: Address; readonly sentinels: readonly Address[] }> {
  const [host, port] = listOf(await link.ask('SENTINEL GET-MASTER-ADDR-BY-NAME', name)).map(textOf);
  if (host === undefined || port === undefined) {
    const names = await listPrimaries(link);
    const known = names.length === 0 ? 'none' : names.map((one) => `"${one}"`).join(', ');
    throw new RedisFailure(
      'refused',
      `The Sentinel at ${link.node} watches no primary with the name "${name}". It watches ${known}: name one with --sentinel.`,
    );
  }
  const sentinels = listOf(await link.ask('SENTINEL SENTINELS', name)).map((one) => readFields(one));
  return {
    primary: { host, port: Number(port) },
    sentinels: sentinels.map((fields) => ({
      host: fields.get('ip') ?? '',
      port: Number(fields.get('port')),
    })),
  };
}

/** Names of the primaries that a Sentinel watches. @throws {RedisFailure} */
export async function listPrimaries(link: RedisLink): Promise<readonly string[]> {
  return listOf(await link.ask('SENTINEL MASTERS')).map((one) => readFields(one).get('name') ?? '');
}

/** `[host, port, id, …]`; a node that does not know its own address is where we found it. */
function readNode(node: Answer, link: RedisLink): Address {
  const [host, port] = listOf(node);
  const { host: own = '127.0.0.1' } = link.endpoint.socket;
  return { host: textOf(host) || own, port: Number(port) };
}

function readFields(answer: Answer): ReadonlyMap<string, string> {
  const words = listOf(answer).map(textOf);
  return new Map(words.flatMap((word, at) => (at % 2 === 0 ? [[word, words[at + 1] ?? ''] as const] : [])));
}
