import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import { chooseWays } from '../../src/capture/live/choose-ways.ts';
import { lookAround } from '../../src/capture/live/look-around.ts';
import { openWays } from '../../src/capture/live/open-ways.ts';
import type { LiveWay } from '../../src/capture/live/way.ts';
import { type PrivateRedis, startPrivateRedis } from '../../src/demo/private-redis.ts';
import type { Source } from '../../src/model/frame.ts';
import { findPlace, withAllLinks } from '../../src/redis/place.ts';
import { listAllServers, readFacts } from '../../src/redis/registry.ts';
import { type Collecting, collect } from '../capture/live/collect.ts';
import { startCluster, startPair, startSentinels } from '../capture/live/deployments.ts';
import { waitFor } from '../support/wait.ts';
import { type AdapterName, startTrio } from './three-servers.ts';

const ADAPTERS = ['classic', 'sharded', 'streams'] as const;
const CLIENTS = ['ioredis', 'node-redis'] as const;
/** The ways that there are on a single node. */
const WAYS = ['subscribe', 'stream', 'replication', 'monitor'] as const;
const QUICK = ['--repl-diskless-sync-delay', '0'];
const ALL = { sockets: 3, replies: ['server 1', 'server 2'] };

/** The channel that servers of each adapter count their peers by. */
const COUNTED: Readonly<Record<AdapterName, { readonly channel: string; readonly sharded: boolean }>> = {
  classic: { channel: 'socket.io-request#/#', sharded: false },
  sharded: { channel: 'socket.io#/#', sharded: true },
  streams: { channel: 'socket.io#/#', sharded: false },
};

/** Opens ways as the command line does. */
function start(url: string, ways: readonly LiveWay[], sentinel?: string): Collecting {
  return collect((onEvent) => {
    const source: Source = async function* (signal) {
      const place = await findPlace({ url }, sentinel, signal);
      yield* (await openWays(ways, { place, onEvent }, signal))(signal);
    };
    return source;
  });
}

/** Everything that we ever ask a Redis beside the sources. */
async function lookAtAll(url: string, sentinel?: string): Promise<void> {
  const { signal } = new AbortController();
  const place = await findPlace({ url }, sentinel, signal);
  await withAllLinks(place, signal, async (links) => {
    await readFacts(links[0]);
    await listAllServers(links);
    await lookAround(links, { keys: ['socket.io', 'nothing'], ways: ['subscribe'] });
  });
  await chooseWays({ place }, signal);
}

const sorted = ({ sockets, replies }: { sockets: number; replies: readonly unknown[] }): unknown => ({
  sockets,
  replies: [...replies].sort(),
});

// Side by side: most of the time they wait for a timeout.
describe('servers that we watch', { concurrency: true }, () => {
  for (const [adapter, client] of ADAPTERS.flatMap((one) => CLIENTS.map((other) => [one, other] as const))) {
    describe(`three ${adapter} servers on ${client}`, { concurrency: false }, () => {
      let server: PrivateRedis;

      before(async () => {
        server = await startPrivateRedis({ args: QUICK });
      });

      after(() => server.stop());

      it('answer each other in full while we are attached in every way and look around', async () => {
        const trio = await startTrio(server.url, adapter, client);
        try {
          assert.deepEqual(sorted(await trio.ask()), ALL, 'without us');
          for (const way of WAYS) {
            const source = start(server.url, [way]);
            await source.attached();
            assert.deepEqual(sorted(await trio.ask()), ALL, `with ${way}`);
            await lookAtAll(server.url);
            assert.deepEqual(sorted(await trio.ask()), ALL, `with ${way}, having looked around`);
            await source.stop();
          }
        } finally {
          await trio.stop();
        }
      });

      it('do not when somebody subscribes to the counted channel, so that this test can fail', async () => {
        const trio = await startTrio(server.url, adapter, client);
        const intruder = new Redis(server.url);
        try {
          const { channel, sharded } = COUNTED[adapter];
          await (sharded ? intruder.ssubscribe(channel) : intruder.subscribe(channel));
          const [sockets, replies] = await trio.tryToAsk();
          assert.match(String(sockets), /timeout reached/);
          assert.match(String(replies), /timeout reached/);
        } finally {
          intruder.disconnect();
          await trio.stop();
        }
      });
    });
  }
});

describe('servers on more than one node', { concurrency: true }, () => {
  const pairs = ADAPTERS.flatMap((adapter) => CLIENTS.map((client) => [adapter, client] as const));

  it('do not notice us on a replica', async () => {
    const pair = await startPair();
    try {
      for (const [adapter, client] of pairs) {
        const trio = await startTrio(pair.url, adapter, client);
        const source = start(pair.url, ['replica', 'subscribe', 'stream']);
        await source.attached(3);
        await lookAtAll(pair.url);
        assert.deepEqual(sorted(await trio.ask()), ALL, `${adapter} on ${client}`);
        await source.stop();
        await trio.stop();
      }
    } finally {
      await pair.stop();
    }
  });

  it('do not notice us where Sentinels watch', async () => {
    const sentinels = await startSentinels();
    try {
      const primary = sentinels.nodes[0]?.url ?? '';
      for (const [adapter, client] of pairs) {
        const trio = await startTrio(primary, adapter, client);
        const source = start(sentinels.url, ['replica', 'subscribe', 'stream', 'monitor'], 'main');
        await source.attached(4);
        await lookAtAll(sentinels.url, 'main');
        assert.deepEqual(sorted(await trio.ask()), ALL, `${adapter} on ${client}`);
        await source.stop();
        await trio.stop();
      }
    } finally {
      await sentinels.stop();
    }
  });

  it('do not notice us in a cluster', async () => {
    const cluster = await startCluster();
    try {
      const nodes = cluster.nodes.map(({ url }) => url);
      for (const [adapter, client] of pairs) {
        const trio = await startTrio(nodes, adapter, client);
        assert.deepEqual(sorted(await trio.ask()), ALL, `${adapter} on ${client} without us`);
        const source = start(cluster.url, ['replica', 'subscribe', 'stream', 'monitor']);
        await source.attached(6);
        await lookAtAll(cluster.url);
        assert.deepEqual(sorted(await trio.ask()), ALL, `${adapter} on ${client}`);
        await source.stop();
        await trio.stop();
      }
    } finally {
      await cluster.stop();
    }
  });
});

describe('everything that we send', () => {
  const HARMLESS = new Set([
    'AUTH',
    'CLIENT',
    'CLUSTER',
    'HELLO',
    'INFO',
    'PING',
    'PSUBSCRIBE',
    'PUBSUB',
    'SCAN',
    'XINFO',
    'XREAD',
  ]);

  it('neither writes, publishes nor subscribes by name, as MONITOR saw it', async () => {
    const server = await startPrivateRedis({ args: QUICK });
    const redis = new Redis(server.url);
    const addresses = [/ addr=(\S+)/.exec(await redis.client('INFO'))?.[1]];
    const ours: string[] = [];
    let isOver = false;
    const witness = await redis.monitor();
    witness.on('monitor', (_time: string, [command = '', ...rest]: string[], source: string) => {
      // Whoever is not the test's own client is one of ours.
      if (!addresses.includes(source)) ours.push(command.toUpperCase());
      else if (rest[0] === 'the') isOver = true;
    });
    try {
      await redis.xadd('socket.io', '*', 'uid', '0', 'nsp', '/', 'type', '3');
      for (const way of WAYS) {
        const source = start(server.url, [way]);
        await source.attached();
        await lookAtAll(server.url);
        await source.stop();
      }
      await redis.set('the', 'end');
      await waitFor('the end', () => isOver || undefined);
      const commands = new Set(ours);
      for (const expected of ['PSUBSCRIBE', 'PUBSUB', 'SCAN', 'XREAD', 'INFO', 'CLIENT']) {
        assert.ok(commands.has(expected), `${expected} among ${[...commands].join()}`);
      }
      assert.deepEqual(
        [...commands].filter((command) => !HARMLESS.has(command)),
        [],
      );
    } finally {
      witness.disconnect();
      redis.disconnect();
      await server.stop();
    }
  });

  it('has no word for an exact subscription in the code that attaches', async () => {
    const directory = new URL('../../src/capture/live/', import.meta.url);
    for (const name of await readdir(directory)) {
      const code = await readFile(new URL(name, directory), 'utf8');
      assert.doesNotMatch(code, /['"`]S?SUBSCRIBE/, name);
    }
  });
});
