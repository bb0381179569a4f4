import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { createAdapter, createShardedAdapter } from '@socket.io/redis-adapter';
import { createAdapter as createStreamsAdapter } from '@socket.io/redis-streams-adapter';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { Server } from 'socket.io';
import { type Socket as ClientSocket, io as connect } from 'socket.io-client';
import { playOnBoth } from '../support/two-redis.ts';
import { waitFor } from '../support/wait.ts';

type Adapter = NonNullable<Parameters<Server['adapter']>[0]>;

/** What one Socket.IO server needs of Redis, and how to end it. */
interface Backing {
  readonly adapter: Adapter;
  readonly close: () => Promise<void>;
}

type MakeBacking = (url: string) => Promise<Backing>;

/** The streams adapter looks for entries this often, and ends its reader when it has looked. */
const BLOCK_MS = 50;

/** Remembers the clients that an adapter makes for itself: not all of them does it end. */
function collectDuplicates<T extends object>(client: T & { duplicate: () => T }): T[] {
  const made: T[] = [];
  const duplicate = client.duplicate.bind(client);
  client.duplicate = (): T => {
    const another = duplicate();
    made.push(another);
    return another;
  };
  return made;
}

function overIoredis(make: (pub: Redis, sub: Redis) => Adapter): MakeBacking {
  return async (url) => {
    const pub = new Redis(url);
    const sub = pub.duplicate();
    const others = collectDuplicates(pub);
    await Promise.all([once(pub, 'ready'), once(sub, 'ready')]);
    const close = async (): Promise<void> => {
      await Promise.all([pub.quit(), sub.quit()]);
      for (const other of others) other.disconnect();
    };
    return { adapter: make(pub, sub), close };
  };
}

function overNodeRedis(make: (pub: unknown, sub: unknown) => Adapter): MakeBacking {
  return async (url) => {
    const pub = createClient({ url });
    const sub = pub.duplicate();
    const others = collectDuplicates<ReturnType<typeof createClient>>(pub as ReturnType<typeof createClient>);
    for (const client of [pub, sub]) client.on('error', () => undefined);
    await Promise.all([pub.connect(), sub.connect()]);
    const close = async (): Promise<void> => {
      await Promise.all([pub.close(), sub.close()]);
      const left = (): typeof others => others.filter(({ isOpen }) => isOpen);
      await waitFor('the adapter to end its reader', () => left().length <= 1 || undefined);
      await Promise.all(left().map((other) => other.close()));
    };
    return { adapter: make(pub, sub), close };
  };
}

const ADAPTERS: Readonly<Record<string, MakeBacking>> = {
  'classic over ioredis': overIoredis((pub, sub) => createAdapter(pub, sub)),
  'classic over node-redis': overNodeRedis((pub, sub) => createAdapter(pub, sub)),
  'sharded, static, over ioredis': overIoredis((pub, sub) =>
    createShardedAdapter(pub, sub, { subscriptionMode: 'static' }),
  ),
  'sharded, dynamic, over node-redis': overNodeRedis((pub, sub) =>
    createShardedAdapter(pub, sub, { subscriptionMode: 'dynamic' }),
  ),
  'sharded, dynamic-private, over ioredis': overIoredis((pub, sub) =>
    createShardedAdapter(pub, sub, { subscriptionMode: 'dynamic-private' }),
  ),
  'streams over ioredis': overIoredis((pub) => createStreamsAdapter(pub, { blockTimeInMs: BLOCK_MS })),
  'streams over node-redis': overNodeRedis((pub) => createStreamsAdapter(pub, { blockTimeInMs: BLOCK_MS })),
};

interface Node {
  readonly io: Server;
  readonly url: string;
  close(): Promise<void>;
}

async function startNode(redisUrl: string, make: MakeBacking): Promise<Node> {
  const backing = await make(redisUrl);
  const http = createServer();
  const io = new Server(http, {
    adapter: backing.adapter,
    connectionStateRecovery: { maxDisconnectionDuration: 60_000 },
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const { port } = http.address() as AddressInfo;
  const close = async (): Promise<void> => {
    await io.close();
    await backing.close();
  };
  return { io, url: `http://127.0.0.1:${port}`, close };
}

async function withTwoNodes<T>(
  redisUrl: string,
  make: MakeBacking,
  play: (nodes: readonly [Node, Node], clients: readonly [ClientSocket, ClientSocket]) => Promise<T>,
): Promise<T> {
  const nodes = [await startNode(redisUrl, make), await startNode(redisUrl, make)] as const;
  const options = { transports: ['websocket'], reconnection: false };
  const clients = [connect(nodes[0].url, options), connect(nodes[1].url, options)] as const;
  try {
    await waitFor('both clients to connect', () => clients.every(({ connected }) => connected) || undefined);
    await waitFor('each server to see both clients', async () => {
      const seen = await Promise.all(
        nodes.map(async ({ io }) => (await io.fetchSockets()).length).map(orNone),
      );
      return seen.every((count) => count === 2) ? true : undefined;
    });
    await waitUntilAllHear(nodes, clients);
    return await play(nodes, clients);
  } finally {
    for (const client of clients) client.disconnect();
    for (const node of nodes) await node.close();
  }
}

/**
 * Resolves when each client has heard each server. The streams adapter 0.3.1 reads from `$` until it has got its first
 * entry, and misses what is added between two such reads.
 */
async function waitUntilAllHear(nodes: readonly Node[], clients: readonly ClientSocket[]): Promise<void> {
  const heard = clients.map((client) => {
    const from = new Set<number>();
    client.on('ready', (index: number) => from.add(index));
    return from;
  });
  await waitFor('each client to hear each server', () => {
    for (const [index, { io }] of nodes.entries()) io.emit('ready', index);
    return heard.every(({ size }) => size === nodes.length) || undefined;
  });
}

/** Servers that are still subscribing do not answer: asked again. */
function orNone(answer: Promise<number>): Promise<number> {
  return answer.catch(() => 0);
}

async function playCluster(redisUrl: string, make: MakeBacking): Promise<unknown> {
  return withTwoNodes(redisUrl, make, async ([one, two], clients) => {
    const heard: unknown[][] = [[], []];
    for (const [index, client] of clients.entries()) {
      client.onAny((event: string, ...args: unknown[]) => {
        if (event !== 'ready') heard[index]?.push([event, ...args]);
      });
      client.on('question', (ack: (answer: string) => void) => {
        ack(`answer ${index}`);
      });
    }
    two.io.socketsJoin('room#1');
    await waitFor('both to join', async () =>
      (await one.io.in('room#1').fetchSockets()).length === 2 ? true : undefined,
    );
    one.io.emit('all', { text: 'héllo', bytes: Buffer.from([0, 255, 13, 10]) });
    one.io
      .to('room#1')
      .except(clients[0].id ?? '')
      .emit('room', 1, null, 'x');
    two.io.to(clients[0].id ?? '').emit('one', [1.5]);
    two.io.on('ping?', (argument: string, ack: (answer: string) => void) => {
      ack(`pong ${argument}`);
    });
    const served: unknown = await one.io.serverSideEmitWithAck('ping?', 'x');
    const answers = (await one.io.timeout(5000).emitWithAck('question')) as string[];
    await waitFor('everything to be heard', () => (heard.flat().length === 6 ? true : undefined));
    two.io.disconnectSockets();
    await waitFor('all to leave', () => clients.every(({ connected }) => !connected) || undefined);
    return {
      heard: heard.map((list) => list.map(describeEvent).sort()),
      served,
      answers: answers.sort(),
    };
  });
}

/** An event without the offset that connection state recovery appends. */
function describeEvent(event: unknown): string {
  return JSON.stringify(event).replace(/,"\d{13}-\d+"\]$/, ']');
}

describe('Socket.IO cannot tell mini-redis from redis-server', () => {
  for (const [name, make] of Object.entries(ADAPTERS)) {
    test(`adapter: ${name}`, async () => {
      const { mini, real } = await playOnBoth(({ url }) => playCluster(url, make));
      assert.deepEqual(mini, real);
      assert.deepEqual((mini as { served: unknown }).served, ['pong x']);
      assert.deepEqual((mini as { answers: unknown }).answers, ['answer 0', 'answer 1']);
    });
  }

  for (const name of ['streams over ioredis', 'streams over node-redis']) {
    test(`connection state recovery, ${name}`, async () => {
      const { mini, real } = await playOnBoth(({ url }) => playRecovery(url, name));
      assert.deepEqual(mini, real);
      assert.deepEqual(mini, { recovered: true, heard: ['before', 'missed'] });
    });
  }
});

async function playRecovery(redisUrl: string, name: string): Promise<unknown> {
  const make = ADAPTERS[name];
  assert.ok(make);
  return withTwoNodes(redisUrl, make, async ([one, two], [client]) => {
    const heard: string[] = [];
    client.on('news', (text: string) => heard.push(text));
    two.io.emit('news', 'before');
    await waitFor('the first news', () => (heard.length === 1 ? true : undefined));
    const [socket] = [...one.io.of('/').sockets.values()];
    assert.ok(socket);
    const gone = once(socket, 'disconnect');
    // The connection breaks; nobody said good-bye.
    client.io.engine.close();
    await gone;
    two.io.emit('news', 'missed');
    const redis = new Redis(redisUrl);
    await waitFor('a stored session and the missed news in the stream', async () => {
      const sessions = await redis.keys('sio:session:*');
      const news = JSON.stringify(await redis.xrevrange('socket.io', '+', '-', 'COUNT', 10));
      return sessions.length === 1 && news.includes('missed') ? true : undefined;
    });
    redis.disconnect();
    // Until then it takes itself for connected, and connects no second time.
    await waitFor('the client to notice, too', () => client.disconnected || undefined);
    client.connect();
    await waitFor('the missed news', () => (heard.length === 2 ? true : undefined));
    return { recovered: client.recovered, heard };
  });
}
