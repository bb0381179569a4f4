import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import { encodeCommand } from '../../../src/bytes/resp-encode.ts';
import { type SubscribeOptions, subscribeSource } from '../../../src/capture/live/subscribe.ts';
import { type PrivateRedis, startPrivateRedis } from '../../../src/demo/private-redis.ts';
import type { Captured } from '../../../src/model/frame.ts';
import { type Collecting, collect } from './collect.ts';
import { startFakeRedis } from './fake-redis.ts';
import { publishInBulk } from './publish-in-bulk.ts';

describe('subscribeSource in a burst', () => {
  let server: PrivateRedis;
  let redis: Redis;

  before(async () => {
    server = await startPrivateRedis();
    redis = new Redis(server.url);
  });

  after(async () => {
    redis.disconnect();
    await server.stop();
  });

  const start = (
    options: Partial<SubscribeOptions> = {},
    turn?: (batch: readonly Captured[]) => Promise<void> | void,
  ): Collecting =>
    collect(
      (onEvent) =>
        subscribeSource({ target: { url: server.url }, patterns: ['socket.io*'], onEvent, ...options }),
      turn,
    );

  it('loses nothing of a burst at default limits', async () => {
    const source = start();
    await source.attached();
    await publishInBulk(server, 100_000);
    await source.stop();
    assertNumbered(source, 100_000);
    assert.deepEqual(source.gaps(), []);
  });

  it('spools to disk behind a consumer that stands still, and keeps the order', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'sio-inspect-test-'));
    let go = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const source = start({ bufferBytes: 1_000_000, spoolDirectory: directory }, () => gate);
    await source.attached();
    await publishInBulk(server, 100_000);
    await source.until('the spool', () => source.events.some(({ is }) => is === 'spooling'));
    go();
    await source.stop();
    assertNumbered(source, 100_000);
    assert.deepEqual(source.gaps(), []);
    assert.deepEqual(await readdir(directory), []);
    await rm(directory, { recursive: true });
  });

  it('goes on reading the socket past half of the buffer, however slow its consumer is', async () => {
    const deliveries = Array.from({ length: 200_000 }, (_, i) =>
      encodeCommand(['pmessage', 'socket.io*', 'socket.io#/#', String(i).padStart(114)]),
    );
    const fake = await startFakeRedis(Buffer.concat(deliveries));
    const source = start({ target: { url: fake.url }, bufferBytes: 16_000_000 });
    await source.until('the spool', () => source.events.some(({ is }) => is === 'spooling'));
    await source.until('all', () => source.frames().length === deliveries.length);
    await source.stop();
    fake.stop();
    assertNumbered(source, deliveries.length);
  });

  it('lets go of Redis and notes a gap when neither memory nor disk has room', async () => {
    let go = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const source = start({ bufferBytes: 1_000_000, spoolDirectory: '/nowhere/at/all' }, () => gate);
    await source.attached();
    await publishInBulk(server, 100_000);
    await source.until('letting go', () => source.events.some(({ is }) => is === 'lost'));
    go();
    await source.attached(2);
    await redis.publish('socket.io#/#', '100000');
    await source.stop();
    assert.deepEqual(
      source.gaps().map(({ reason }) => reason),
      ['dropped'],
    );
    const numbers = source.frames().map(({ payload }) => Number(String(payload)));
    const gapAt = source.captured.findIndex(({ is }) => is === 'gap');
    assert.ok(gapAt > 0 && gapAt < 100_000);
    assert.deepEqual(
      numbers.slice(0, gapAt),
      Array.from({ length: gapAt }, (_, i) => i),
    );
    assert.equal(numbers.at(-1), 100_000);
  });
});

function assertNumbered(source: Collecting, count: number): void {
  const frames = source.frames();
  assert.equal(frames.length, count);
  const wrong = frames.findIndex(({ payload }, i) => Number(String(payload)) !== i);
  assert.equal(wrong, -1);
}
