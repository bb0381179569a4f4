import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import { lookAround } from '../../src/capture/live/look-around.ts';
import { monitorSource } from '../../src/capture/live/monitor.ts';
import { subscribeSource } from '../../src/capture/live/subscribe.ts';
import type { LiveEvent } from '../../src/capture/live/way.ts';
import { type PrivateRedis, startPrivateRedis } from '../../src/demo/private-redis.ts';
import type { Source } from '../../src/model/frame.ts';
import { connect } from '../../src/redis/connect.ts';
import { listServers, readFacts } from '../../src/redis/registry.ts';
import { type Collecting, collect } from '../capture/live/collect.ts';
import { waitFor } from '../support/wait.ts';
import { type AdapterName, startTrio } from './three-servers.ts';

const ADAPTERS = ['classic', 'sharded', 'streams'] as const;
const CLIENTS = ['ioredis', 'node-redis'] as const;
const ALL = { sockets: 3, replies: ['server 1', 'server 2'] };

/** The channel that servers of each adapter count their peers by. */
const COUNTED: Readonly<Record<AdapterName, { readonly channel: string; readonly sharded: boolean }>> = {
  classic: { channel: 'socket.io-request#/#', sharded: false },
  sharded: { channel: 'socket.io#/#', sharded: true },
  streams: { channel: 'socket.io#/#', sharded: false },
};

type Sources = Readonly<Record<string, (url: string, onEvent: (event: LiveEvent) => void) => Source>>;
const SOURCES: Sources = {
  subscribe: (url, onEvent) =>
    subscribeSource({ target: { url }, patterns: ['socket.io*'], optionalPatterns: ['socketio'], onEvent }),
  monitor: (url, onEvent) => monitorSource({ target: { url }, onEvent }),
};

const start = (name: string, url: string): Collecting =>
  collect((onEvent) => {
    const create = SOURCES[name];
    assert.ok(create);
    return create(url, onEvent);
  });

/** Everything that we ever ask a Redis beside the sources. */
async function lookAtAll(url: string): Promise<void> {
  const link = await connect({ url });
  await readFacts(link);
  await listServers(link);
  await lookAround([link], { keys: ['socket.io', 'nothing'], ways: ['subscribe'] });
  link.close();
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
        server = await startPrivateRedis();
      });

      after(() => server.stop());

      it('answer each other in full while we are attached in every way and look around', async () => {
        const trio = await startTrio(server.url, adapter, client);
        try {
          assert.deepEqual(sorted(await trio.ask()), ALL, 'without us');
          for (const name of Object.keys(SOURCES)) {
            const source = start(name, server.url);
            await source.attached();
            assert.deepEqual(sorted(await trio.ask()), ALL, `with ${name}`);
            await lookAtAll(server.url);
            assert.deepEqual(sorted(await trio.ask()), ALL, `with ${name}, having looked around`);
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

describe('everything that we send', () => {
  const HARMLESS = new Set([
    'PING',
    'CLIENT',
    'INFO',
    'PUBSUB',
    'SCAN',
    'XINFO',
    'PSUBSCRIBE',
    'HELLO',
    'AUTH',
  ]);

  it('neither writes, publishes nor subscribes by name, as MONITOR saw it', async () => {
    const server = await startPrivateRedis();
    const lines: string[] = [];
    const redis = new Redis(server.url);
    const witness = await redis.monitor();
    witness.on('monitor', (_time: string, args: string[], source: string) =>
      lines.push(`${source} ${args.join(' ')}`),
    );
    try {
      await redis.xadd('socket.io', '*', 'uid', '0', 'nsp', '/', 'type', '3');
      for (const name of Object.keys(SOURCES)) {
        const source = start(name, server.url);
        await source.attached();
        await lookAtAll(server.url);
        await source.stop();
      }
      await redis.set('the', 'end');
      await waitFor('the end', () => (lines.some((line) => line.endsWith('set the end')) ? true : undefined));
      const own = lines.filter((line) => !/ (info|xadd|set|client|hello)\b/.test(line));
      const commands = new Set(own.map((line) => (line.split(' ')[1] ?? '').toUpperCase()));
      assert.ok(
        commands.has('PSUBSCRIBE') && commands.has('PUBSUB') && commands.has('SCAN'),
        [...commands].join(),
      );
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
