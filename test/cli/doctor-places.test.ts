import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import { type PrivateRedis, startPrivateRedis } from '../../src/demo/private-redis.ts';
import { type Deployment, startSentinels } from '../capture/live/deployments.ts';
import { runCli } from '../support/cli.ts';

const SERVERS = 200;
const NAMESPACES = 20;
/** Connecting takes four, to find out what is there two more; a look takes some fifteen. */
const MOST_COMMANDS = 40;

/** What a classic server of @socket.io/redis-adapter 8.3 subscribes to. */
async function subscribeLikeServer(redis: Redis, nsp: string, uid: string): Promise<void> {
  await redis.psubscribe(`socket.io#${nsp}#*`);
  await redis.subscribe(
    `socket.io-request#${nsp}#`,
    `socket.io-response#${nsp}#`,
    `socket.io-response#${nsp}#${uid}#`,
  );
}

describe('doctor behind a Sentinel', () => {
  let trio: Deployment;
  const servers: Redis[] = [];

  before(async () => {
    trio = await startSentinels();
    const server = new Redis(trio.nodes[0]?.url ?? '');
    servers.push(server);
    await subscribeLikeServer(server, '/', '6n0BWC');
  });

  after(async () => {
    for (const server of servers) server.disconnect();
    await trio.stop();
  });

  it('examines the primary, by its name or without where there is one only', async () => {
    const args = ['doctor', '--url', trio.url, '--for', '0s', '--expect', '1'];
    for (const words of [args, [...args, '--sentinel', 'main']]) {
      const { code, stdout, stderr } = await runCli(words);
      assert.equal(code, 0, `${stdout}\n${stderr}`);
      assert.match(
        stderr,
        new RegExp(`at 127\\.0\\.0\\.1:${trio.nodes[0]?.port ?? 0} · 1 server subscribed`),
      );
    }
  });

  it('answers a name that the Sentinel does not know with 3', async () => {
    const { code, stderr } = await runCli([
      'doctor',
      '--url',
      trio.url,
      '--for',
      '0s',
      '--sentinel',
      'other',
    ]);
    assert.equal(code, 3);
    assert.match(stderr, /no primary with the name "other".*"main"/s);
  });
});

describe('doctor before 200 servers in 20 namespaces', () => {
  let redis: PrivateRedis;
  const connections: Redis[] = [];

  before(async () => {
    redis = await startPrivateRedis();
    const open = (name: string): Redis => {
      const connection = new Redis(redis.url, { connectionName: name });
      connections.push(connection);
      return connection;
    };
    await Promise.all(
      Array.from({ length: SERVERS }, async (_, worker) => {
        const server = open(`worker-${worker}`);
        for (let n = 0; n < NAMESPACES; n++) {
          const uid = `w${String(worker).padStart(3, '0')}${String(n).padStart(2, '0')}`;
          await subscribeLikeServer(server, `/n${n}`, uid);
        }
      }),
    );
  });

  after(async () => {
    for (const connection of connections) connection.disconnect();
    await redis.stop();
  });

  it('looks with a bounded number of commands, none of which counts, and finds nothing', async () => {
    const admin = new Redis(redis.url);
    connections.push(admin);
    await admin.config('RESETSTAT');
    const { code, stdout, stderr } = await runCli([
      'doctor',
      '--url',
      redis.url,
      '--for',
      '0s',
      '--expect',
      '200',
    ]);
    assert.equal(code, 0, stdout);
    assert.match(stderr, /200 servers subscribed/);
    const stats = await admin.info('commandstats');
    const calls = [...stats.matchAll(/cmdstat_([^:]+):calls=(\d+)/g)].map(
      ([, name = '', n]) => [name, Number(n)] as const,
    );
    const total = calls.reduce((sum, [, n]) => sum + n, 0);
    const told = calls.map(([name, n]) => `${name} ${n}`).join(', ');
    assert.ok(total <= MOST_COMMANDS, `${total} commands: ${told}`);
    assert.ok(
      calls.every(([name]) => !/subscribe|publish|^set|^del/.test(name)),
      told,
    );
  });
});
