import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { Redis } from 'ioredis';
import { createClient, RESP_TYPES } from 'redis';
import { normalise, playOnBoth, Wire } from '../support/two-redis.ts';
import { waitFor } from '../support/wait.ts';

const BINARY = Buffer.from([0x93, 0xa6, 0x00, 0xff, 0x0d, 0x0a, 0x22, 0x5c, 0xc3, 0x28]);

describe('clients cannot tell mini-redis from redis-server', () => {
  for (const protocol of [2, 3] as const) {
    test(`ioredis, protocol ${protocol}`, async () => {
      const { mini, real } = await playOnBoth(({ url }) => playIoredis(url, protocol));
      assert.deepEqual(mini, real);
      assert.deepEqual(mini.message, ['pmessage', 'ch*', 'ch1', BINARY]);
      assert.deepEqual(mini.smessage, ['shard', BINARY]);
    });
    test(`node-redis, protocol ${protocol}`, async () => {
      const { mini, real } = await playOnBoth(({ url }) => playNodeRedis(url, protocol));
      assert.deepEqual(mini, real);
      assert.deepEqual(mini.message, [BINARY, Buffer.from('ch1')]);
    });
  }

  test('redis-cli, with one command each', async () => {
    const { mini, real } = await playOnBoth(async ({ port }) => {
      const said: string[] = [];
      for (const words of CLI_COMMANDS) said.push(await runRedisCli(port, words));
      return said;
    });
    assert.deepEqual(mini, real);
    assert.equal(mini[0], 'PONG\n');
  });

  test('redis-cli monitor and psubscribe, piped', async () => {
    const { mini, real } = await playOnBoth(async ({ port }) => {
      const monitor = startRedisCli(port, ['monitor']);
      const subscriber = startRedisCli(port, ['psubscribe', '*']);
      const quoting = startRedisCli(port, ['--no-raw', 'psubscribe', '*']);
      const wire = await Wire.open(port);
      await waitFor('three listeners', async () => {
        const isMonitoring = monitor.text().includes('OK');
        const told = await wire.ask('INFO clients\r\n');
        const ready = [subscriber, quoting].every(({ text }) => text().includes('psubscribe'));
        return isMonitoring && ready && told.includes('connected_clients:4') ? true : undefined;
      });
      await wire.ask(
        Buffer.concat([
          Buffer.from('*3\r\n$7\r\npublish\r\n$1\r\nc\r\n$10\r\n'),
          BINARY,
          Buffer.from('\r\n'),
        ]),
      );
      await wire.ask('PUBLISH c the-end\r\n');
      const all = [monitor, subscriber, quoting];
      await waitFor('the end', () => all.every(({ text }) => text().includes('the-end')) || undefined);
      for (const { child } of all) child.kill();
      await Promise.all(all.map(({ closed }) => closed));
      wire.close();
      const seen = monitor
        .text()
        .split('\n')
        .filter((line) => !/"INFO"|"PSUBSCRIBE"|"COMMAND"/i.test(line));
      return [normalise(seen.join('\n')), subscriber.text(), quoting.text()];
    });
    assert.deepEqual(mini, real);
    assert.ok(mini[0]?.includes('TIME [0 ADDRESS] "publish" "c" "\\x93\\xa6\\x00\\xff\\r\\n\\"\\\\\\xc3("'));
  });
});

async function playIoredis(url: string, protocol: 2 | 3): Promise<Record<string, unknown>> {
  const client = new Redis(url, { protocol });
  const subscriber = client.duplicate();
  const watcher = client.duplicate();
  try {
    const lines: string[] = [];
    const monitor = await watcher.monitor();
    monitor.on('monitor', (_time: string, words: string[]) => lines.push(words.join(' ')));
    const message = new Promise((resolve) => {
      subscriber.on('pmessageBuffer', (pattern: string, channel: Buffer, bytes: Buffer) => {
        resolve(['pmessage', pattern, channel.toString(), bytes]);
      });
    });
    const smessage = new Promise((resolve) => {
      subscriber.on('smessageBuffer', (channel: Buffer, bytes: Buffer) => {
        resolve([channel.toString(), bytes]);
      });
    });
    const subscribed = [
      await subscriber.psubscribe('ch*'),
      await subscriber.subscribe('x', 'y'),
      await subscriber.ssubscribe('shard'),
    ];
    const published = [await client.publish('ch1', BINARY), await client.spublish('shard', BINARY)];
    const results = {
      subscribed,
      published,
      message: await message,
      smessage: await smessage,
      numsub: await client.pubsub('NUMSUB', 'x', 'none'),
      shardnumsub: await client.call('PUBSUB', 'SHARDNUMSUB', 'shard'),
      channels: (await client.pubsub('CHANNELS', '*')).map(String).sort(),
      set: await client.set('k', BINARY, 'PX', 100_000),
      get: await client.getBuffer('k'),
      session: await client.multi().get('k').del('k').exec(),
      getdel: await client.getdel('k'),
      added: /^\d+-\d+$/.test(String(await client.xadd('s', 'MAXLEN', '~', 10_000, '*', 'a', 'b', 'c', 'd'))),
      explicit: await client.xadd('t', '5-1', 'a', 'b'),
      xrange: await client.xrange('t', '(5-0', '+', 'COUNT', 10),
      xrevrange: await client.xrevrange('t', '+', '-'),
      xread: await client.xread('COUNT', 10, 'STREAMS', 't', '0'),
      xreadEmpty: await client.xread('BLOCK', 10, 'STREAMS', 't', '$'),
      xinfo: await client.xinfo('STREAM', 't'),
      pipeline: await client.pipeline().set('a', '1').get('a').xlen('t').exec(),
      error: await client.call('XLEN', 'a').catch(String),
      unsubscribed: await subscriber.unsubscribe('x', 'y'),
      quit: await client.quit(),
    };
    await waitFor('quit in MONITOR', () => (lines.at(-1) === 'quit' ? true : undefined));
    monitor.disconnect();
    const interesting = lines.filter(
      (line) => !/^(hello|info|client|psubscribe|subscribe|ssubscribe)/i.test(line),
    );
    return { ...results, lines: interesting };
  } finally {
    for (const each of [client, subscriber, watcher]) each.disconnect();
  }
}

async function playNodeRedis(url: string, RESP: 2 | 3): Promise<Record<string, unknown>> {
  const client = createClient({ url, RESP });
  const subscriber = client.duplicate();
  await Promise.all([client.connect(), subscriber.connect()]);
  try {
    const message = new Promise((resolve) => {
      void subscriber.pSubscribe(
        'ch*',
        (bytes, channel) => {
          resolve([bytes, channel]);
        },
        true,
      );
    });
    const smessage = new Promise((resolve) => {
      void subscriber.sSubscribe('shard', (bytes, channel) => {
        resolve([bytes, channel]);
      });
    });
    await subscriber.subscribe('x', () => undefined);
    const published = [await client.publish('ch1', BINARY), await client.sPublish('shard', 'text')];
    const buffers = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
    const results = {
      published,
      message: await message,
      smessage: await smessage,
      numsub: await client.pubSubNumSub(['x', 'none']),
      shardnumsub: await client.pubSubShardNumSub(['shard']),
      channels: (await client.pubSubChannels()).sort(),
      set: await client.set('k', BINARY, { expiration: { type: 'PX', value: 100_000 } }),
      get: await buffers.get('k'),
      session: await client.multi().get('k').del('k').exec(),
      explicit: await client.xAdd(
        't',
        '5-1',
        { a: 'b' },
        { TRIM: { strategy: 'MAXLEN', strategyModifier: '~', threshold: 100 } },
      ),
      xrange: await client.xRange('t', '(5-0', '+', { COUNT: 10 }),
      xrevrange: await client.xRevRange('t', '+', '-'),
      xread: await client.xRead([{ key: 't', id: '0' }], { COUNT: 10 }),
      xreadEmpty: await client.xRead([{ key: 't', id: '$' }], { BLOCK: 10 }),
      xinfo: await client.xInfoStream('t'),
      keys: await client.keys('*'),
      scan: await client.scan('0'),
      name: await client.clientGetName(),
      error: await client.sendCommand(['XLEN', 'k', 'l']).catch(String),
    };
    await subscriber.unsubscribe();
    await subscriber.pUnsubscribe();
    await subscriber.sUnsubscribe();
    return { ...results, left: await client.pubSubChannels() };
  } finally {
    client.destroy();
    subscriber.destroy();
  }
}

const CLI_COMMANDS: readonly (readonly string[])[] = [
  ['ping'],
  ['-3', 'hello'],
  ['set', 'k', 'a"\\xff'],
  ['get', 'k'],
  ['--no-raw', 'get', 'k'],
  ['xadd', 's', '1-1', 'data', 'x'],
  ['--no-raw', 'xrange', 's', '-', '+'],
  ['--json', 'xread', 'streams', 's', '0'],
  ['-3', '--no-raw', 'xinfo', 'stream', 's'],
  ['-n', '3', 'dbsize'],
  ['--no-raw', 'pubsub', 'numsub', 'a'],
  ['get'],
  ['nonsense', 'x'],
  ['--scan', '--pattern', 'k*'],
  ['--no-raw', 'config', 'get', 'maxmemory'],
  ['--no-raw', 'multi'],
  ['--csv', 'keys', 's*'],
].map((words) => words.filter((word) => word !== ''));

interface RunningCli {
  readonly child: ReturnType<typeof spawn>;
  readonly closed: Promise<unknown>;
  readonly text: () => string;
}

function startRedisCli(port: number, words: readonly string[]): RunningCli {
  const child = spawn('redis-cli', ['-p', String(port), ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return { child, closed: once(child, 'close'), text: () => Buffer.concat(chunks).toString('latin1') };
}

async function runRedisCli(port: number, words: readonly string[]): Promise<string> {
  const running = startRedisCli(port, words);
  await running.closed;
  return running.text().replace(/^((?:\d+#|\d+\)) "?id"? ?=>? \(integer\)) \d+|^(id) \d+/gm, '$1$2 N');
}
