import type { ClientRow } from '../redis/client-list.ts';

/** A connection, and the node that it is connected to: ids are the node's own. */
export interface SeenClient extends ClientRow {
  readonly node: string;
}

/** An address without its port, or the path of a unix socket. */
export function hostOf({ address }: Pick<ClientRow, 'address'>): string {
  return address.slice(0, address.lastIndexOf(':'));
}

/** Subscribed to anything, channels, patterns or shard channels. */
export function isSubscribed({ channels, patterns, shardChannels }: ClientRow): boolean {
  return channels + patterns + shardChannels > 0;
}

/** An ordinary connection that is not subscribed: no replica, no MONITOR (redis 7.0.15, src/networking.c, flags). */
export function isPlain(client: ClientRow): boolean {
  return !isSubscribed(client) && !/[OSM]/.test(client.flags);
}

/** Subscribed as a classic server is: a pattern, and three channels beside it (@socket.io/redis-adapter 8.3, lib/index.ts). */
export function isClassicEar({ channels, patterns }: ClientRow): boolean {
  return patterns > 0 && channels >= 3;
}

/** The same connection in two looks: ids are the node's own. */
export function isSameConnection(a: SeenClient, b: SeenClient): boolean {
  return a.id === b.id && a.node === b.node;
}

/** From the same host and within the same seconds, as the connections of one server are opened. */
export function isOpenedTogether(a: ClientRow, b: ClientRow): boolean {
  return hostOf(a) === hostOf(b) && Math.abs(a.ageSeconds - b.ageSeconds) <= 1;
}
