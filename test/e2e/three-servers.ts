import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdapter, createShardedAdapter } from '@socket.io/redis-adapter';
import { createAdapter as createStreamsAdapter } from '@socket.io/redis-streams-adapter';
import { Cluster, Redis } from 'ioredis';
import { createClient, createCluster } from 'redis';
import { Server } from 'socket.io';
import { io as connectClient, type Socket } from 'socket.io-client';
import { waitFor } from '../support/wait.ts';

export type AdapterName = 'classic' | 'sharded' | 'streams';
export type ClientName = 'ioredis' | 'node-redis';

/** Where the servers connect to: a single Redis, or a cluster by its nodes. */
export type Whereabouts = string | readonly string[];

/** Three real Socket.IO servers on one Redis, with one client each. */
export interface Trio {
  /** How many servers answered each of the two questions that need all of them. Rejects where one is missing. */
  ask(): Promise<{ readonly sockets: number; readonly replies: readonly unknown[] }>;
  /** Why each of the two failed, or what came of it. */
  tryToAsk(): Promise<readonly unknown[]>;
  stop(): Promise<void>;
}

/** How long the servers wait for each other before they report a timeout. */
const REQUEST_TIMEOUT_MS = 1000;

export async function startTrio(url: Whereabouts, adapter: AdapterName, client: ClientName): Promise<Trio> {
  const servers: Server[] = [];
  const clients: Socket[] = [];
  const connections: Connection[] = [];
  const stop = async (): Promise<void> => {
    for (const one of clients) one.disconnect();
    await Promise.all(servers.map((server) => server.close()));
    await Promise.all(connections.map((connection) => connection.close()));
  };
  try {
    for (let i = 0; i < 3; i++) {
      const pair = [await openConnection(url, client), await openConnection(url, client)] as const;
      connections.push(...pair);
      servers.push(createSocketServer(adapter, pair, `server ${i}`));
    }
    for (const server of servers) clients.push(await join(server));
    await waitFor('three servers to know each other', async () => {
      const counts = await Promise.all(servers.map((server) => server.of('/').adapter.serverCount()));
      return counts.every((count) => count === 3) ? true : undefined;
    });
  } catch (error) {
    await stop();
    throw error;
  }
  const [first] = servers;
  if (first === undefined) throw new Error('No server.');
  return {
    ask: async () => {
      const [sockets, replies] = await Promise.all(questionsOf(first));
      return { sockets: (sockets as unknown[]).length, replies: replies as unknown[] };
    },
    tryToAsk: async () => {
      const settled = await Promise.allSettled(questionsOf(first));
      return settled.map((one) => (one.status === 'rejected' ? (one.reason as unknown) : one.value));
    },
    stop,
  };
}

/** The two that need an answer from every server. */
function questionsOf(server: Server): readonly Promise<unknown>[] {
  return [server.fetchSockets(), server.serverSideEmitWithAck('who')];
}

interface Connection {
  readonly client: unknown;
  /** After the answers to what is under way. */
  close(): Promise<unknown>;
}

async function openConnection(url: Whereabouts, name: ClientName): Promise<Connection> {
  if (typeof url !== 'string') return openClusterConnection(url, name);
  if (name === 'ioredis') {
    // The streams adapter leaves a copy of this client behind, which would try to reconnect for ever.
    const client = new Redis(url, { retryStrategy: () => null });
    client.on('error', () => undefined);
    return { client, close: () => client.quit() };
  }
  const client = createClient({ url });
  client.on('error', () => undefined);
  await client.connect();
  return { client, close: () => client.close() };
}

async function openClusterConnection(urls: readonly string[], name: ClientName): Promise<Connection> {
  if (name === 'ioredis') {
    const nodes = urls.map((url) => ({ host: new URL(url).hostname, port: Number(new URL(url).port) }));
    // Without it ioredis sends SSUBSCRIBE to any node, and is told MOVED for ever.
    const client = new Cluster(nodes, { clusterRetryStrategy: () => null, shardedSubscribers: true });
    client.on('error', () => undefined);
    return { client, close: () => client.quit() };
  }
  const client = createCluster({ rootNodes: urls.map((url) => ({ url })) });
  client.on('error', () => undefined);
  await client.connect();
  return { client, close: () => client.close() };
}

function createSocketServer(
  adapter: AdapterName,
  [pub, sub]: readonly [Connection, Connection],
  name: string,
): Server {
  const server = new Server({ adapter: createAdapterOf(adapter, pub.client, sub.client) as never });
  server.attach(createServer().listen(0, '127.0.0.1'));
  server.on('who', (reply: (name: string) => void) => {
    reply(name);
  });
  return server;
}

function createAdapterOf(adapter: AdapterName, pub: unknown, sub: unknown): unknown {
  const requestsTimeout = REQUEST_TIMEOUT_MS;
  switch (adapter) {
    case 'classic':
      return createAdapter(pub, sub, { requestsTimeout });
    case 'sharded':
      return createShardedAdapter(pub, sub);
    case 'streams':
      return createStreamsAdapter(pub);
  }
}

async function join(server: Server): Promise<Socket> {
  const http = server.httpServer;
  if (!http.listening) await once(http, 'listening');
  const { port } = http.address() as AddressInfo;
  const client = connectClient(`http://127.0.0.1:${port}`, {
    transports: ['websocket'],
    reconnection: false,
  });
  await new Promise<void>((resolve, reject) => {
    client.once('connect', resolve);
    client.once('connect_error', reject);
  });
  return client;
}
