import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import { type ReplicationOptions, replicationSource } from '../../../src/capture/live/replication.ts';
import { type PrivateRedis, startPrivateRedis } from '../../../src/demo/private-redis.ts';
import { waitFor } from '../../support/wait.ts';
import { type Collecting, collect } from './collect.ts';

const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
const QUICK = ['--repl-diskless-sync-delay', '0'];

const startAt = (url: string, options: Partial<ReplicationOptions> = {}): Collecting =>
  collect((onEvent) => replicationSource({ target: { url }, onEvent, ...options }));

const payloads = (source: Collecting): readonly string[] =>
  source.frames().map(({ payload }) => Buffer.from(payload ?? []).toString());

const isGone = (pid: number): true | undefined => {
  try {
    process.kill(pid, 0);
    return undefined;
  } catch {
    return true;
  }
};

describe('replicationSource', () => {
  let server: PrivateRedis;
  let redis: Redis;

  before(async () => {
    server = await startPrivateRedis({ args: QUICK });
    redis = new Redis(server.url);
  });

  after(async () => {
    redis.disconnect();
    await server.stop();
  });

  const killReplicas = (): Promise<unknown> => redis.call('CLIENT', 'KILL', 'TYPE', 'replica');

  it('sees publishes, sharded publishes and stream entries with every byte, and no data that was there', async () => {
    await redis.set('before', ALL_BYTES);
    const source = startAt(server.url);
    await source.attached();
    await redis.publish('socket.io#/#', ALL_BYTES);
    await redis.spublish('socket.io#/#', ALL_BYTES);
    const id = await redis.xadd('socket.io', '*', 'data', ALL_BYTES);
    await redis.set('other', 'x');
    await source.stop();
    const frames = source.frames();
    assert.deepEqual(
      frames.map(({ command, via, client }) => [command, via, client]),
      ['PUBLISH', 'SPUBLISH', 'XADD'].map((command) => [command, 'replication', undefined]),
    );
    for (const { payload, node } of frames) {
      assert.deepEqual(Buffer.from(payload ?? []), ALL_BYTES);
      assert.equal(node, `127.0.0.1:${server.port}`);
    }
    assert.equal(frames[2]?.entry?.id, id);
    assert.deepEqual(
      source.captured.filter(({ is }) => is !== 'frame'),
      [{ is: 'other', command: 'SET' }],
    );
  });

  it('never acknowledges anything that WAIT could count', async () => {
    const source = startAt(server.url);
    await source.attached();
    await redis.set('a', 'b');
    assert.equal(await redis.wait(1, 50), 0);
    await source.stop();
  });

  it('goes on after a break where it was, in mid-message too, without a gap', async () => {
    const source = startAt(server.url);
    await source.attached();
    const total = 3000;
    const sending = (async () => {
      for (let i = 0; i < total; i += 100) {
        const pipeline = redis.pipeline();
        for (let j = i; j < i + 100; j++) pipeline.publish('socket.io#/#', String(j).padStart(50, '.'));
        await pipeline.exec();
        if (i % 1000 === 0) await killReplicas();
      }
    })();
    await sending;
    await source.until('all', () => source.frames().length >= total);
    await source.stop();
    assert.ok(source.events.filter(({ is }) => is === 'attached').length > 1, 'was killed');
    assert.deepEqual(
      payloads(source),
      Array.from({ length: total }, (_, i) => String(i).padStart(50, '.')),
    );
    assert.deepEqual(source.gaps(), []);
  });

  it('notes a gap where the primary has forgotten what was missed', async () => {
    const source = startAt(server.url);
    await source.attached();
    await redis.publish('socket.io#/#', '1');
    await source.until('the first', () => source.frames().length === 1);
    // In one transaction: nobody can take the stream up again before more was written than Redis keeps of it.
    const flood = redis.multi().call('CLIENT', 'KILL', 'TYPE', 'replica');
    for (let i = 0; i < 30; i++) flood.publish('flood', 'x'.repeat(100_000));
    await flood.exec();
    await source.attached(2);
    await redis.publish('socket.io#/#', '2');
    await source.until('the second', () => payloads(source).includes('2'));
    await source.stop();
    const seen = source.captured.filter((one) => one.is !== 'frame' || String(one.frame.channel) !== 'flood');
    assert.deepEqual(
      seen.map((one) => (one.is === 'gap' ? one.gap.reason : one.is)),
      ['frame', 'disconnected', 'frame'],
    );
  });

  it('leaves as soon as a primary that shuts down asks its replicas, which it does once a second', async () => {
    const own = await startPrivateRedis({ args: QUICK });
    const client = new Redis(own.url, { retryStrategy: () => null });
    client.on('error', () => undefined);
    const source = startAt(own.url);
    await source.attached();
    await client.publish('socket.io#/#', 'last words');
    const closed = once(client, 'close');
    const before = performance.now();
    process.kill(own.pid, 'SIGTERM');
    await waitFor('the server to exit', () => isGone(own.pid));
    const took = performance.now() - before;
    await closed;
    await source.stop();
    await own.stop();
    // With a replica that stays and never acknowledges it is shutdown-timeout, 10 s.
    assert.ok(took < 2500, `it took ${Math.round(took)} ms`);
    assert.deepEqual(payloads(source), ['last words']);
  });

  it('is refused where the primary counts its replicas, and lets insist', async () => {
    await redis.config('SET', 'min-replicas-to-write', '1');
    try {
      await assert.rejects(startAt(server.url).attached(), {
        code: 'unsuitable',
        message: /min-replicas-to-write.*--force/,
      });
      const forced = startAt(server.url, { force: true });
      await forced.attached();
      await forced.stop();
    } finally {
      await redis.config('SET', 'min-replicas-to-write', '0');
    }
  });

  it('is refused where a Sentinel listens, and where that cannot be seen', async () => {
    const sentinel = redis.duplicate();
    await sentinel.subscribe('__sentinel__:hello');
    await assert.rejects(startAt(server.url).attached(), {
      message: /A Sentinel watches.*--force.*--via replica/,
    });
    sentinel.disconnect();
    await redis.call('ACL', 'SETUSER', 'app', 'on', 'nopass', '~*', '&*', '+@all', '-pubsub');
    const target = { url: server.url, user: 'app', password: 'x' };
    await assert.rejects(startAt(server.url, { target }).attached(), { message: /cannot be seen.*PUBSUB/ });
  });

  it('says what a user needs who may not read the stream', async () => {
    await redis.call('ACL', 'SETUSER', 'weak', 'on', 'nopass', '~*', '&*', '+@all', '-psync');
    const target = { url: server.url, user: 'weak', password: 'x' };
    await assert.rejects(startAt(server.url, { target }).attached(), {
      code: 'no-permission',
      message: /run PSYNC.*ACL SETUSER weak \+psync/,
    });
  });
});
