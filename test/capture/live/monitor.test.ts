import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import { monitorSource } from '../../../src/capture/live/monitor.ts';
import { subscribeSource } from '../../../src/capture/live/subscribe.ts';
import type { LiveOptions } from '../../../src/capture/live/way.ts';
import { type PrivateRedis, startPrivateRedis } from '../../../src/demo/private-redis.ts';
import { connect } from '../../../src/redis/connect.ts';
import { type Collecting, collect } from './collect.ts';

const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

describe('monitorSource', () => {
  let server: PrivateRedis;
  let redis: Redis;

  before(async () => {
    server = await startPrivateRedis({ args: ['--unixsocket', 'redis.sock'] });
    redis = new Redis(`${server.url}/2`);
    await redis.ping();
  });

  after(async () => {
    redis.disconnect();
    await server.stop();
  });

  const start = (options: Partial<LiveOptions> = {}): Collecting =>
    collect((onEvent) => monitorSource({ target: { url: server.url }, onEvent, ...options }));

  it('keeps every byte, and says who sent it, when and where', async () => {
    const source = start();
    await source.attached();
    const before = Date.now() * 1000 - 1000;
    const info = await redis.client('INFO');
    await redis.publish(Buffer.concat([Buffer.from('socket.io#/'), ALL_BYTES]), ALL_BYTES);
    await source.stop();
    const [frame, ...more] = source.frames();
    assert.deepEqual(more, []);
    assert.deepEqual(Buffer.from(frame?.channel ?? []).subarray(11), ALL_BYTES);
    assert.deepEqual(Buffer.from(frame?.payload ?? []), ALL_BYTES);
    assert.equal(frame?.command, 'PUBLISH');
    assert.equal(frame.via, 'monitor');
    assert.equal(frame.client, /addr=(\S+)/.exec(info)?.[1]);
    assert.equal(frame.db, 2);
    assert.equal(frame.node, `127.0.0.1:${server.port}`);
    assert.ok((frame.time ?? 0) >= before);
  });

  it('shows subscriptions and sharded publishes, and counts the rest', async () => {
    const source = start();
    await source.attached();
    const other = redis.duplicate({ db: 0 });
    await other.psubscribe('socket.io#/#*');
    await redis.spublish('socket.io#/#', 'x');
    await redis.set('a', 'b');
    await source.stop();
    other.disconnect();
    assert.deepEqual(
      source.frames().map(({ command }) => command),
      ['PSUBSCRIBE', 'SPUBLISH'],
    );
    assert.ok(source.captured.some((one) => one.is === 'other' && one.command === 'SET'));
  });

  it('leaves out what this process sends itself', async () => {
    const source = start();
    await source.attached();
    const link = await connect({ url: server.url });
    await link.ask('PUBSUB CHANNELS', '*');
    const second = collect((onEvent) =>
      subscribeSource({ target: { url: server.url }, patterns: ['socket.io*'], onEvent }),
    );
    await second.attached();
    await redis.publish('socket.io#/#', 'x');
    await source.stop();
    await second.stop();
    link.close();
    assert.deepEqual(
      source.captured.map((one) =>
        one.is === 'frame' ? one.frame.command : one.is === 'other' ? one.command : one.is,
      ),
      ['PUBLISH'],
    );
  });

  it('works over a unix socket', async () => {
    const url = `unix://${join(server.directory, 'redis.sock')}`;
    const source = start({ target: { url } });
    await source.attached();
    const other = new Redis(join(server.directory, 'redis.sock'));
    await other.publish('socket.io#/#', 'x');
    await source.stop();
    other.disconnect();
    const frames = source.frames().filter(({ command }) => command === 'PUBLISH');
    assert.equal(frames.length, 1);
    assert.match(frames[0]?.client ?? '', /^unix:/);
  });

  it('comes back after CLIENT KILL, with a gap in between', async () => {
    const source = start();
    await source.attached();
    await redis.publish('socket.io#/#', '1');
    await source.until('the first message', () => source.frames().length === 1);
    const list = String(await redis.client('LIST'));
    const line = list.split('\n').find((one) => / flags=O /.test(one));
    await redis.client('KILL', 'ID', /^id=(\d+)/.exec(line ?? '')?.[1] ?? '');
    await source.attached(2);
    await redis.publish('socket.io#/#', '2');
    await source.stop();
    const kinds = source.captured.map(({ is }) => is).filter((is) => is !== 'other');
    assert.deepEqual(kinds, ['frame', 'gap', 'frame']);
  });

  it('says what a user who may not run MONITOR needs, and what works without', async () => {
    await redis.call('ACL', 'SETUSER', 'app', 'on', 'nopass', '&*', '+@all', '-monitor');
    const target = { url: server.url, user: 'app', password: 'x' };
    await assert.rejects(start({ target }).attached(), {
      code: 'no-permission',
      message: /user "app" run MONITOR.*ACL SETUSER app \+monitor.*--via subscribe/,
    });
  });

  it('says when MONITOR is switched off', async () => {
    const own = await startPrivateRedis({ args: ['--rename-command', 'MONITOR', ''] });
    try {
      await assert.rejects(start({ target: { url: own.url } }).attached(), {
        code: 'unknown-command',
        message: /does not know MONITOR.*--via subscribe/,
      });
    } finally {
      await own.stop();
    }
  });
});
