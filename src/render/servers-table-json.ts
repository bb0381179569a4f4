import type { Connection, ServerRow } from '../analyse/server-table.ts';
import { formatTime } from './json-lines.ts';
import type { ServersView } from './servers-table.ts';

/** One look as a line of JSON (docs/servers.md). What is not known is absent. */
export function writeServersJson(view: ServersView, node: string, at: number): string {
  const { groups, servers, unplaced } = view.table;
  return JSON.stringify({
    v: 1,
    time: formatTime(at),
    node,
    groups,
    servers: servers.map(toJson),
    unlisted: view.unlisted.map(({ is, channel, counted }) => ({ is, channel, counted })),
    ...(view.hasConnections ? { unplaced: unplaced.map(pickConnection) } : {}),
    hidden: view.hidden,
    truncated: view.truncated,
  });
}

function toJson({
  adapter,
  key,
  uids,
  client,
  publisher,
  subscriberAddress,
  subscriber,
  heardAt,
}: ServerRow): object {
  return {
    adapter,
    key,
    uids,
    ...(client === undefined ? {} : { client }),
    ...(publisher === undefined ? {} : { publisher: pickConnection(publisher) }),
    ...(subscriberAddress === undefined ? {} : { subscriberAddress }),
    ...(subscriber === undefined ? {} : { subscriber: pickConnection(subscriber) }),
    ...(heardAt === undefined ? {} : { heardAt: formatTime(heardAt) }),
  };
}

function pickConnection(connection: Connection): object {
  const { address, name, ageSeconds, idleSeconds, channels, patterns, shardChannels, outputBytes, library } =
    connection;
  return {
    address,
    ...(name === '' ? {} : { name }),
    ageSeconds,
    idleSeconds,
    channels,
    patterns,
    shardChannels,
    outputBytes,
    ...(library === undefined ? {} : { library }),
  };
}
