import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import type { Frame } from '../../src/model/frame.ts';
import { type Deployment, startPair } from '../capture/live/deployments.ts';
import { type Running, runCli, startCli } from '../support/cli.ts';

const UID = '0123456789abcdef';
/** A broadcast as @socket.io/redis-streams-adapter 0.3 writes it. */
const ENTRY = [
  'uid',
  UID,
  'nsp',
  '/',
  'type',
  '3',
  'data',
  '{"opts":{"rooms":[],"except":[],"flags":{}},"packet":{"type":2,"data":["hello"],"nsp":"/"}}',
];
/** The same by pub/sub: msgpack of ["uid", {type: 2, data: ["hi"], nsp: "/"}, {}]. */
const BROADCAST = Buffer.from(
  '93a3756964 83a47479706502a46461746191a26869a36e7370a12f 80'.replaceAll(' ', ''),
  'hex',
);

type Seen = Pick<Frame, 'via'> & { readonly event?: string; readonly kind: string };

const recordsOf = (text: string): readonly Seen[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Seen);

describe('monitor --via', { concurrency: true }, () => {
  let pair: Deployment;
  let redis: Redis;

  before(async () => {
    pair = await startPair();
    redis = new Redis(pair.url);
  });

  after(async () => {
    redis.disconnect();
    await pair.stop();
  });

  const start = (...args: readonly string[]): Running =>
    startCli(['monitor', '--url', pair.url, '--json', '--for', '20s', ...args]);

  it('several ways at once, each with its own messages', async () => {
    const running = start('--via', 'subscribe', '--via', 'stream', '--key', 'both');
    await running.until(/read-only/);
    const end = running.finished();
    const sending = setInterval(() => {
      void redis.publish('both#/#', BROADCAST);
      void redis.xadd('both', '*', ...ENTRY);
    }, 50);
    await running.until(/"via":"subscribe"/, 30_000);
    await running.until(/"via":"stream"/, 30_000);
    clearInterval(sending);
    running.child.kill('SIGINT');
    const { code, stdout, stderr } = await end;
    assert.equal(code, 130, stderr);
    assert.match(stderr, /PSUBSCRIBE both\* and XREAD/);
    for (const { via, event } of recordsOf(stdout)) assert.equal(event, via === 'stream' ? 'hello' : 'hi');
  });

  it('stream --since reads what was said before', async () => {
    await redis.xadd('past', '*', ...ENTRY);
    await redis.xadd('past', '*', ...ENTRY);
    for (const since of ['0', '10m', '2020-01-01T00:00:00Z', '1-1']) {
      const { code, stdout, stderr } = await start(
        '--via',
        'stream',
        '--key',
        'past',
        '--since',
        since,
        '--count',
        '2',
      ).finished();
      assert.equal(code, 0, stderr);
      assert.deepEqual(
        recordsOf(stdout).map(({ event }) => event),
        ['hello', 'hello'],
        since,
      );
    }
  });

  it('auto says what it chose and why: a replica for sharded servers', async () => {
    const server = new Redis(pair.url);
    await server.ssubscribe('auto#/#', `auto#/#${UID}#`);
    const running = start('--via', 'auto', '--key', 'auto');
    await running.until(/auto chose replica: there are servers with the sharded adapter/, 30_000);
    await running.until(/read-only/);
    const end = running.finished();
    running.child.kill('SIGINT');
    assert.equal((await end).code, 130);
    server.disconnect();
  });

  it('auto does without what is forbidden, and says so', async () => {
    await redis.xadd('weak', '*', ...ENTRY);
    await redis.call(
      'ACL',
      'SETUSER',
      'weak',
      'on',
      '>secret',
      '~*',
      '&*',
      '+@all',
      '-psubscribe',
      '-pubsub|shardchannels',
    );
    const url = pair.url.replace('redis://', 'redis://weak:secret@');
    const running = startCli([
      'monitor',
      '--url',
      url,
      '--via',
      'auto',
      '--key',
      'weak',
      '--for',
      '20s',
      '--json',
    ]);
    const end = running.finished();
    await running.until(/auto chose stream: .*; what is published stays unseen/, 30_000);
    const sending = setInterval(() => void redis.xadd('weak', '*', ...ENTRY), 50);
    await running.until(/"via":"stream"/, 30_000);
    clearInterval(sending);
    running.child.kill('SIGINT');
    const { stderr } = await end;
    assert.match(stderr, /run PSUBSCRIBE/);
    assert.doesNotMatch(stderr, /secret/);
  });

  it('auto takes MONITOR, its price said and its rate limited, where nothing cheaper is permitted', async () => {
    await redis.call('ACL', 'SETUSER', 'dear', 'on', '>secret', '~*', '&*', '+@all', '-psubscribe');
    const url = pair.url.replace('redis://', 'redis://dear:secret@');
    const running = startCli(['monitor', '--url', url, '--key', 'dear', '--via', 'auto', '--max-rate', '50']);
    const end = running.finished();
    await running.until(/auto chose monitor, because nothing cheaper is permitted/, 30_000);
    await redis.publish('dear#/#', BROADCAST);
    await running.until(/ hi /, 30_000);
    const sending = setInterval(() => {
      for (let i = 0; i < 50; i++) void redis.set('a', 'b');
    }, 20);
    const { code, stderr } = await end;
    clearInterval(sending);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /ACL SETUSER dear \+psubscribe '&dear\*'/);
    assert.match(stderr, /MONITOR makes a busy Redis several times slower/);
    assert.match(stderr, /MONITOR has ended: .* more than --max-rate 50/);
  });

  it('auto says what each way would need, and what works, where it may go none', async () => {
    const forbidden = ['-psubscribe', '-monitor'];
    for (const [more, expected] of [
      [[], /What works is --via stream/],
      [['-xread'], /ACL SETUSER none \+xread/],
    ] as const) {
      await redis.call('ACL', 'SETUSER', 'none', 'on', '>secret', '~*', '+@all', ...forbidden, ...more);
      const url = pair.url.replace('redis://', 'redis://none:secret@');
      const { code, stderr } = await runCli(['monitor', '--url', url, '--key', 'none', '--via', 'auto']);
      assert.equal(code, 3, stderr);
      assert.match(stderr, /^sio-inspect: .*\+psubscribe .*\+monitor/m);
      assert.match(stderr, expected);
      assert.doesNotMatch(stderr, /read-only/);
    }
  });

  it('monitor ends itself past --max-rate, and says why', async () => {
    const running = start('--via', 'monitor', '--max-rate', '50');
    const end = running.finished();
    await running.until(/read-only/);
    const sending = setInterval(() => {
      for (let i = 0; i < 50; i++) void redis.set('a', 'b');
    }, 20);
    const { code, stderr } = await end;
    clearInterval(sending);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /MONITOR has ended: Redis executes \d+ commands a second, more than --max-rate 50/);
  });

  it('shard and replication are refused with exit code 3 and what works instead', async () => {
    const shard = await runCli(['monitor', '--url', pair.url, '--via', 'shard']);
    assert.equal(shard.code, 3);
    assert.match(shard.stderr, /exact name.*--via replica/);
    const sentinel = new Redis(pair.url);
    await sentinel.subscribe('__sentinel__:hello');
    const replication = await runCli(['monitor', '--url', pair.url, '--via', 'replication']);
    sentinel.disconnect();
    assert.equal(replication.code, 3);
    assert.match(replication.stderr, /A Sentinel watches.*--force/);
  });

  it('words that make no sense together are refused with exit code 2', async () => {
    for (const [args, expected] of [
      [['--via', 'auto', '--via', 'stream'], /--via auto/],
      [['--since', '0'], /--since goes with --via stream/],
      [['--via', 'nothing'], /--via/],
      [['--via', 'stream', '--since', 'yesterday'], /--since/],
    ] as const) {
      const { code, stderr } = await runCli(['monitor', '--url', pair.url, ...args]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, expected);
    }
  });
});
