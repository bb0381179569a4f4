import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Redis } from 'ioredis';
import { findFreePort, startPrivateRedis } from '../../src/demo/private-redis.ts';
import { findPlace, withAllLinks } from '../../src/redis/place.ts';
import { runCli } from '../support/cli.ts';
import { waitFor } from '../support/wait.ts';

const SLOTS = 16_384;

void test('a node of a cluster that cannot be reached is left out, and said so', async () => {
  // One node that believes another to have half of the slots: to us it looks like a node behind a firewall.
  const args = ['--cluster-enabled', 'yes', '--cluster-port', String(await findFreePort())];
  const redis = await startPrivateRedis({ args });
  const [gone, goneBus] = [await findFreePort(), await findFreePort()];
  const other = await startPrivateRedis({
    port: gone,
    args: ['--cluster-enabled', 'yes', '--cluster-port', String(goneBus)],
  });
  const admins = [redis, other].map(({ url }) => new Redis(url, { retryStrategy: () => null }));
  for (const admin of admins) admin.on('error', () => undefined);
  try {
    await admins[0]?.call('CLUSTER', 'ADDSLOTSRANGE', 0, SLOTS / 2 - 1);
    await admins[1]?.call('CLUSTER', 'ADDSLOTSRANGE', SLOTS / 2, SLOTS - 1);
    await admins[0]?.call('CLUSTER', 'MEET', '127.0.0.1', gone, goneBus);
    const signal = new AbortController().signal;
    const place = await findPlace({ url: redis.url }, undefined, signal);
    await waitFor('both to know each other', async () =>
      (await place.locateNodes(signal)).length === 2 ? true : undefined,
    );
    await other.stop();
    const asked = await withAllLinks(place, signal, (links, unreached) =>
      Promise.resolve({ links, unreached }),
    );
    assert.deepEqual(
      asked.links.map(({ node }) => node),
      [`127.0.0.1:${redis.port}`],
    );
    assert.equal(asked.unreached.length, 1);
    assert.match(asked.unreached[0] ?? '', new RegExp(`127\\.0\\.0\\.1:${gone}`));
    for (const words of [['servers'], ['doctor', '--for', '0s']]) {
      const { code, stdout } = await runCli([...words, '--url', redis.url]);
      assert.equal(code, 0, stdout);
      assert.match(stdout.replace(/\s+/g, ' '), new RegExp(`127\\.0\\.0\\.1:${gone}`));
    }
  } finally {
    for (const admin of admins) admin.disconnect();
    await other.stop();
    await redis.stop();
  }
});
