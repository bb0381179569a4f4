import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import { type PrivateRedis, startPrivateRedis } from '../../src/demo/private-redis.ts';
import { runCli, startCli } from '../support/cli.ts';
import { waitFor } from '../support/wait.ts';
import { startTrio } from '../e2e/three-servers.ts';

interface Look {
  readonly groups: readonly {
    readonly adapter: string;
    readonly key: string;
    readonly nsp: string;
    readonly servers: number;
    readonly counted: number;
    readonly health: string;
  }[];
  readonly servers: readonly {
    readonly uids: readonly { readonly uid: string; readonly nsp: string }[];
    readonly client?: string;
    readonly publisher?: { readonly address: string; readonly idleSeconds: number };
    readonly subscriberAddress?: string;
  }[];
  readonly unlisted: readonly { readonly is: string; readonly channel: string; readonly counted: number }[];
  readonly unplaced: readonly { readonly address: string; readonly name?: string }[];
}

const SERVERS = 200;
const NAMESPACES = 20;

/** What a classic server of @socket.io/redis-adapter 8.3 subscribes to. */
async function subscribeLikeServer(redis: Redis, key: string, nsp: string, uid: string): Promise<void> {
  await redis.psubscribe(`${key}#${nsp}#*`);
  await redis.subscribe(
    `${key}-request#${nsp}#`,
    `${key}-response#${nsp}#`,
    `${key}-response#${nsp}#${uid}#`,
  );
}

async function look(url: string, ...args: readonly string[]): Promise<Look> {
  const { code, stdout, stderr } = await runCli(['servers', '--json', '--url', url, ...args]);
  assert.equal(code, 0, stderr);
  assert.equal(stdout.trimEnd().split('\n').length, 1);
  return JSON.parse(stdout) as Look;
}

describe('sio-inspect servers', { concurrency: false }, () => {
  let server: PrivateRedis;
  const connections: Redis[] = [];
  const open = (name: string): Redis => {
    const redis = new Redis(server.url, { connectionName: name, retryStrategy: () => null });
    connections.push(redis);
    return redis;
  };

  before(async () => {
    server = await startPrivateRedis();
  });

  after(async () => {
    for (const redis of connections) redis.disconnect();
    await server.stop();
  });

  it('says so where there is no server, and ends with 0', async () => {
    const { code, stdout } = await runCli(['servers', '--url', server.url]);
    assert.equal(code, 0);
    assert.match(stdout, /No server with a channel of its own is subscribed here/);
    assert.match(stdout, /^ {2}redis-cli PUBSUB CHANNELS '\*'$/m);
  });

  it('lists 200 servers in 20 namespaces with a bounded number of commands', async () => {
    const workers = await Promise.all(
      Array.from({ length: SERVERS }, async (_, worker) => {
        const redis = open(`worker-${worker}`);
        const subscriptions = Array.from({ length: NAMESPACES }, (_unused, n) => {
          const uid = `w${String(worker).padStart(3, '0')}${String(n).padStart(2, '0')}`;
          return subscribeLikeServer(redis, 'shop', `/n${n}`, uid);
        });
        await Promise.all(subscriptions);
        return redis;
      }),
    );
    const control = open('control');
    await control.config('RESETSTAT');
    const seen = await look(server.url);
    assert.equal(seen.groups.length, NAMESPACES);
    for (const group of seen.groups) {
      assert.deepEqual(
        [group.key, group.servers, group.counted, group.health],
        ['shop', SERVERS, SERVERS, 'ok'],
      );
    }
    assert.equal(
      seen.servers.length,
      SERVERS * NAMESPACES,
      'uids of several namespaces are not merged by guess',
    );
    assert.equal(seen.unplaced.length, SERVERS);
    const stats = await control.info('commandstats');
    const calls = [...stats.matchAll(/cmdstat_([^:]+):calls=(\d+)/g)].map(
      ([, name, n]) => [name, Number(n)] as const,
    );
    const total = calls.reduce((sum, [, n]) => sum + n, 0);
    assert.ok(total <= 22, `${total} commands: ${calls.map(([name, n]) => `${name} ${n}`).join(', ')}`);
    assert.ok(
      calls.every(([name]) => !/subscribe|publish|^set|^del/.test(name ?? '')),
      String(calls),
    );
    for (const worker of workers) worker.disconnect();
    await waitFor('the workers to be gone', async () =>
      (await control.pubsub('CHANNELS', '*')).length === 0 ? true : undefined,
    );
  });

  it('tells a phantom subscriber, a shared connection, old versions and python apart', async () => {
    const [one, two, phantom, old, python] = ['one', 'two', 'redis-cli', 'old', 'py'].map((name) =>
      open(name),
    );
    assert.ok(one && two && phantom && old && python);
    await subscribeLikeServer(one, 'socket.io', '/', 'AAAAAA');
    await subscribeLikeServer(two, 'socket.io', '/', 'BBBBBB');
    await phantom.subscribe('socket.io-request#/#');
    await subscribeLikeServer(one, 'my app', '/chat', 'CCCCCC');
    await subscribeLikeServer(one, 'my app', '/chat', 'DDDDDD');
    await old.subscribe('older-request#/#', 'older-response#/#');
    await python.subscribe('socketio');
    const seen = await look(server.url);
    assert.deepEqual(
      seen.groups.map(({ key, nsp, servers, counted, health }) => [key, nsp, servers, counted, health]),
      [
        ['my app', '/chat', 2, 1, 'shared'],
        ['older', '/', 0, 1, 'counted-only'],
        ['socket.io', '/', 2, 3, 'phantom'],
      ],
    );
    assert.deepEqual(
      seen.unlisted.map(({ is, counted }) => [is, counted]),
      [['python', 1]],
    );
    assert.deepEqual(seen.unplaced.map(({ name }) => name).sort(), ['old', 'one', 'py', 'redis-cli', 'two']);
    const { stdout } = await runCli(['servers', '--url', server.url]);
    assert.match(stdout, /1 subscriber counted is no server with a uid/);
    assert.match(stdout, /2 servers on 1 subscribed connection/);
    assert.match(stdout, /AAAAAA BBBBBB/);
    for (const redis of [one, two, phantom, old, python]) redis.disconnect();
  });

  for (const adapter of ['classic', 'sharded', 'streams'] as const) {
    it(`finds out which connection is whose by listening to ${adapter} servers, who do not notice`, async () => {
      const trio = await startTrio(server.url, adapter, 'ioredis');
      try {
        const running = startCli([
          'servers',
          '--json',
          '--via',
          'monitor',
          '--for',
          '2s',
          '--url',
          server.url,
        ]);
        running.child.stdin.end();
        await running.until(/Listening/);
        const control = open('control');
        await waitFor('MONITOR', async () =>
          /cmd=monitor/.test(String(await control.client('LIST'))) ? true : undefined,
        );
        assert.equal((await trio.ask()).sockets, 3);
        assert.equal((await trio.ask()).replies.length, 2);
        const { stdout, code } = await running.finished();
        assert.equal(code, 0);
        const seen = JSON.parse(stdout) as Look;
        const kind = { classic: 'redis', sharded: 'redis-sharded', streams: 'redis-streams' }[adapter];
        const [group, ...others] = seen.groups;
        assert.deepEqual(others, []);
        assert.deepEqual(group, {
          adapter: kind,
          key: 'socket.io',
          nsp: '/',
          servers: 3,
          counted: 3,
          health: 'ok',
        });
        // Classic replies carry no uid: only who asked is known by name and address.
        const placed = seen.servers.filter(
          ({ publisher, client }) => publisher !== undefined && publisher.address === client,
        );
        assert.equal(placed.length, adapter === 'classic' ? 1 : 3);
      } finally {
        await trio.stop();
      }
    });
  }

  it('keeps rows in their order from look to look, whatever order Redis has', async () => {
    const names = Array.from({ length: 20 }, (_, at) => `worker ${String(at).padStart(2, '0')}`);
    const workers: Redis[] = [];
    for (const name of names) {
      const worker = open(name.replace(' ', '-'));
      await worker.subscribe(`${name}-sync#request#/#`);
      workers.push(worker);
    }
    const running = startCli(['servers', '--json', '--watch', '--url', server.url]);
    const looks = (): readonly string[] => running.stdout().split('\n').slice(0, -1);
    try {
      for (const wanted of [1, 2, 3]) {
        await waitFor(`look ${wanted}`, () => looks().length >= wanted || undefined);
        // More channels make Redis lay out its table anew; connections change places by themselves (clientsCron).
        await workers[0]?.subscribe(...Array.from({ length: 300 * wanted }, (_, at) => `${wanted} ${at}`));
      }
      for (const line of looks()) {
        const seen = JSON.parse(line) as Look;
        assert.deepEqual(
          seen.unplaced.flatMap(({ name }) => (name === undefined ? [] : [name.replace('-', ' ')])),
          names,
        );
        assert.deepEqual(
          seen.unlisted.map(({ channel }) => channel.replace('-sync#request#/#', '')),
          names,
        );
      }
    } finally {
      running.child.kill('SIGKILL');
      for (const worker of workers) worker.disconnect();
    }
    const control = open('control');
    await waitFor('the workers to be gone', async () =>
      (await control.pubsub('CHANNELS', '*')).length === 0 ? true : undefined,
    );
  });

  it('writes a line for each look while it watches, until the time is over', async () => {
    const { code, stdout } = await runCli([
      'servers',
      '--json',
      '--watch',
      '--for',
      '4s',
      '--url',
      server.url,
    ]);
    assert.equal(code, 0);
    const looks = stdout.trimEnd().split('\n');
    assert.ok(looks.length >= 2, stdout);
    for (const line of looks) assert.deepEqual((JSON.parse(line) as Look).groups, []);
  });

  it('refuses --for without anything that takes time, and ends with 3 where nobody is', async () => {
    const usage = await runCli(['servers', '--for', '5s']);
    assert.equal(usage.code, 2);
    assert.match(usage.stderr, /--for goes with/);
    const nobody = await runCli(['servers', '--url', 'redis://127.0.0.1:1']);
    assert.equal(nobody.code, 3);
  });
});
