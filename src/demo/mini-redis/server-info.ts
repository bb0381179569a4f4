import { DATABASES } from './keyspace.ts';
import type { MiniServer } from './server.ts';

/** The Redis that mini-redis behaves like. */
export const VERSION = '7.0.15';

type Section = readonly (readonly [name: string, value: string | number])[];

/** The text of INFO: every section, or those that are named (lower case). */
export function formatInfo(server: MiniServer, wanted: readonly string[]): string {
  const all = wanted.length === 0 || wanted.some((name) => ['all', 'default', 'everything'].includes(name));
  return Object.entries(SECTIONS)
    .filter(([name]) => all || wanted.includes(name.toLowerCase()))
    .map(([name, describe]) => {
      const lines = describe(server).map(([field, value]) => `${field}:${value}\r\n`);
      return `# ${name}\r\n${lines.join('')}`;
    })
    .join('\r\n');
}

const SECTIONS: Readonly<Record<string, (server: MiniServer) => Section>> = {
  Server: (server) => {
    const uptimeSeconds = Math.floor((Date.now() - server.startedAt) / 1000);
    return [
      ['redis_version', VERSION],
      ['redis_mode', server.mode],
      ['os', process.platform],
      ['arch_bits', 64],
      ['process_id', process.pid],
      ['run_id', server.runId],
      ['tcp_port', server.port],
      ['server_time_usec', server.now()],
      ['uptime_in_seconds', uptimeSeconds],
      ['uptime_in_days', Math.floor(uptimeSeconds / 86_400)],
      ['executable', 'sio-inspect mini-redis'],
      ['config_file', ''],
    ];
  },
  Clients: (server) => [
    ['connected_clients', server.clients.size],
    ['cluster_connections', 0],
    ['maxclients', 10_000],
    ['blocked_clients', server.waiters.size],
    ['tracking_clients', 0],
  ],
  Memory: () => {
    const { heapUsed, rss } = process.memoryUsage();
    return [
      ['used_memory', heapUsed],
      ['used_memory_rss', rss],
      ['maxmemory', 0],
      ['maxmemory_policy', 'noeviction'],
    ];
  },
  Persistence: () => [
    ['loading', 0],
    ['aof_enabled', 0],
  ],
  Stats: (server) => [
    ['total_connections_received', server.connectionsReceived],
    ['total_commands_processed', server.commandsProcessed],
    ['pubsub_channels', server.hub.names('channel').length],
    ['pubsub_patterns', server.hub.names('pattern').length],
    ['pubsubshard_channels', server.hub.names('shard').length],
  ],
  Replication: (server) => [
    ['role', 'master'],
    ['connected_slaves', 0],
    ['master_failover_state', 'no-failover'],
    ['master_replid', server.runId],
    ['master_repl_offset', 0],
  ],
  Cluster: () => [['cluster_enabled', 0]],
  Keyspace: (server) =>
    Array.from({ length: DATABASES }, (_, db) => [db, server.keyspace.keys(db).length] as const)
      .filter(([, keys]) => keys > 0)
      .map(([db, keys]) => [`db${db}`, `keys=${keys},expires=0,avg_ttl=0`] as const),
};

/** What CONFIG GET knows. */
export function listSettings(server: MiniServer): readonly (readonly [string, string])[] {
  return [
    ['appendonly', 'no'],
    ['bind', server.host],
    ['client-output-buffer-limit', 'normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60'],
    ['cluster-enabled', 'no'],
    ['databases', String(DATABASES)],
    ['maxclients', '10000'],
    ['maxmemory', '0'],
    ['maxmemory-policy', 'noeviction'],
    ['notify-keyspace-events', ''],
    ['port', String(server.port)],
    ['proto-max-bulk-len', '536870912'],
    ['requirepass', ''],
    ['save', ''],
    ['timeout', '0'],
  ];
}
