import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import { type PrivateRedis, startPrivateRedis } from '../../src/demo/private-redis.ts';
import { publishInBulk } from '../capture/live/publish-in-bulk.ts';
import { withClient } from '../capture/live/deployments.ts';
import { type Running, startCli } from '../support/cli.ts';
import { interrupt, numberedBroadcast, storyOf } from './records-of.ts';

/** More than a subscriber may leave unread at Redis' default limit of 32 MB. */
const LARGE_BYTES = 40 * 1024 * 1024;
const LONG_MS = 60_000;

const started: Running[] = [];

const startMonitor = async (url: string, ...args: readonly string[]): Promise<Running> => {
  const running = startCli(['monitor', '--json', '--url', url, ...args]);
  started.push(running);
  await running.until(/read-only/, LONG_MS);
  return running;
};

describe('monitor as a process', { concurrency: 2 }, () => {
  let server: PrivateRedis;
  let redis: Redis;

  before(async () => {
    server = await startPrivateRedis();
    redis = new Redis(server.url);
  });

  after(async () => {
    for (const { child } of started) child.kill('SIGKILL');
    redis.disconnect();
    await server.stop();
  });

  const publish = async (client: Redis, key: string, ...numbers: readonly number[]): Promise<void> => {
    for (const number of numbers) await client.publish(`${key}#/#`, numberedBroadcast(number));
  };
  const seen = (running: Running, number: number): Promise<void> =>
    running.until(new RegExp(`"args":\\[${number},`), LONG_MS);

  it('waits for a Redis that was killed, and says what it missed', async () => {
    const first = await startPrivateRedis();
    const running = await startMonitor(first.url);
    await withClient(first.url, (client) => publish(client, 'socket.io', 0, 1));
    await seen(running, 1);
    await first.stop();
    await running.until(/nothing listens there.* Trying again in/, LONG_MS);
    const second = await startPrivateRedis({ port: first.port });
    try {
      await running.until(/attached again/, LONG_MS);
      await withClient(second.url, (client) => publish(client, 'socket.io', 2, 3));
      await seen(running, 3);
      const { code, lines, stderr } = await interrupt(running);
      assert.equal(code, 130, stderr);
      assert.deepEqual(storyOf(lines), [0, 1, 'disconnected', 2, 3]);
      assert.match(stderr, /4 messages in .* · 1 gap$/m);
    } finally {
      await second.stop();
    }
  });

  for (const via of ['subscribe', 'monitor'] as const) {
    it(`comes back after CLIENT KILL with a gap, --via ${via}`, async () => {
      const own = await startPrivateRedis();
      const client = new Redis(own.url);
      try {
        const running = await startMonitor(own.url, '--via', via);
        await publish(client, 'socket.io', 0);
        await seen(running, 0);
        await client.call('CLIENT', 'KILL', 'SKIPME', 'yes');
        await running.until(/attached again/, LONG_MS);
        await publish(client, 'socket.io', 1);
        await seen(running, 1);
        const { code, lines, stderr } = await interrupt(running);
        assert.equal(code, 130, stderr);
        assert.deepEqual(storyOf(lines), [0, 'disconnected', 1]);
      } finally {
        client.disconnect();
        await own.stop();
      }
    });
  }

  it('is thrown out by Redis for a message of 40 MB, says so, and goes on', async () => {
    const running = await startMonitor(server.url, '--key', 'large');
    await publish(redis, 'large', 0);
    await seen(running, 0);
    await redis.publish('large#/#', numberedBroadcast(1, LARGE_BYTES));
    await running.until(/attached again/, LONG_MS);
    await publish(redis, 'large', 2);
    await seen(running, 2);
    const { code, lines, stderr } = await interrupt(running);
    assert.equal(code, 130, stderr);
    const story = storyOf(lines);
    assert.equal(story.length, 3);
    assert.deepEqual([story[0], story[2]], [0, 2]);
    assert.match(String(story[1]), /^(?:output-buffer|disconnected)$/);
    assert.match(stderr, /lost 127\.0\.0\.1:\d+.*[\s\S]*1 gap$/m);
  });

  it('takes a message of 40 MB by MONITOR, which has no such limit', async () => {
    const own = await startPrivateRedis();
    const client = new Redis(own.url);
    try {
      const running = await startMonitor(own.url, '--via', 'monitor');
      const large = numberedBroadcast(0, LARGE_BYTES);
      await client.publish('socket.io#/#', large);
      await publish(client, 'socket.io', 1);
      await seen(running, 1);
      const { code, lines, stderr } = await interrupt(running);
      assert.equal(code, 130, stderr);
      assert.deepEqual(storyOf(lines), [0, 1]);
      assert.equal(lines[0]?.bytes, large.length);
    } finally {
      client.disconnect();
      await own.stop();
    }
  });

  it('writes all that had come when SIGTERM falls into a burst', async () => {
    // However busy the machine is, what counts here is the end.
    const own = await startPrivateRedis({ args: ['--client-output-buffer-limit', 'pubsub 0 0 0'] });
    try {
      const running = await startMonitor(own.url);
      const known = 50_000;
      await publishInBulk(own, known, (index) => numberedBroadcast(index));
      const more = publishInBulk(own, 100_000, (index) => numberedBroadcast(known + index));
      const { code, lines, stderr } = await interrupt(running, 'SIGTERM');
      await more;
      assert.equal(code, 143, stderr);
      const story = storyOf(lines);
      assert.ok(story.length >= known, `${story.length} of ${known}\n${stderr}`);
      assert.equal(
        story.findIndex((number, index) => number !== index),
        -1,
      );
      assert.match(stderr, new RegExp(`${story.length} messages in .* · 0 gaps$`, 'm'));
    } finally {
      await own.stop();
    }
  });
});
