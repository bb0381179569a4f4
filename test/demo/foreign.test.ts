import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { createAdapter, createShardedAdapter } from '@socket.io/redis-adapter';
import { createAdapter as createStreamsAdapter } from '@socket.io/redis-streams-adapter';
import { Redis } from 'ioredis';
import { Server } from 'socket.io';
import { findForeigners } from '../../src/demo/foreign.ts';
import { type PrivateRedis, startPrivateRedis } from '../../src/demo/private-redis.ts';
import { runCli } from '../support/cli.ts';
import { waitFor } from '../support/wait.ts';

describe('findForeigners', () => {
  let redis: PrivateRedis;
  const open: Redis[] = [];
  const connect = (name?: string): Redis => {
    const client = new Redis(redis.url, name === undefined ? {} : { connectionName: name });
    client.on('error', () => undefined);
    open.push(client);
    return client;
  };
  before(async () => {
    redis = await startPrivateRedis();
  });
  after(() => redis.stop());
  beforeEach(() => {
    open.length = 0;
  });
  afterEach(async () => {
    for (const client of open) client.disconnect();
    await waitFor('Redis to be empty', async () =>
      (await findForeigners({ url: redis.url })) === undefined ? true : undefined,
    );
  });

  for (const [kind, listen] of [
    ['classic', (pub: Redis, sub: Redis) => createAdapter(pub, sub)],
    ['sharded', (pub: Redis, sub: Redis) => createShardedAdapter(pub, sub)],
  ] as const) {
    it(`sees a server with the ${kind} adapter, its channels and its connection`, async () => {
      new Server().adapter(listen(connect(), connect()));
      const found = await waitFor('the server to be seen', () => findForeigners({ url: redis.url }));
      assert.ok(
        found.channels.some(({ name, listeners }) => name.startsWith('socket.io') && listeners === 1),
      );
      assert.equal(found.clients?.length, 1);
    });
  }

  it('sees a server with the streams adapter by its channels', async () => {
    const pub = connect();
    const io = new Server().adapter(createStreamsAdapter(pub));
    const found = await waitFor('the server to be seen', () => findForeigners({ url: redis.url }));
    assert.ok(found.channels.some(({ name }) => name === 'socket.io#/#'));
    await io.of('/').adapter.close();
  });

  it('does not mind another demo, a watcher, or an application that uses pub/sub for itself', async () => {
    await connect('sio-inspect-demo-worker-1-sub').subscribe('socket.io-request#/#');
    await connect('sio-inspect').psubscribe('socket.io*');
    assert.equal(await findForeigners({ url: redis.url }), undefined);
    open[0]?.disconnect();
    await connect().subscribe('news');
    assert.equal(await findForeigners({ url: redis.url }), undefined);
  });

  for (const [kind, listen, by] of [
    ['by pattern only', (client: Redis) => client.psubscribe('socket.io#/#*'), 'PSUBSCRIBE'],
    [
      'for a stream that does not exist yet',
      (client: Redis) => {
        // Answered by the end of the connection.
        client.xread('BLOCK', 0, 'STREAMS', 'orders', '$').catch(() => undefined);
      },
      'XREAD',
    ],
  ] as const) {
    it(`sees a server that listens ${kind}, and names its connection`, async () => {
      const server = connect('orders-service');
      const address = /addr=(\S+)/.exec(await server.client('INFO'))?.[1];
      await listen(server);
      const found = await waitFor('the server to be seen', () => findForeigners({ url: redis.url }));
      assert.deepEqual(found, { channels: [], clients: [{ address, name: 'orders-service', by: [by] }] });
      const refused = await runCli(['demo', '--port', '0', '--url', redis.url]);
      assert.equal(refused.code, 3, refused.stderr);
      assert.match(refused.stderr, new RegExp(`connection ${address ?? ''} "orders-service" {2}${by}\n`));
    });
  }

  it('takes a stranger whose name only begins like ours for a stranger', async () => {
    await connect('sio-inspector').psubscribe('*');
    const found = await findForeigners({ url: redis.url });
    assert.deepEqual(
      found?.clients?.map(({ name }) => name),
      ['sio-inspector'],
    );
  });

  it('does not take for nobody what CLIENT LIST is forbidden to show', async () => {
    const admin = connect('sio-inspect-test');
    await admin.call('ACL', ['SETUSER', 'blind', 'on', '>pw', '~*', '&*', '+@all', '-client|list']);
    const url = redis.url.replace('redis://', 'redis://blind:pw@');
    const found = await findForeigners({ url });
    assert.deepEqual(found?.channels, []);
    assert.match(found.hidden ?? '', /NOPERM/);
    const refused = await runCli(['demo', '--port', '0', '--url', url]);
    assert.equal(refused.code, 3, refused.stderr);
    assert.match(refused.stderr, /It cannot be seen whether .*\n.*CLIENT LIST.*NOPERM.*\n.*--force/);
  });

  it('makes the demo refuse, and --force makes it publish all the same', async () => {
    const stranger = connect('orders-service');
    await stranger.subscribe('socket.io-request#/#');
    const heard: string[] = [];
    await stranger.psubscribe('*');
    stranger.on('pmessage', (_pattern, channel: string) => heard.push(channel));
    const args = ['demo', '--port', '0', '--url', redis.url];
    const refused = await runCli(args);
    assert.equal(refused.code, 3);
    assert.equal(refused.stdout, '');
    assert.match(refused.stderr, /Somebody's Socket\.IO servers live in the Redis at 127\.0\.0\.1:\d+:/);
    assert.match(refused.stderr, /connection 127\.0\.0\.1:\d+ "orders-service" {2}SUBSCRIBE, PSUBSCRIBE\n/);
    assert.match(refused.stderr, /"socket\.io-request#\/#" {2}1 listener\n/);
    assert.match(refused.stderr, /--force/);
    assert.deepEqual(heard, []);
    const forced = await runCli([...args, '--force']);
    assert.equal(forced.code, 0, forced.stderr);
    assert.deepEqual(heard, ['socket.io#/#']);
  });
});
