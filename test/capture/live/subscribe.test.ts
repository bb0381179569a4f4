import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import { type SubscribeOptions, subscribeSource } from '../../../src/capture/live/subscribe.ts';
import { type PrivateRedis, startPrivateRedis } from '../../../src/demo/private-redis.ts';
import { RedisFailure } from '../../../src/redis/failure.ts';
import { type Collecting, collect } from './collect.ts';
import { waitFor } from '../../support/wait.ts';
import { startFakeRedis } from './fake-redis.ts';

const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

describe('subscribeSource', () => {
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

  const start = (options: Partial<SubscribeOptions> = {}): Collecting =>
    collect((onEvent) =>
      subscribeSource({ target: { url: server.url }, patterns: ['socket.io*'], onEvent, ...options }),
    );

  const killSource = async (): Promise<void> => {
    const list = String(await redis.client('LIST'));
    const [id] = list
      .split('\n')
      .flatMap((line) => (/ name=sio-inspect .* psub=[1-9]/.test(line) ? [/^id=(\d+)/.exec(line)?.[1]] : []));
    assert.ok(id !== undefined, list);
    await redis.client('KILL', 'ID', id);
  };

  it('keeps every byte of channel and payload, in order, with the time of arrival', async () => {
    const source = start();
    await source.attached();
    const before = Date.now() * 1000 - 1000;
    const channel = Buffer.concat([Buffer.from('socket.io#/'), ALL_BYTES, Buffer.from('#')]);
    await redis.publish(channel, ALL_BYTES);
    await redis.publish('socket.io#/#', '');
    await redis.publish('other', 'not ours');
    await source.stop();
    const [first, second, ...more] = source.frames();
    assert.deepEqual(more, []);
    assert.deepEqual(Buffer.from(first?.channel ?? []), channel);
    assert.deepEqual(Buffer.from(first?.payload ?? []), ALL_BYTES);
    assert.equal(second?.payload?.length, 0);
    assert.equal(first?.via, 'subscribe');
    assert.equal(first.command, 'PMESSAGE');
    assert.equal(first.node, `127.0.0.1:${server.port}`);
    assert.ok((first.time ?? 0) >= before && (first.time ?? 0) <= (second.time ?? 0));
  });

  it('reports a message once however many patterns match', async () => {
    const patterns = ['socket.io*', 'socket.io-x*', '*#/#', 'socket.io*'];
    const source = start({ patterns });
    await source.attached();
    for (const channel of ['socket.io-x#/#', 'socket.io#/#', 'else#/#', 'socket.io-x'])
      await redis.publish(channel, 'x');
    await source.stop();
    assert.deepEqual(
      source.frames().map(({ channel }) => String(channel)),
      ['socket.io-x#/#', 'socket.io#/#', 'else#/#', 'socket.io-x'],
    );
  });

  it('yields what was published before the abort, then ends', async () => {
    const source = start();
    await source.attached();
    const pipeline = redis.pipeline();
    for (let i = 0; i < 5000; i++) pipeline.publish('socket.io#/#', String(i));
    await pipeline.exec();
    await source.stop();
    assert.deepEqual(
      source.frames().map(({ payload }) => Number(String(payload))),
      Array.from({ length: 5000 }, (_, i) => i),
    );
  });

  it('comes back after CLIENT KILL, with a gap in between', async () => {
    const source = start();
    await source.attached();
    await redis.publish('socket.io#/#', 'before');
    await source.until('the first message', () => source.frames().length === 1);
    const killedAt = Date.now() * 1000;
    await killSource();
    await source.attached(2);
    await redis.publish('socket.io#/#', 'after');
    await source.stop();
    assert.deepEqual(
      source.captured.map(({ is }) => is),
      ['frame', 'gap', 'frame'],
    );
    const [gap] = source.gaps();
    assert.equal(gap?.reason, 'disconnected');
    assert.ok((gap.from ?? 0) >= killedAt - 1000 && (gap.to ?? 0) >= (gap.from ?? 0));
    assert.deepEqual(
      source.frames().map(({ payload }) => String(payload)),
      ['before', 'after'],
    );
  });

  it('tries again until Redis is back, and notes the gap when aborted before', async () => {
    const own = await startPrivateRedis();
    const source = start({ target: { url: own.url } });
    await source.attached();
    await own.stop();
    await source.until('some tries', () => source.events.filter(({ is }) => is === 'retrying').length > 2);
    const again = await startPrivateRedis({ port: own.port });
    try {
      await source.attached(2);
    } finally {
      await again.stop();
    }
    await source.until('a try in vain', () => source.events.at(-1)?.is === 'retrying');
    await source.stop();
    const gaps = source.gaps();
    assert.deepEqual(
      gaps.map(({ reason }) => reason),
      ['disconnected', 'disconnected'],
    );
    assert.ok((gaps[1]?.to ?? 0) > (gaps[1]?.from ?? 0));
  });

  it('takes a message of 40 MB where Redis lets it through', async () => {
    await redis.config('SET', 'client-output-buffer-limit', 'pubsub 0 0 0');
    try {
      const source = start();
      await source.attached();
      const large = Buffer.alloc(40 * 1024 * 1024, ALL_BYTES);
      await redis.publish('socket.io#/#', large);
      await redis.publish('socket.io#/#', 'next');
      await source.stop();
      const [first, second] = source.frames();
      assert.ok(large.equals(first?.payload ?? Buffer.alloc(0)));
      assert.equal(String(second?.payload), 'next');
    } finally {
      await redis.config('SET', 'client-output-buffer-limit', 'pubsub 32mb 8mb 60');
    }
  });

  it('notes a gap where Redis throws it out for a message of 40 MB', async () => {
    const source = start();
    await source.attached();
    await redis.publish('socket.io#/#', Buffer.alloc(40 * 1024 * 1024));
    await source.attached(2);
    await redis.publish('socket.io#/#', 'next');
    await source.stop();
    assert.deepEqual(
      source.captured.map(({ is }) => is),
      ['gap', 'frame'],
    );
  });

  it('blames the output buffer when Redis ends within a message', async () => {
    const fake = await startFakeRedis('*4\r\n$8\r\npmessage\r\n$10\r\nsocket.io*\r\n$4\r\nsock');
    const source = start({ target: { url: fake.url } });
    await source.attached(2);
    await source.until('the gap', () => source.gaps().length > 0);
    await source.stop();
    fake.stop();
    assert.equal(source.gaps()[0]?.reason, 'output-buffer');
    assert.equal(source.frames().length, 0);
  });

  it('shows bytes that are no RESP as such, and connects anew', async () => {
    const fake = await startFakeRedis('what is this?\r\n');
    const source = start({ target: { url: fake.url } });
    await source.attached(2);
    await source.until('the gap', () => source.gaps().length > 0);
    await source.stop();
    fake.stop();
    const [first, second] = source.captured;
    assert.ok(first?.is === 'unframed' && String(first.unframed.raw).includes('what is this?'));
    assert.equal(second?.is, 'gap');
  });

  it('stops when its consumer does', async () => {
    const source = subscribeSource({
      target: { url: server.url },
      patterns: ['socket.io*'],
      onEvent: ({ is }) => {
        if (is === 'attached') void redis.publish('socket.io#/#', 'x');
      },
    });
    for await (const batch of source(new AbortController().signal)) {
      assert.equal(batch.length, 1);
      break;
    }
    const hasGone = async (): Promise<true | undefined> =>
      Number(await redis.pubsub('NUMPAT')) === 0 ? true : undefined;
    await waitFor('Redis to notice that nobody is subscribed', hasGone);
  });

  it('fails at the start when Redis is not there', async () => {
    const own = await startPrivateRedis();
    await own.stop();
    await assert.rejects(start({ target: { url: own.url } }).attached(), { code: 'refused' });
  });

  it('explains which rule a forbidden pattern lacks', async () => {
    await redis.call('ACL', 'SETUSER', 'narrow', 'on', 'nopass', '+psubscribe', '&socket.io*');
    const user = { url: server.url, user: 'narrow', password: 'x' };
    const wrongPattern = start({ target: user, patterns: ['socket.io#*'] }).attached();
    await assert.rejects(wrongPattern, (error: unknown) => {
      assert.ok(error instanceof RedisFailure);
      assert.equal(error.code, 'no-permission');
      assert.match(error.message, /letter for letter/);
      assert.match(error.message, /ACL SETUSER narrow '&socket\.io#\*'/);
      return true;
    });
    await redis.call('ACL', 'SETUSER', 'none', 'on', 'nopass');
    await assert.rejects(
      start({ target: { ...user, user: 'none' } }).attached(),
      /ACL SETUSER none \+psubscribe '&socket\.io\*'/,
    );
  });

  it('ends at once, and whole, where PING is forbidden and messages never stop', async () => {
    await redis.call('ACL', 'SETUSER', 'mute', 'on', 'nopass', 'allchannels', '+psubscribe');
    const source = start({ target: { url: server.url, user: 'mute', password: 'x' } });
    await source.attached();
    let isOver = false;
    let published = 0;
    const publishing = (async () => {
      for (; !isOver; published++) await redis.publish('socket.io#/#', `-NOPERM ${published}`);
    })();
    await source.until('some messages', () => source.frames().length > 100);
    const before = published;
    const from = Date.now();
    await source.stop();
    isOver = true;
    await publishing;
    assert.ok(Date.now() - from < 5000, `it took ${Date.now() - from} ms`);
    assert.deepEqual(source.gaps(), []);
    const payloads = source.frames().map(({ payload }) => String(payload));
    assert.ok(payloads.length >= before, `${payloads.length} of ${before}`);
    assert.deepEqual(
      payloads,
      payloads.map((_, index) => `-NOPERM ${index}`),
    );
  });

  it('does without an optional pattern that is forbidden, and says so', async () => {
    const target = { url: server.url, user: 'narrow', password: 'x' };
    const source = start({ target, optionalPatterns: ['socketio'] });
    await source.attached();
    await redis.publish('socket.io#/#', 'x');
    await source.stop();
    assert.equal(source.frames().length, 1);
    assert.deepEqual(
      source.events.map(({ is }) => is),
      ['refused', 'attached', 'watching'],
    );
  });
});
