import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { Redis } from 'ioredis';
import { type PrivateRedis, startPrivateRedis } from '../../src/demo/private-redis.ts';
import { runCli, startCli } from '../support/cli.ts';
import { waitFor } from '../support/wait.ts';

let redis: PrivateRedis;
let servers: Redis;

before(async () => {
  redis = await startPrivateRedis();
  servers = new Redis(redis.url);
  // What one classic server subscribes to (@socket.io/redis-adapter 8.3, lib/index.ts).
  await servers.psubscribe('socket.io#/#*');
  await servers.subscribe('socket.io-request#/#', 'socket.io-response#/#', 'socket.io-response#/#6n0BWC#');
});

after(async () => {
  servers.disconnect();
  await redis.stop();
});

void test('doctor finds nothing on a healthy Redis, ends with 0, and says what it cannot see', async () => {
  const { code, stdout, stderr } = await runCli(['doctor', '--url', redis.url, '--for', '0s']);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /✓ \d+ rules? holds?\./);
  assert.match(stdout, /Session ID unknown/);
  assert.match(stdout, /Not checked \(needs traffic: --for 10s\): .*timeout-silent-server/s);
  assert.match(stderr, /1 server subscribed · looking twice · read-only/);
});

void test('doctor names a phantom subscriber, ends with 1, and writes JSON and Markdown', async () => {
  const watcher = new Redis(redis.url, { connectionName: 'gui\u001b[31m' });
  await watcher.subscribe('socket.io-request#/#');
  const args = ['doctor', '--url', redis.url, '--for', '0s'];
  const [human, json, markdown] = await Promise.all([
    runCli(args),
    runCli([...args, '--json']),
    runCli([...args, '--markdown', '--rule', 'phantom-subscriber']),
  ]);
  watcher.disconnect();
  for (const { code, stderr } of [human, json, markdown]) assert.equal(code, 1, stderr);
  assert.match(human.stdout, /✗ phantom-subscriber +namespace \/ +sure/);
  assert.match(human.stdout, /^ +redis-cli -u redis:\/\/127\.0\.0\.1:\d+ CLIENT KILL ID \d+$/m);
  assert.ok(!human.stdout.includes('\u001b'), 'no escape of a stranger reaches the terminal');
  const report = JSON.parse(json.stdout) as { findings: { rule: string; culprits: { is: string }[] }[] };
  assert.deepEqual(
    report.findings.map(({ rule, culprits }) => [rule, culprits.map(({ is }) => is)]),
    [['phantom-subscriber', ['connection']]],
  );
  assert.match(markdown.stdout, /^#### phantom-subscriber \(breaks, sure\) · namespace \/$/m);
});

void test('in a pipe the lines of doctor and servers are whole, unless COLUMNS says a width', async () => {
  const [doctor, servers, narrow] = await Promise.all(
    [
      { args: ['doctor', '--for', '0s'], COLUMNS: undefined },
      { args: ['servers'], COLUMNS: undefined },
      { args: ['doctor', '--for', '0s'], COLUMNS: '80' },
    ].map(({ args, COLUMNS }) => runCli([...args, '--url', redis.url], { env: { COLUMNS } })),
  );
  assert.match(doctor?.stdout ?? '', /^ +Not visible from Redis: .*--fault no-sticky-sessions$/m);
  assert.match(servers?.stdout ?? '', /^sio-inspect · servers at .* the servers do not notice us$/m);
  assert.doesNotMatch(narrow?.stdout ?? '', /^.{81}/m);
});

void test('doctor --expect compares the number of servers', async () => {
  const args = ['doctor', '--url', redis.url, '--for', '0s', '--rule', 'expected-servers', '--expect'];
  const [wrong, right] = await Promise.all([runCli([...args, '3']), runCli([...args, '1'])]);
  assert.equal(wrong.code, 1);
  assert.match(wrong.stdout, /1 server is here, and 3 should be/);
  assert.equal(right.code, 0, right.stdout);
});

void test('doctor says that it found no server, what there is instead, and checks no rule about servers', async () => {
  const other = await startPrivateRedis();
  const args = ['doctor', '--for', '0s', '--url'];
  const [empty, key, expected] = await Promise.all([
    runCli([...args, other.url]),
    runCli([...args, redis.url, '--key', 'my app']),
    runCli([...args, redis.url, '--key', 'my app', '--rule', 'expected-servers', '--expect', '1']),
  ]);
  await other.stop();
  assert.equal(empty.code, 0);
  assert.match(empty.stdout, /^! No server with a Redis adapter was found in the Redis at 127/m);
  assert.match(empty.stdout, /Not checked \(no server was found\): phantom-subscriber, .*lone-nodes/s);
  assert.match(empty.stdout, /redis-cli -u redis:\/\/127\.0\.0\.1:\d+ PUBSUB CHANNELS '\*'/);
  assert.match(key.stdout, /^! No server with a Redis adapter and the key "my app" was found/m);
  assert.match(key.stdout, /Instead: servers with the key "socket\.io": 1 server in \/:/);
  assert.match(key.stdout, /sio-inspect doctor --key socket\.io --url redis:/);
  assert.equal(expected.code, 1, expected.stdout);
  assert.match(
    expected.stdout,
    /No server with the key "my app" is subscribed in this Redis, and 1 should be/,
  );
});

void test('doctor does not expect servers where nobody tells it who is subscribed', async () => {
  const blind = await startPrivateRedis({ args: ['--rename-command', 'PUBSUB', ''] });
  const args = ['--url', blind.url, '--for', '0s', '--rule', 'expected-servers', '--expect', '3'];
  const { code, stdout } = await runCli(['doctor', ...args]);
  await blind.stop();
  assert.equal(code, 0, stdout);
  assert.match(stdout, /^! Whether servers are there is not known/m);
  assert.match(stdout, /Not checked \(no server was found\): expected-servers/);
});

void test('doctor gives no clean bill to a file without traffic, and says what of a file it could not read', async () => {
  const damaged = gzipSync('1795376207.468501 [0 127.0.0.1:49376] "subscribe" "socket.io-request#/#"\n');
  damaged.fill(0, damaged.length - 8);
  const [junk, empty, cut] = await Promise.all([
    runCli(['doctor', '-'], { input: 'hello world, this is no capture' }),
    runCli(['doctor', '-', '--markdown'], { input: '' }),
    runCli(['doctor', '-', '--json'], { input: damaged }),
  ]);
  for (const { stdout } of [junk, empty]) {
    assert.match(stdout, /No message of a Socket.IO server was found in stdin/);
    assert.doesNotMatch(stdout, /✓|^[1-9]\d* rules hold/m);
  }
  assert.equal(junk.code, 1, 'not all of it could be read');
  assert.match(junk.stdout, /1 piece of it could not be read/);
  assert.equal(empty.code, 0);
  const { notes, gaps } = JSON.parse(cut.stdout) as { notes: string[]; gaps: number };
  assert.match(notes.join(), /stdin: the gzip data is damaged/);
  assert.equal(gaps, 1);
});

void test('the first Ctrl-C ends the listening of doctor, which reports on what it has seen', async () => {
  const doctor = startCli(['doctor', '--url', redis.url, '--for', '10m', '--rule', 'poison-payload']);
  await doctor.until(/listening for 600 s/);
  const publisher = new Redis(redis.url);
  await waitFor('the doctor to listen', async () =>
    Number(await publisher.pubsub('NUMPAT')) > 1 ? true : undefined,
  );
  for (let times = 100; times > 0; times--) await publisher.publish('socket.io#/#', 'hello');
  doctor.child.kill('SIGINT');
  const { code, stdout } = await doctor.finished();
  publisher.disconnect();
  assert.equal(code, 130);
  assert.match(stdout, /✗ poison-payload/);
  assert.match(stdout, /Interrupted: we have listened for [\d.]+ s of 600 s/);
});

type Write = (text: string, done: (error?: Error | null) => void) => boolean;

void test('the first Ctrl-C ends doctor while it waits for standard input', async () => {
  const doctor = startCli(['doctor', '-', '--rule', 'poison-payload']);
  const line = '1795376207.468501 [0 127.0.0.1:49376] "publish" "socket.io#/#" "hello"\n';
  // More than a pipe holds: once it is written, somebody reads.
  await promisify(doctor.child.stdin.write.bind(doctor.child.stdin) as Write)(line.repeat(10_000));
  doctor.child.kill('SIGINT');
  const { code, stdout } = await doctor.finished();
  assert.equal(code, 130);
  assert.match(stdout, /Interrupted: it was not read to its end/);
});

void test('doctor reads a capture', async () => {
  const bad = '1795376207.468501 [0 127.0.0.1:49376] "publish" "socket.io#/#" "hello"\n';
  const { code, stdout } = await runCli(['doctor', '-'], { input: bad });
  assert.equal(code, 1);
  assert.match(stdout, /✗ poison-payload/);
  assert.match(stdout, /127\.0\.0\.1:49376: published it/);
  assert.match(
    stdout,
    /Not checked \(needs a live Redis, or a recording by sio-inspect\): phantom-subscriber/,
  );
});

void test('doctor finds a phantom subscriber in what a killed recorder has left, and says how old that is', async () => {
  const watcher = new Redis(redis.url, { connectionName: 'debug' });
  await watcher.subscribe('socket.io-request#/#');
  const file = join(await mkdtemp(join(tmpdir(), 'sio-inspect-doctor-')), 'killed.rec');
  const recorder = startCli(['record', file, '--url', redis.url]);
  await waitFor('four looks on the disk', async () => {
    const text = await readFile(file, 'utf8').catch(() => '');
    return text.split('{"look":').length > 4 || undefined;
  });
  recorder.child.kill('SIGKILL');
  await recorder.finished();
  watcher.disconnect();
  const { code, stdout } = await runCli(['doctor', file]);
  await rm(dirname(file), { recursive: true });
  assert.equal(code, 1);
  assert.match(stdout, /✗ phantom-subscriber +namespace \/ +sure/);
  assert.match(stdout, /client name debug/);
  assert.match(stdout, /recorded, until 20\d\d-.*look again before/s);
});

void test('doctor reports what it has heard where Redis ends while it listens, with exit code 3', async () => {
  const own = await startPrivateRedis();
  const server = new Redis(own.url);
  server.on('error', () => undefined);
  await server.subscribe('socket.io-request#/#', 'socket.io-response#/#', 'socket.io-response#/#6n0BWC#');
  const doctor = startCli(['doctor', '--url', own.url, '--for', '5s']);
  await doctor.until(/listening for 5 s/);
  const speaker = new Redis(own.url);
  speaker.on('error', () => undefined);
  await waitFor('the doctor to listen', async () =>
    (await speaker.publish('socket.io#/#', 'hello')) > 0 ? true : undefined,
  );
  // Until it is attached, what comes is not yet heard.
  for (let count = 0; count < 2000; count++) await speaker.publish('socket.io#/#', 'hello');
  await own.stop();
  server.disconnect();
  speaker.disconnect();
  const { code, stdout } = await doctor.finished();
  assert.match(stdout, /✗ poison-payload/);
  assert.match(stdout, /While we listened: Redis at .* closed our connection, or has ended/);
  assert.equal(code, 1, 'a problem was found; 3 where none is');
});

void test('doctor answers wrong usage with 2 and a Redis that is not there with 3', async () => {
  const cases: readonly (readonly [string[], number, RegExp])[] = [
    [['--rule', 'nonsense'], 2, /no rule "nonsense"\. "sio-inspect rules"/],
    [['--rule', 'phantom-subscribers'], 2, /Did you mean "phantom-subscriber"\?/],
    [['--json', '--markdown'], 2, /exclude each other/],
    [['no-such-file.txt'], 2, /no such file/],
    [['--url', 'redis://127.0.0.1:1'], 3, /127\.0\.0\.1:1/],
  ];
  for (const [args, expected, words] of cases) {
    const { code, stderr } = await runCli(['doctor', ...args]);
    assert.equal(code, expected, stderr);
    assert.match(stderr, words);
  }
});

void test('rules lists every rule; with a name it prints the page', async () => {
  const [list, page, unknown] = await Promise.all([
    runCli(['rules']),
    runCli(['rules', 'phantom-subscriber']),
    runCli(['rules', 'silent']),
  ]);
  assert.match(list.stdout, /^phantom-subscriber +breaks delivery +by looking/m);
  assert.match(page.stdout, /^Cure$/m);
  assert.doesNotMatch(page.stdout, /`|^#/m);
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /Did you mean "timeout-silent-server"\?/);
});

void test('demo --fault lists the faults and refuses what it does not know', async () => {
  const [list, unknown, url] = await Promise.all([
    runCli(['demo', '--fault', 'list']),
    runCli(['demo', '--fault', 'frozen-werker']),
    runCli(['demo', '--fault', 'wrong-key', '--url', redis.url]),
  ]);
  assert.equal(list.code, 0);
  assert.match(list.stdout, /^frozen-worker {2,}/m);
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /Did you mean "frozen-worker"\?/);
  assert.equal(url.code, 2);
  assert.match(url.stderr, /brings its own Redis/);
});
