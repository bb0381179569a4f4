import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { Redis } from 'ioredis';
import { type PrivateRedis, startPrivateRedis } from '../../src/demo/private-redis.ts';
import { startPair, withClient } from '../capture/live/deployments.ts';
import { runCli, startCli } from '../support/cli.ts';
import { waitFor } from '../support/wait.ts';

const BLOG = Buffer.from(
  '93a6366e3042574383a47479706502a46461746192ac63686174206d657373616765ac48656c6c6f2066726f6d2041a36e7370a12f83a665786365707491b453314835704a636d384b756e356c4f6f41414141a5726f6f6d73c4a5666c61677381a962726f616463617374c3',
  'hex',
);

let redis: PrivateRedis;
let publisher: Redis;

before(async () => {
  redis = await startPrivateRedis();
  publisher = new Redis(redis.url);
});

after(async () => {
  publisher.disconnect();
  await redis.stop();
});

/** Publishes until monitor has what it was told to count: it may attach at any moment. */
async function publishUntil(done: Promise<unknown>, publish: () => Promise<unknown>): Promise<void> {
  let isDone = false;
  void done.then(() => {
    isDone = true;
  });
  while (!isDone) await publish();
}

for (const via of ['subscribe', 'monitor'] as const) {
  void test(`monitor --via ${via} --json writes records to stdout and talk to stderr`, async () => {
    const running = startCli(['monitor', '--url', redis.url, '--via', via, '--json', '--count', '2']);
    const end = running.finished();
    await publishUntil(end, () => publisher.publish('socket.io#/#', BLOG));
    const { code, stdout, stderr } = await end;
    assert.equal(code, 0, stderr);
    const records = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.equal(records.length, 2);
    for (const record of records) {
      assert.equal(record.via, via);
      assert.equal(record.command, via === 'monitor' ? 'PUBLISH' : 'PMESSAGE');
      assert.equal(record.node, redis.url.replace('redis://', ''));
      assert.equal('client' in record, via === 'monitor');
      assert.equal(record.event, 'chat message');
      assert.match(String(record.time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    }
    assert.match(stderr, /read-only/);
  });
}

void test('monitor writes its summary and ends with 130 after Ctrl-C, 143 after SIGTERM', async () => {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    const running = startCli(['monitor', '--url', redis.url]);
    await running.until(/read-only/);
    const end = running.finished();
    const seen = running.until(/chat message/);
    await publishUntil(seen, () => publisher.publish('socket.io#/#', BLOG));
    running.child.kill(signal);
    const run = await end;
    assert.equal(run.code, code);
    assert.match(run.stderr, /messages? in \d.* · 1 server · busiest: chat message/);
  }
});

void test('monitor --key takes a prefix literally, and several of them', async () => {
  const running = startCli([
    'monitor',
    '--url',
    redis.url,
    '--key',
    'my[app]*',
    '--key',
    'other',
    '--json',
    '--count',
    '4',
  ]);
  const end = running.finished();
  await publishUntil(end, async () => {
    await publisher.publish('my[app]*#/#', BLOG);
    await publisher.publish('mya#/#', BLOG);
    await publisher.publish('other#/#', BLOG);
  });
  const { stdout } = await end;
  const keys = new Set(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { key: string }).key),
  );
  assert.deepEqual([...keys].sort(), ['my[app]*', 'other']);
});

void test('monitor counts in its header the servers that are watched, and names the others apart', async () => {
  const subscriber = new Redis(redis.url);
  for (const [key, nsp] of [
    ['socket.io', '/'],
    ['socket.io', '/admin'],
    ['theirs', '/'],
    ['theirs', '/chat'],
  ]) {
    await subscriber.subscribe(`${key}-request#${nsp}#`, `${key}-response#${nsp}#abcdef#`);
  }
  await subscriber.ssubscribe('live#/#', 'live#/#0123456789abcdef#');
  const headers: readonly (readonly [string[], RegExp])[] = [
    [[], /^1 server in \/ · 1 server in \/admin {2}· {2}not shown: live \(sharded\), theirs {2}· {2}--via/m],
    [
      ['--key', 'theirs'],
      /^1 server in theirs \/ · 1 server in theirs \/chat {2}· {2}not shown: live .*socket\.io/m,
    ],
    [['--key', 'mine'], /^no server is subscribed here that this shows {2}· {2}not shown: live/m],
    [
      ['--via', 'monitor'],
      /^1 server in live \/ \(sharded\) · 1 server in \/ · 1 server in \/admin · 1 server in theirs/m,
    ],
  ];
  try {
    for (const [args, expected] of headers) {
      const running = startCli(['monitor', '--url', redis.url, ...args]);
      await running.until(/read-only/);
      running.child.kill('SIGINT');
      const { stderr } = await running.finished();
      assert.match(stderr, expected);
    }
  } finally {
    subscriber.disconnect();
  }
});

void test('monitor says after five seconds that the filters leave out all that comes', async () => {
  const running = startCli(['monitor', '--url', redis.url, '--nsp', '/nobody']);
  await running.until(/read-only/);
  await Promise.all([1, 2, 3].map(() => publisher.publish('socket.io#/#', BLOG)));
  await running.until(/ in 5 s/).finally(() => running.child.kill('SIGINT'));
  const { stderr, stdout } = await running.finished();
  assert.match(stderr, /^3 messages in 5 s, and the filters leave all of them out\.$/m);
  assert.equal(stdout, '');
});

void test('monitor says after five seconds of silence what is there instead, and the command that shows it', async () => {
  const subscriber = new Redis(redis.url);
  await subscriber.psubscribe('myapp#/#*');
  await subscriber.subscribe('myapp-request#/#', 'myapp-response#/#', 'myapp-response#/#abcdef#');
  const running = startCli(['monitor', '--url', redis.url]);
  await running.until(/monitor --key myapp --url redis/);
  running.child.kill('SIGINT');
  const { stderr } = await running.finished();
  assert.match(stderr, /Nothing has arrived for 5 s/);
  assert.match(stderr, /servers with the key "myapp"/);
  subscriber.disconnect();
});

void test('monitor answers what stands in the way with one message and exit code 3', async () => {
  const stranger: Server = createServer((_, response) => response.end('hello'));
  await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
  const { port } = stranger.address() as AddressInfo;
  await publisher.call(
    'ACL',
    'SETUSER',
    'weak',
    'on',
    '>secret',
    '~*',
    '+@all',
    '-monitor',
    '-psubscribe',
    'allchannels',
  );
  const host = redis.url.replace('redis://', '');
  const cases: readonly (readonly [string[], RegExp])[] = [
    [['--url', 'redis://127.0.0.1:1'], /127\.0\.0\.1:1/],
    [['--url', 'redis://no-such-host.invalid:6379'], /no-such-host\.invalid/],
    [['--url', `redis://127.0.0.1:${port}`], /HTTP/],
    [['--url', `redis://weak:wrong@${host}`], /password/i],
    [['--url', `redis://weak:secret@${host}`], /psubscribe/i],
    [['--url', `redis://weak:secret@${host}`, '--via', 'monitor'], /monitor/i],
    [['--url', `rediss://${host}`], /TLS/],
  ];
  try {
    for (const [args, expected] of cases) {
      const run = await runCli(['monitor', '--for', '3s', ...args]);
      assert.equal(run.code, 3, `${args.join(' ')}: ${run.stderr}`);
      const message = run.stderr.split('\n').filter((line) => line.startsWith('sio-inspect: '));
      assert.equal(message.length, 1, run.stderr);
      assert.match(message[0] ?? '', expected);
      assert.doesNotMatch(run.stderr, /secret|wrong@| {4}at /);
      assert.equal(run.stdout, '');
    }
  } finally {
    stranger.close();
    await publisher.call('ACL', 'DELUSER', 'weak');
  }
});

void test('monitor refuses a URL that is none with exit code 2', async () => {
  const run = await runCli(['monitor', '--url', 'localhost:6379']);
  assert.equal(run.code, 2);
  assert.match(run.stderr, /--url/);
});

void test('monitor --for counts from the moment it is attached, by the replication stream seconds later', async () => {
  const primary = await startPrivateRedis({ args: ['--repl-diskless-sync-delay', '2'] });
  const client = new Redis(primary.url);
  try {
    const running = startCli([
      'monitor',
      '--url',
      primary.url,
      '--via',
      'replication',
      '--for',
      '1s',
      '--json',
    ]);
    const end = running.finished();
    await running.until(/read-only/);
    await client.publish('socket.io#/#', BLOG);
    const { code, stdout, stderr } = await end;
    assert.equal(code, 0, stderr);
    assert.equal(stdout.trimEnd().split('\n').length, 1);
    assert.match(stderr, /^1 message in [01]\.\d s .* 0 gaps$/m);
  } finally {
    client.disconnect();
    await primary.stop();
  }
});

void test('monitor that is ended before it was attached says that nothing was watched', async () => {
  const primary = await startPrivateRedis({ args: ['--repl-diskless-sync-delay', '60'] });
  const client = new Redis(primary.url);
  try {
    for (const [vias, expected] of [
      [['replication'], /^Ended before it was attached: nothing was watched\.$/m],
      [
        ['replication', 'subscribe'],
        /^0 messages in .*\nEnded before all of it was attached: not all was watched\.$/m,
      ],
    ] as const) {
      const running = startCli(['monitor', '--url', primary.url, ...vias.flatMap((via) => ['--via', via])]);
      const isAttaching = async (): Promise<true | undefined> => {
        const list = String(await client.client('LIST'));
        return list.includes('cmd=psync') && (vias.length === 1 || list.includes('cmd=psubscribe'))
          ? true
          : undefined;
      };
      await waitFor('sio-inspect to wait for the replication stream', isAttaching);
      running.child.kill('SIGINT');
      const { code, stderr } = await running.finished();
      assert.equal(code, 130, stderr);
      assert.match(stderr, expected);
      assert.match(stderr, /attaching to the replication stream: the primary forks/);
      assert.equal(/read-only/.test(stderr), false);
      assert.equal(vias.length === 1 && /gaps/.test(stderr), false);
    }
  } finally {
    client.disconnect();
    await primary.stop();
  }
});

void test('monitor says where it has attached after a node was lost for good', async () => {
  const pair = await startPair();
  const [primary, replica] = pair.nodes;
  assert.ok(primary && replica);
  const running = startCli(['monitor', '--url', primary.url, '--via', 'replica']);
  const other = await startPrivateRedis({ args: ['--replicaof', '127.0.0.1', String(primary.port)] });
  try {
    await running.until(/read-only/);
    await waitFor('the other replica', () =>
      withClient(primary.url, async (client) =>
        (await client.info('replication')).includes(`port=${other.port},state=online`) ? true : undefined,
      ),
    );
    await replica.stop();
    await running.until(
      new RegExp(`lost 127\\.0\\.0\\.1:${replica.port}[^]*attached to 127\\.0\\.0\\.1:${other.port}`),
    );
  } finally {
    running.child.kill('SIGKILL');
    await other.stop();
    await pair.stop();
  }
});
