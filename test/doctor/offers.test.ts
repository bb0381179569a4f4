import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { type PrivateRedis, startPrivateRedis } from '../../src/demo/private-redis.ts';
import type { SeenClient } from '../../src/doctor/connections.ts';
import type { Look } from '../../src/doctor/evidence.ts';
import { examine, type Report } from '../../src/doctor/examine.ts';
import { rules } from '../../src/doctor/rules/index.ts';
import { diagnoseLive } from '../../src/session/diagnose.ts';
import { waitFor } from '../support/wait.ts';

const notOffered = rules.filter(({ name }) => name === 'not-offered');

async function examineWith(
  renamed: readonly string[],
  use: (redis: PrivateRedis) => Promise<() => void>,
): Promise<Report> {
  const redis = await startPrivateRedis({ args: renamed.flatMap((name) => ['--rename-command', name, '']) });
  try {
    const end = await use(redis);
    const signal = new AbortController().signal;
    const target = { url: redis.url };
    const report = await diagnoseLive({ rules: notOffered, target, via: 'subscribe', forMs: 0, signal });
    end();
    return report;
  } finally {
    await redis.stop();
  }
}

/** What a classic server of @socket.io/redis-adapter 8.3 subscribes to. */
async function subscribeLikeServer({ url }: PrivateRedis): Promise<() => void> {
  const sub = new Redis(url);
  await sub.psubscribe('socket.io#/#*');
  await sub.subscribe('socket.io-request#/#', 'socket.io-response#/#', 'socket.io-response#/#6n0BWC#');
  return () => {
    sub.disconnect();
  };
}

void test('not-offered: servers cannot count each other where there is no PUBSUB', async () => {
  const { cases } = await examineWith(['PUBSUB'], subscribeLikeServer);
  assert.equal(cases.length, 1);
  assert.match(cases[0]?.sentence ?? '', /1 server cannot count each other: Redis [\d.]+ has no PUBSUB/);
  assert.equal(cases[0]?.culprits[0]?.is, 'connection');
});

void test('not-offered: classic servers need no SSUBSCRIBE', async () => {
  const { cases, held } = await examineWith(['SSUBSCRIBE', 'SPUBLISH'], subscribeLikeServer);
  assert.deepEqual(cases, []);
  assert.equal(held.length, 1);
});

void test('not-offered: a client that only introduces itself with a command of Redis 7.2 is nobody to blame', async () => {
  const { cases } = await examineWith(['SSUBSCRIBE'], async ({ url }) => {
    const client = createClient({ url });
    client.on('error', () => undefined);
    await client.connect();
    const admin = new Redis(url);
    await waitFor('it to be a second old', async () =>
      / age=[1-9]\d* .* cmd=(?:NULL|client\|setinfo) /.test(String(await admin.client('LIST')))
        ? true
        : undefined,
    );
    return () => {
      client.destroy();
      admin.disconnect();
    };
  });
  assert.deepEqual(cases, []);
});

function lookAt(version: string, unknownCommands: readonly string[], lastCommand: string): Look {
  const client: SeenClient = {
    id: 7,
    node: '10.0.0.5:6379',
    address: '10.0.0.9:50122',
    name: '',
    ageSeconds: 9,
    idleSeconds: 9,
    db: 0,
    channels: 0,
    patterns: 0,
    shardChannels: 0,
    outputBytes: 0,
    lastCommand,
    flags: 'N',
  };
  return {
    from: 0,
    to: 1,
    facts: { node: client.node, product: 'Redis', version, mode: 'standalone' },
    nodes: [],
    groups: [],
    clients: [client],
    unknownCommands,
    denials: [],
    unreached: [],
    hidden: [],
  };
}

void test('not-offered: before Redis 7 a connection whose last command does not exist gives the sharded adapter away', () => {
  const check = (look: Look): readonly (readonly [string, readonly string[]])[] =>
    examine(notOffered, { looks: [look, look] }).cases.map(({ sure, culprits }) => [
      sure,
      culprits.map(({ value }) => value),
    ]);
  const missing = ['ssubscribe', 'spublish'];
  assert.deepEqual(check(lookAt('6.2.14', missing, 'NULL')), [['likely', ['10.0.0.9:50122']]]);
  assert.deepEqual(check(lookAt('6.2.14', missing, 'publish')), []);
  assert.deepEqual(check(lookAt('7.2.4', [], 'NULL')), []);
});

void test('the idle timeout of Redis spares subscribers, as the page of reconnect-rhythm says', async () => {
  const redis = await startPrivateRedis({ args: ['--timeout', '1'] });
  const [pub, sub, admin] = ['pub', 'sub', 'admin'].map((connectionName) => {
    const client = new Redis(redis.url, { connectionName, retryStrategy: () => null });
    client.on('error', () => undefined);
    return client;
  });
  try {
    assert.ok(pub && sub && admin);
    await Promise.all([sub.subscribe('socket.io-request#/#'), pub.ping()]);
    const names = async (): Promise<string> => String(await admin.client('LIST'));
    await waitFor('the publisher to be closed', async () =>
      /name=pub /.test(await names()) ? undefined : true,
    );
    assert.match(await names(), /name=sub .*sub=1 /);
    assert.equal(sub.status, 'ready');
  } finally {
    for (const client of [pub, sub, admin]) client?.disconnect();
    await redis.stop();
  }
});
