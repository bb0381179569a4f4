import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Redis } from 'ioredis';
import { startPrivateRedis } from '../../src/demo/private-redis.ts';
import { connect } from '../../src/redis/connect.ts';
import { listServers } from '../../src/redis/registry.ts';

const UID = '1234567890abcdef';

void test('listServers tells which servers are subscribed by several connections, and a stranger from those', async () => {
  const redis = await startPrivateRedis();
  const connections: Redis[] = [];
  const open = (): Redis => {
    const connection = new Redis(redis.url);
    connections.push(connection);
    return connection;
  };
  const classic = (uid: string): Promise<unknown> =>
    open().subscribe('socket.io-request#/#', 'socket.io-response#/#', `socket.io-response#/#${uid}#`);
  const sharded = (): Promise<unknown> => open().ssubscribe('socket.io#/#', `socket.io#/#${UID}#`);
  const link = await connect({ url: redis.url });
  try {
    await Promise.all([classic('aaaaaa'), classic('bbbbbb'), open().subscribe('socket.io-request#/#')]);
    const [stranger] = (await listServers(link)).groups;
    assert.deepEqual([stranger?.counted, stranger?.doubled], [3, undefined]);
    await Promise.all([classic('bbbbbb'), classic('bbbbbb'), sharded(), sharded()]);
    assert.deepEqual((await listServers(link)).groups, [
      {
        adapter: 'redis',
        key: 'socket.io',
        nsp: '/',
        uids: ['aaaaaa', 'bbbbbb'],
        counted: 5,
        doubled: [{ uid: 'bbbbbb', connections: 3 }],
      },
      {
        adapter: 'redis-sharded',
        key: 'socket.io',
        nsp: '/',
        uids: [UID],
        counted: 2,
        doubled: [{ uid: UID, connections: 2 }],
      },
    ]);
  } finally {
    link.close();
    for (const connection of connections) connection.disconnect();
    await redis.stop();
  }
});
