import type { RedisLink } from './connect.ts';
import { RedisFailure } from './failure.ts';
import { type Answer, listOf, type Question, readInfo, textOf } from './questions.ts';

/** The servers of one adapter, key and namespace that are subscribed on this node at this moment. */
export interface ServerGroup {
  readonly adapter: 'redis' | 'redis-sharded' | 'redis-streams';
  readonly key: string;
  readonly nsp: string;
  /** One for each server that has a channel with its own uid: classic from 7.1 on, sharded, streams from 0.3 on. */
  readonly uids: readonly string[];
  /** How many subscribers the servers themselves count; where uids are fewer, somebody else is among them. */
  readonly counted: number;
  /** Servers whose own channel has several subscribers: connections that they have left, and Redis still holds. */
  readonly doubled?: readonly { readonly uid: string; readonly connections: number }[];
}

export interface Registry {
  readonly groups: readonly ServerGroup[];
  /** What could not be seen, as Redis puts it; empty when all could. */
  readonly hidden: readonly string[];
  /** True where there was too much to list all of it. */
  readonly truncated: boolean;
}

export interface RedisFacts {
  readonly node: string;
  /** `7.0.15`; absent where INFO is forbidden. */
  readonly version?: string;
  readonly product: 'Redis' | 'Valkey';
  readonly mode?: 'standalone' | 'cluster' | 'sentinel';
  readonly role?: 'primary' | 'replica';
  readonly opsPerSecond?: number;
}

/** PUBSUB CHANNELS walks over all of them in one go; beyond this many it would hold Redis up for milliseconds. */
const MAX_CHANNELS = 200_000;
const MAX_GROUPS = 200;
/** Names in one command, each of some forty bytes. */
const MAX_OWN_CHANNELS = 10_000;

/** 16 hex digits: the uid of sharded and streams servers (socket.io-adapter 2.5.5, lib/cluster-adapter.ts). */
const HEX_UID = '[0-9a-f]'.repeat(16);
const CLASSIC_CHANNEL = /^(.+)-re(?:quest|sponse)#(\/[^#]*)#(?:([^#]+)#)?$/s;
const CLUSTER_CHANNEL = /^(.+?)#(\/[^#]*)#([0-9a-f]{16})#$/s;

/** The servers of all keys that are subscribed on this node, by PUBSUB only: nothing is sent that they could notice. */
export async function listServers(link: RedisLink): Promise<Registry> {
  return listAllServers([link]);
}

/**
 * The same for all nodes of a cluster, each of which knows its own subscribers only: what they say is added. A shard's
 * node has the channel that is counted, and others have those of the uids: every node is asked about all groups.
 */
export async function listAllServers(links: readonly RedisLink[]): Promise<Registry> {
  const askers = links.map((link) => new Asker(link));
  const groups = new Groups();
  const isWhole = await Promise.all(askers.map((asker) => listChannels(asker, groups)));
  return {
    groups: await countAll(groups.list(), askers),
    hidden: [...new Set(askers.flatMap(({ hidden }) => hidden))],
    truncated: groups.truncated || isWhole.includes(false),
  };
}

/** @returns whether there were few enough channels to list them all */
async function listChannels(asker: Asker, groups: Groups): Promise<boolean> {
  const info = readInfo(textOf(await asker.ask('INFO', 'stats')));
  const [plain, shard] = [
    Number(info.get('pubsub_channels') ?? 0),
    Number(info.get('pubsubshard_channels') ?? 0),
  ];
  if (plain <= MAX_CHANNELS) {
    for (const pattern of ['*-request#/*#', '*-response#/*#']) {
      groups.add('redis', CLASSIC_CHANNEL, await asker.ask('PUBSUB CHANNELS', pattern));
    }
    groups.add('redis-streams', CLUSTER_CHANNEL, await asker.ask('PUBSUB CHANNELS', `*#/*#${HEX_UID}#`));
  }
  // Redis before 7 has no sharded pub/sub, and so nothing there.
  if (shard > 0 && shard <= MAX_CHANNELS) {
    groups.add('redis-sharded', CLUSTER_CHANNEL, await asker.ask('PUBSUB SHARDCHANNELS', `*#/*#${HEX_UID}#`));
  }
  return Math.max(plain, shard) <= MAX_CHANNELS;
}

/** What Redis says about itself; less where INFO is forbidden. */
export async function readFacts(link: RedisLink): Promise<RedisFacts> {
  const info = readInfo(textOf(await new Asker(link).ask('INFO')));
  const version = info.get('valkey_version') ?? info.get('redis_version');
  const mode = info.get('redis_mode');
  const ops = info.get('instantaneous_ops_per_sec');
  const role = info.get('role');
  return {
    node: link.node,
    product: info.has('valkey_version') ? 'Valkey' : 'Redis',
    ...(version === undefined ? {} : { version }),
    ...(mode === 'standalone' || mode === 'cluster' || mode === 'sentinel' ? { mode } : {}),
    ...(role === undefined ? {} : { role: role === 'slave' ? 'replica' : 'primary' }),
    ...(ops === undefined ? {} : { opsPerSecond: Number(ops) }),
  };
}

/** Asks on, whatever is forbidden, and keeps what was. */
export class Asker {
  readonly hidden: string[] = [];
  readonly #link: RedisLink;

  constructor(link: RedisLink) {
    this.#link = link;
  }

  async ask(question: Question, ...args: readonly string[]): Promise<Answer | undefined> {
    try {
      return await this.#link.ask(question, ...args);
    } catch (error) {
      if (!(error instanceof RedisFailure) || error.code === 'closed' || error.code === 'timeout')
        throw error;
      if (!this.hidden.includes(error.message)) this.hidden.push(error.message);
      return undefined;
    }
  }
}

type Place = Pick<ServerGroup, 'adapter' | 'key' | 'nsp'>;

interface Uncounted extends Place {
  readonly uids: Set<string>;
}

class Groups {
  truncated = false;
  readonly #groups = new Map<string, Uncounted>();

  add(adapter: ServerGroup['adapter'], shape: RegExp, channels: Answer | undefined): void {
    for (const channel of listOf(channels)) {
      const [, key, nsp, uid] = shape.exec(textOf(channel)) ?? [];
      if (key === undefined || nsp === undefined) continue;
      const group = this.#group(adapter, key, nsp);
      if (uid !== undefined) group?.uids.add(uid);
    }
  }

  list(): readonly Uncounted[] {
    return [...this.#groups.values()];
  }

  #group(adapter: ServerGroup['adapter'], key: string, nsp: string): Uncounted | undefined {
    const id = JSON.stringify([adapter, key, nsp]);
    const known = this.#groups.get(id);
    if (known !== undefined) return known;
    if (this.#groups.size === MAX_GROUPS) {
      this.truncated = true;
      return undefined;
    }
    const group = { adapter, key, nsp, uids: new Set<string>() };
    this.#groups.set(id, group);
    return group;
  }
}

async function countAll(
  groups: readonly Uncounted[],
  askers: readonly Asker[],
): Promise<readonly ServerGroup[]> {
  const counts = await countSubscribers(groups.map(countedChannel), askers);
  const listed = groups
    .map((group): ServerGroup => ({
      ...group,
      uids: [...group.uids].sort(),
      counted: counts.get(nameOf(countedChannel(group))) ?? 0,
    }))
    .filter(({ counted, uids }) => counted > 0 || uids.length > 0)
    .sort(compareGroups);
  return markDoubled(listed, askers);
}

/** Asks who is subscribed twice, where more are counted than there are servers. */
async function markDoubled(
  groups: readonly ServerGroup[],
  askers: readonly Asker[],
): Promise<readonly ServerGroup[]> {
  const crowded = groups.filter(({ counted, uids }) => uids.length > 0 && counted > uids.length);
  const channels = crowded.flatMap((group) => group.uids.map((uid) => ownChannel(group, uid)));
  if (channels.length === 0 || channels.length > MAX_OWN_CHANNELS) return groups;
  const counts = await countSubscribers(channels, askers);
  return groups.map((group) => {
    const doubled = group.uids
      .map((uid) => ({ uid, connections: counts.get(nameOf(ownChannel(group, uid))) ?? 0 }))
      .filter(({ connections }) => connections > 1);
    return crowded.includes(group) && doubled.length > 0 ? { ...group, doubled } : group;
  });
}

interface Channel {
  readonly adapter: ServerGroup['adapter'];
  readonly name: string;
}

function nameOf({ adapter, name }: Channel): string {
  return `${adapter} ${name}`;
}

/** All at once: the number of commands does not grow with the number of namespaces. What nodes count is added. */
async function countSubscribers(
  channels: readonly Channel[],
  askers: readonly Asker[],
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const question of ['PUBSUB NUMSUB', 'PUBSUB SHARDNUMSUB'] as const) {
    const asked = channels.filter(
      ({ adapter }) => (adapter === 'redis-sharded') === (question === 'PUBSUB SHARDNUMSUB'),
    );
    if (asked.length === 0) continue;
    const names = asked.map(({ name }) => name);
    for (const answer of await Promise.all(askers.map((asker) => asker.ask(question, ...names)))) {
      const items = listOf(answer);
      for (const [at, channel] of asked.entries()) {
        const id = nameOf(channel);
        counts.set(id, (counts.get(id) ?? 0) + Number(items[at * 2 + 1] ?? 0));
      }
    }
  }
  return counts;
}

/** The channel that the servers count each other by (@socket.io/redis-adapter 8.3, streams 0.3: `serverCount`). */
export function countedChannel({ adapter, key, nsp }: Place): Channel {
  return { adapter, name: adapter === 'redis' ? `${key}-request#${nsp}#` : `${key}#${nsp}#` };
}

/** The channel that only the server with this uid takes, for answers to it (@socket.io/redis-adapter 8.3, lib/index.ts; socket.io-adapter 2.5, `publishResponse`). */
export function ownChannel({ adapter, key, nsp }: Place, uid: string): Channel {
  return { adapter, name: adapter === 'redis' ? `${key}-response#${nsp}#${uid}#` : `${key}#${nsp}#${uid}#` };
}

function compareGroups(a: ServerGroup, b: ServerGroup): number {
  return compare(a.key, b.key) || compare(a.nsp, b.nsp) || compare(a.adapter, b.adapter);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
