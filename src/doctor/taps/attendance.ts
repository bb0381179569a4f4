import type { ServerGroup } from '../../redis/registry.ts';
import { hostOf, type SeenClient } from '../connections.ts';

/** Who is there at one moment. */
export interface Glance {
  /** Microseconds since 1970. */
  readonly at: number;
  readonly groups: readonly ServerGroup[];
  /** Without our own connections; absent where CLIENT LIST is forbidden. */
  readonly clients?: readonly SeenClient[];
  /** What could not be asked, as Redis puts it. */
  readonly hidden: readonly string[];
}

/** How long somebody was seen, in numbers of glances: from the one to the other, both included. */
export interface Stay {
  readonly first: number;
  readonly last: number;
}

type Group = Pick<ServerGroup, 'adapter' | 'key' | 'nsp'>;

/** A server in one namespace. */
export interface ServerStay extends Stay, Group {
  readonly uid: string;
}

/** A connection that is subscribed as a server is. */
export interface SubscriberStay extends Stay {
  /** As it was last seen. */
  readonly client: SeenClient;
  /** Microseconds since 1970. CLIENT LIST knows it to the second. */
  readonly bornAt: number;
}

/** 200 servers in 20 namespaces, each started twice over. */
const MAX_STAYS = 10_000;

/** Who came and who went, by glances one after the other. */
export class Attendance {
  readonly #times: number[] = [];
  readonly #servers = new Map<string, ServerStay & { last: number }>();
  readonly #subscribers = new Map<string, SubscriberStay>();
  readonly #groups = new Map<string, { readonly group: Group; readonly most: number }>();

  /** False where CLIENT LIST was forbidden: then nobody knows of connections. */
  seesClients = true;

  add({ at, groups, clients }: Glance): void {
    const now = this.#times.push(at) - 1;
    if (clients === undefined) this.seesClients = false;
    for (const { adapter, key, nsp, uids } of groups) {
      const group = { adapter, key, nsp };
      const most = Math.max(this.mostAtOnce(group), uids.length);
      const ofGroup = groupId(group);
      remember(this.#groups, ofGroup, { group, most });
      for (const uid of uids) {
        const id = `${ofGroup} ${uid}`;
        const known = this.#servers.get(id);
        if (known === undefined) remember(this.#servers, id, { ...group, uid, first: now, last: now });
        else known.last = now;
      }
    }
    for (const client of clients?.filter(isSubscribedAsServer) ?? []) {
      const id = `${client.node} ${client.id}`;
      const known = this.#subscribers.get(id);
      const bornAt = known?.bornAt ?? this.#clampBirth(at - client.ageSeconds * 1e6, now);
      remember(this.#subscribers, id, { client, bornAt, first: known?.first ?? now, last: now });
    }
  }

  /** How often was looked. */
  get glances(): number {
    return this.#times.length;
  }

  /** When somebody who was last seen at this glance had gone, as far as is known: half way to the next. */
  leftAt({ last }: Stay): number {
    const seen = this.#times[last] ?? Number.NaN;
    return (seen + (this.#times[last + 1] ?? seen)) / 2;
  }

  /** From the glance that saw somebody first to when they had gone, in microseconds. */
  lifeMicros(stay: Stay): number {
    return this.leftAt(stay) - this.beganAt(stay);
  }

  /** When somebody was seen first, microseconds since 1970. */
  beganAt({ first }: Stay): number {
    return this.#times[first] ?? Number.NaN;
  }

  /** Microseconds between two glances. */
  get medianGap(): number {
    const gaps = this.#gaps();
    return gaps[Math.floor(gaps.length / 2)] ?? 0;
  }

  /** Between the two that are farthest from each other. */
  get widestGap(): number {
    return this.#gaps().at(-1) ?? 0;
  }

  /** Microseconds from the first glance to the last. */
  get duration(): number {
    return (this.#times.at(-1) ?? 0) - (this.#times[0] ?? 0);
  }

  groups(): readonly Group[] {
    return [...this.#groups.values()].map(({ group }) => group);
  }

  servers(): readonly ServerStay[] {
    return [...this.#servers.values()];
  }

  subscribers(): readonly SubscriberStay[] {
    return [...this.#subscribers.values()];
  }

  /** How many servers a group had at once, at most. */
  mostAtOnce(group: Group): number {
    return this.#groups.get(groupId(group))?.most ?? 0;
  }

  /** The shortest first. */
  #gaps(): number[] {
    return this.#times
      .slice(1)
      .map((time, at) => time - (this.#times[at] ?? time))
      .sort((a, b) => a - b);
  }

  /** Ages are rounded: who was not there at the glance before was born since. */
  #clampBirth(bornAt: number, now: number): number {
    return now === 0 ? bornAt : Math.max(bornAt, this.#times[now - 1] ?? bornAt);
  }
}

function groupId({ adapter, key, nsp }: Group): string {
  return JSON.stringify([adapter, key, nsp]);
}

function remember<T>(stays: Map<string, T>, id: string, stay: T): void {
  if (stays.has(id) || stays.size < MAX_STAYS) stays.set(id, stay);
}

/** Where connections came from, and how many from there under the same name; the most first. */
export function countHomes(stays: readonly SubscriberStay[]): readonly Home[] {
  const homes = new Map<string, Home>();
  for (const { client } of stays) {
    const host = hostOf(client);
    const { name } = client;
    const id = JSON.stringify([host, name]);
    homes.set(id, { host, name, count: (homes.get(id)?.count ?? 0) + 1 });
  }
  return [...homes.values()].sort((a, b) => b.count - a.count);
}

export interface Home {
  /** An address without its port, or the path of a unix socket. */
  readonly host: string;
  /** By CLIENT SETNAME; empty where it has none. */
  readonly name: string;
  readonly count: number;
}

/** A server takes a channel of its own beside that of all (@socket.io/redis-adapter 8.3, streams 0.3). */
function isSubscribedAsServer({ channels, shardChannels }: SeenClient): boolean {
  return channels >= 2 || shardChannels >= 2;
}
