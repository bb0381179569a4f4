import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Cluster, Redis } from 'ioredis';
import { openWays, type WaysOptions } from '../../src/capture/live/open-ways.ts';
import type { LiveWay } from '../../src/capture/live/way.ts';
import { findFreePort, type PrivateRedis, startPrivateRedis } from '../../src/demo/private-redis.ts';
import type { Frame, Source } from '../../src/model/frame.ts';
import { findPlace, withAllLinks } from '../../src/redis/place.ts';
import { listAllServers } from '../../src/redis/registry.ts';
import type { RedisTarget } from '../../src/redis/target.ts';
import { type Collecting, collect } from '../capture/live/collect.ts';
import {
  type Deployment,
  startCluster,
  startPair,
  startSentinels,
  withClient,
} from '../capture/live/deployments.ts';
import { makeCertificates } from '../redis/certificates.ts';
import { waitFor } from '../support/wait.ts';

const CHANNELS = ['socket.io#/#', 'socket.io#/chat#', 'socket.io#/#room#', 'socket.io-request#/#'];

/** Opens ways as the command line does, from one address. */
function start(
  target: RedisTarget,
  ways: readonly LiveWay[],
  options: Partial<WaysOptions> & { readonly sentinel?: string } = {},
): Collecting {
  const { sentinel, ...more } = options;
  return collect((onEvent) => {
    const source: Source = async function* (signal) {
      const place = await findPlace(target, sentinel, signal);
      yield* (await openWays(ways, { place, onEvent, ...more }, signal))(signal);
    };
    return source;
  });
}

const contentOf = ({ channel, payload }: Frame): string =>
  `${Buffer.from(channel ?? []).toString()} ${Buffer.from(payload ?? []).toString()}`;

const contents = (source: Collecting): readonly string[] => source.frames().map(contentOf).sort();

interface Story {
  readonly published: readonly string[];
  readonly added: readonly string[];
}

let told = 0;

/**
 * The same story everywhere, classic publishes and one stream, in words of its own: a cluster may still be passing on
 * the story before.
 */
async function tell(client: Redis | Cluster): Promise<Story> {
  const story = `story ${++told}`;
  for (const [index, channel] of CHANNELS.entries()) await client.publish(channel, `${story}.${index}`);
  for (let i = 0; i < 3; i++) {
    await client.xadd('socket.io', '*', 'uid', '0', 'nsp', '/', 'type', '3', 'data', `${story}.${i}`);
  }
  return {
    published: CHANNELS.map((channel, index) => `${channel} ${story}.${index}`).sort(),
    added: [0, 1, 2].map((i) => `socket.io ${story}.${i}`),
  };
}

/** Waits for the story's messages, and wants each of them once. */
async function assertTold(source: Collecting, expected: readonly string[], what: string): Promise<void> {
  const story = / (story \d+\.)/.exec(expected[0] ?? '')?.[1] ?? '';
  const heard = (): readonly string[] => contents(source).filter((one) => one.includes(story));
  await source.until(`${what} to see all`, () => heard().length >= expected.length, 30_000);
  await source.stop();
  assert.deepEqual(heard(), [...expected].sort(), what);
}

/** Watches in these ways, each apart, and wants what each can see. */
async function assertSees(
  target: RedisTarget,
  ways: readonly LiveWay[],
  client: Redis | Cluster,
  options: { readonly sentinel?: string; readonly nodes?: number } = {},
): Promise<void> {
  for (const way of ways) {
    const source = start(target, [way], options);
    await source.attached(way === 'monitor' ? (options.nodes ?? 1) : 1);
    const { published, added } = await tell(client);
    const expected =
      way === 'subscribe' ? published : way === 'stream' ? added : [...published, ...added].sort();
    await assertTold(source, expected, way);
    assert.deepEqual(source.gaps(), [], way);
  }
}

describe('a single node', { concurrency: true }, () => {
  it('over TLS with a private authority', async () => {
    const files = await makeCertificates();
    const port = await findFreePort();
    const server = await startPrivateRedis({
      args: [...files.serverArgs(port), '--tls-auth-clients', 'optional', '--repl-diskless-sync-delay', '0'],
    });
    const tls = { ca: files.ca, sni: 'redis.test' };
    const client = new Redis(port, '127.0.0.1', { tls: { ca: files.ca, servername: 'redis.test' } });
    try {
      await assertSees(
        { url: `rediss://127.0.0.1:${port}`, tls },
        ['subscribe', 'monitor', 'stream', 'replication'],
        client,
      );
    } finally {
      client.disconnect();
      await server.stop();
      await files.remove();
    }
  });

  it('over a unix socket', async () => {
    const server = await startPrivateRedis({
      args: ['--unixsocket', 'redis.sock', '--repl-diskless-sync-delay', '0'],
    });
    const path = join(server.directory, 'redis.sock');
    const client = new Redis(path);
    try {
      // All clients look alike on a unix socket: MONITOR shows what we ask ourselves, too, but that is no traffic.
      await assertSees({ url: `unix://${path}` }, ['subscribe', 'stream', 'replication'], client);
    } finally {
      client.disconnect();
      await server.stop();
    }
  });

  it('as a user with the least rights for each way', async () => {
    const server = await startPrivateRedis({ args: ['--repl-diskless-sync-delay', '0'] });
    const client = new Redis(server.url);
    const rules: Readonly<Record<string, readonly string[]>> = {
      subscribe: ['+psubscribe', '&socket.io*'],
      monitor: ['+monitor'],
      stream: ['~socket.io*', '+xread', '+xinfo'],
      replication: ['+info', '+pubsub', '+psync', '+replconf'],
    };
    try {
      for (const way of ['subscribe', 'monitor', 'stream', 'replication'] as const) {
        await client.call('ACL', 'SETUSER', way, 'reset', 'on', '>secret', ...(rules[way] ?? []));
        await assertSees({ url: server.url, user: way, password: 'secret' }, [way], client);
      }
    } finally {
      client.disconnect();
      await server.stop();
    }
  });
});

describe('a primary with a replica', () => {
  let pair: Deployment;
  let client: Redis;

  before(async () => {
    pair = await startPair();
    client = new Redis(pair.url);
  });

  after(async () => {
    client.disconnect();
    await pair.stop();
  });

  it('shows on the replica what the primary is told, sharded publishes too, without a sender', async () => {
    const source = start({ url: pair.url }, ['replica']);
    await source.attached();
    const { published, added } = await tell(client);
    await client.spublish('socket.io#/#', 'sharded');
    const expected = [...published, ...added, 'socket.io#/# sharded'].sort();
    await source.until('all', () => source.frames().length >= expected.length);
    await source.stop();
    assert.deepEqual(contents(source), expected);
    for (const { via, client: sender, node } of source.frames()) {
      assert.equal(via, 'replica');
      assert.equal(sender, undefined);
      assert.equal(node, `127.0.0.1:${pair.nodes[1]?.port ?? 0}`);
    }
  });

  it('gives the same messages in every way', async () => {
    await assertSees({ url: pair.url }, ['subscribe', 'stream', 'monitor', 'replication', 'replica'], client);
  });

  it('runs several ways at once', async () => {
    const source = start({ url: pair.url }, ['subscribe', 'stream']);
    await source.attached(2);
    const { published, added } = await tell(client);
    await assertTold(source, [...published, ...added], 'both');
  });

  it('says so where there is no replica', async () => {
    await withClient(pair.nodes[1]?.url ?? '', async (replica) => {
      await replica.call('REPLICAOF', 'NO', 'ONE');
      await waitFor('the primary to notice', async () =>
        (await client.info('replication')).includes('connected_slaves:0') ? true : undefined,
      );
      await assert.rejects(start({ url: pair.url }, ['replica']).attached(), {
        code: 'unsuitable',
        message: /no replica/,
      });
    });
  });
});

describe('a cluster', () => {
  let cluster: Deployment;
  let client: Cluster;

  before(async () => {
    cluster = await startCluster();
    client = new Cluster(cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port })));
    client.on('error', () => undefined);
  });

  after(async () => {
    client.disconnect();
    await cluster.stop();
  });

  it('gives the same messages as a single node, from any one address', async () => {
    for (const url of [cluster.url, cluster.nodes[5]?.url ?? '']) {
      await assertSees({ url }, ['subscribe', 'stream', 'monitor'], client, { nodes: 3 });
    }
  });

  it('shows on a replica what is published', async () => {
    const source = start({ url: cluster.url }, ['replica']);
    await source.attached();
    const { published } = await tell(client);
    await assertTold(source, published, 'replica');
    assert.ok(source.frames().every(({ via }) => via === 'replica'));
  });

  it('shows sharded publishes of all slots by MONITOR', async () => {
    const source = start({ url: cluster.url }, ['monitor']);
    await source.attached(3);
    const channels = Array.from({ length: 12 }, (_, i) => `socket.io#/#room${i}#`);
    for (const channel of channels) await client.spublish(channel, 'x');
    await source.until('all', () => source.frames().length >= 12);
    await source.stop();
    assert.deepEqual(contents(source), channels.map((channel) => `${channel} x`).sort());
    assert.ok(new Set(source.frames().map(({ node }) => node)).size > 1);
  });

  it('refuses the replication stream, which has no publishes there', async () => {
    await assert.rejects(start({ url: cluster.url }, ['replication']).attached(), {
      code: 'unsuitable',
      message: /cluster/,
    });
  });

  it('adds up over all nodes who is subscribed', async () => {
    const servers = cluster.nodes.slice(0, 4).map(({ url }) => new Redis(url));
    for (const [index, server] of servers.entries()) {
      await server.subscribe(
        'socket.io-request#/#',
        'socket.io-response#/#',
        `socket.io-response#/#uid${index}#`,
      );
    }
    const signal = new AbortController().signal;
    const place = await findPlace({ url: cluster.url }, undefined, signal);
    const { groups } = await withAllLinks(place, signal, listAllServers);
    for (const server of servers) server.disconnect();
    assert.deepEqual(groups, [
      { adapter: 'redis', key: 'socket.io', nsp: '/', uids: ['uid0', 'uid1', 'uid2', 'uid3'], counted: 4 },
    ]);
  });

  // The last one: the cluster is not whole afterwards.
  it('follows a failover: MONITOR goes to the new primary with a gap, the stream goes on without', async () => {
    const monitor = start({ url: cluster.url }, ['monitor']);
    const stream = start({ url: cluster.url }, ['stream']);
    await monitor.attached(3);
    await stream.attached();
    const owner = await findOwnerOf('socket.io', cluster);
    await client.xadd('socket.io', '*', 'data', 'before');
    await stream.until('the entry', () => stream.frames().length === 1);
    await owner.stop();
    await waitFor('the replica to take over', () => addAfter(client), 30_000);
    await stream.until(
      'the entry after it',
      () => stream.frames().some((frame) => contentOf(frame).endsWith('after')),
      30_000,
    );
    await monitor.until('another primary', () => monitor.gaps().length > 0, 30_000);
    await client.xadd('socket.io', '*', 'data', 'later');
    await monitor.until('the entry there', () => contents(monitor).includes('socket.io later'), 30_000);
    await monitor.stop();
    await stream.stop();
    const added = stream.frames().map(contentOf);
    assert.equal(added[0], 'socket.io before');
    assert.equal(added.at(-1), 'socket.io later');
    assert.deepEqual(stream.gaps(), []);
    assert.ok(monitor.gaps().every(({ reason }) => reason === 'disconnected'));
  });
});

async function findOwnerOf(key: string, { nodes, url }: Deployment): Promise<PrivateRedis> {
  return withClient(url, async (client) => {
    const slot = await client.cluster('KEYSLOT', key);
    const shards = (await client.cluster('SLOTS')) as unknown as readonly [
      number,
      number,
      [string, number],
    ][];
    const port = shards.find(([from, to]) => from <= slot && slot <= to)?.[2][1];
    const owner = nodes.find((node) => node.port === port);
    assert.ok(owner);
    return owner;
  });
}

async function addAfter(client: Cluster): Promise<true | undefined> {
  const added = client.xadd('socket.io', '*', 'data', 'after');
  const timeout = new Promise<undefined>((resolve) => {
    setTimeout(() => {
      resolve(undefined);
    }, 500);
  });
  return Promise.race([
    added.then(
      () => true as const,
      () => undefined,
    ),
    timeout,
  ]);
}

describe('a Sentinel trio', () => {
  let trio: Deployment;

  before(async () => {
    trio = await startSentinels();
  });

  after(() => trio.stop());

  it('refuses the replication stream, and another name than the ones it knows', async () => {
    await assert.rejects(start({ url: trio.url }, ['replication'], { sentinel: 'main' }).attached(), {
      message: /A Sentinel watches/,
    });
    await assert.rejects(start({ url: trio.url }, ['subscribe'], { sentinel: 'other' }).attached(), {
      message: /no primary with the name "other".*"main"/,
    });
    await assert.rejects(
      start({ url: trio.nodes[0]?.url ?? '' }, ['subscribe'], { sentinel: 'main' }).attached(),
      {
        message: /is no Sentinel/,
      },
    );
  });

  it('gives the same messages as a single node', async () => {
    const client = new Redis(trio.nodes[0]?.url ?? '');
    await assertSees({ url: trio.url }, ['subscribe', 'stream', 'monitor', 'replica'], client, {
      sentinel: 'main',
    });
    client.disconnect();
  });

  it('follows a failover, with a gap for what is published and none for a stream', async () => {
    const source = start({ url: trio.url }, ['subscribe', 'stream'], { sentinel: 'main' });
    await source.attached(2);
    const [primary, replica] = trio.nodes;
    const before = new Redis(primary?.url ?? '', { retryStrategy: () => null });
    before.on('error', () => undefined);
    await tell(before);
    await source.until('all before', () => source.frames().length >= 7);
    await before.wait(1, 5000);
    await primary?.stop();
    await waitFor(
      'the replica to be the primary',
      () =>
        withClient(
          replica?.url ?? '',
          async (client) => (await client.info('replication')).includes('role:master') || undefined,
        ),
      30_000,
    );
    await source.attached(4);
    await withClient(replica?.url ?? '', (client) => tell(client));
    await source.until('all after', () => source.frames().length >= 14, 30_000);
    await source.stop();
    assert.equal(new Set(contents(source)).size, 14);
    assert.deepEqual(
      source.gaps().map(({ via, reason }) => [via, reason]),
      [['subscribe', 'disconnected']],
    );
  });
});
