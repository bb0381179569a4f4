import type { KnownGroup, Peer, Peers } from './correlate-peers.ts';

/** A connection as CLIENT LIST shows it (`ClientRow` fits). */
export interface Connection {
  readonly address: string;
  readonly name: string;
  readonly ageSeconds: number;
  readonly idleSeconds: number;
  readonly channels: number;
  readonly patterns: number;
  readonly shardChannels: number;
  readonly outputBytes: number;
  readonly lastCommand: string;
  readonly library?: string;
}

/**
 * `ok`: each counted subscriber is a server. `phantom`: somebody counted is no server. `shared`: fewer subscribers than
 * servers, as several adapters share a connection. `counted-only`: these servers have no channel of their own.
 */
export type Health = 'ok' | 'phantom' | 'shared' | 'counted-only';

/** One adapter, key and namespace. */
export interface GroupRow {
  readonly adapter: KnownGroup['adapter'];
  readonly key: string;
  readonly nsp: string;
  /** U: servers that have a channel with their own uid. */
  readonly servers: number;
  /** Q: subscribers that the servers themselves count. */
  readonly counted: number;
  readonly health: Health;
}

/** One server, or as much of one as can be told: from 6.0 on its uid differs from namespace to namespace. */
export interface ServerRow {
  readonly adapter: KnownGroup['adapter'];
  readonly key: string;
  readonly uids: readonly { readonly uid: string; readonly nsp: string }[];
  /** Where it publishes from, and the connection there. Absent where nothing has told. */
  readonly client?: string;
  readonly publisher?: Connection;
  readonly subscriberAddress?: string;
  readonly subscriber?: Connection;
  /** Microseconds since 1970: the last that was heard of it in this run. */
  readonly heardAt?: number;
}

export interface ServerTable {
  readonly groups: readonly GroupRow[];
  readonly servers: readonly ServerRow[];
  /** Connections that subscribe, or read a stream, and of which it is not known whose they are. */
  readonly unplaced: readonly Connection[];
}

/** Puts together what Redis lists, what it says about connections, and what was heard. */
export function buildServerTable(
  groups: readonly KnownGroup[],
  connections: readonly Connection[],
  peers: Peers,
): ServerTable {
  const byAddress = new Map(connections.map((connection) => [connection.address, connection]));
  const servers = mergeByConnection(groups.flatMap((group) => rowsOf(group, peers))).map((row) =>
    place(row, byAddress),
  );
  const placed = new Set(servers.flatMap(({ client, subscriberAddress }) => [client, subscriberAddress]));
  return {
    groups: groups.map(judge),
    servers,
    unplaced: connections.filter((connection) => isListening(connection) && !placed.has(connection.address)),
  };
}

function judge({ adapter, key, nsp, uids, counted }: KnownGroup): GroupRow {
  const servers = uids.length;
  return { adapter, key, nsp, servers, counted, health: judgeHealth(servers, counted) };
}

function judgeHealth(servers: number, counted: number): Health {
  if (servers === 0) return 'counted-only';
  if (counted === servers) return 'ok';
  return counted > servers ? 'phantom' : 'shared';
}

function rowsOf(group: KnownGroup, peers: Peers): readonly ServerRow[] {
  const { adapter, key, nsp, uids } = group;
  return uids.map((uid) => {
    const { client, subscriber, heardAt }: Peer = peers.ofRegistry(group).peerOf(uid);
    return {
      adapter,
      key,
      uids: [{ uid, nsp }],
      ...(client === undefined ? {} : { client }),
      ...(subscriber === undefined ? {} : { subscriberAddress: subscriber }),
      ...(heardAt === undefined ? {} : { heardAt }),
    };
  });
}

/** The same connection in another namespace is the same process; two uids of one namespace never are. */
function mergeByConnection(rows: readonly ServerRow[]): readonly ServerRow[] {
  const merged: ServerRow[] = [];
  const byConnection = new Map<string, number>();
  for (const row of rows) {
    const names = [row.client, row.subscriberAddress].flatMap((address) =>
      address === undefined ? [] : [JSON.stringify([row.adapter, row.key, address])],
    );
    const known = names.map((name) => byConnection.get(name)).find((at) => at !== undefined);
    const other = known === undefined ? undefined : merged[known];
    const at =
      known !== undefined && other !== undefined && !shareNamespace(row, other) ? known : merged.length;
    merged[at] = at === known && other !== undefined ? join(other, row) : row;
    for (const name of names) byConnection.set(name, at);
  }
  return merged;
}

function shareNamespace(a: ServerRow, b: ServerRow): boolean {
  return a.uids.some(({ nsp }) => b.uids.some((other) => other.nsp === nsp));
}

function join(a: ServerRow, b: ServerRow): ServerRow {
  const heardAt = Math.max(a.heardAt ?? 0, b.heardAt ?? 0);
  return { ...b, ...a, uids: [...a.uids, ...b.uids], ...(heardAt === 0 ? {} : { heardAt }) };
}

function place(row: ServerRow, byAddress: ReadonlyMap<string, Connection>): ServerRow {
  const publisher = byAddress.get(row.client ?? '');
  const subscriber = byAddress.get(row.subscriberAddress ?? '');
  return {
    ...row,
    ...(publisher === undefined ? {} : { publisher }),
    ...(subscriber === undefined ? {} : { subscriber }),
  };
}

function isListening({ channels, patterns, shardChannels, lastCommand }: Connection): boolean {
  return channels + patterns + shardChannels > 0 || lastCommand === 'xread';
}
