import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Redis } from 'ioredis';
import { type PrivateRedis, startPrivateRedis } from '../../src/demo/private-redis.ts';
import { runCli } from '../support/cli.ts';

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
  assert.match(human.stdout, /redis-cli CLIENT KILL ID \d+/);
  assert.ok(!human.stdout.includes('\u001b'), 'no escape of a stranger reaches the terminal');
  const report = JSON.parse(json.stdout) as { findings: { rule: string; culprits: { is: string }[] }[] };
  assert.deepEqual(
    report.findings.map(({ rule, culprits }) => [rule, culprits.map(({ is }) => is)]),
    [['phantom-subscriber', ['connection']]],
  );
  assert.match(markdown.stdout, /^#### phantom-subscriber \(breaks, sure\) · namespace \/$/m);
});

void test('doctor --expect compares the number of servers', async () => {
  const args = ['doctor', '--url', redis.url, '--for', '0s', '--rule', 'expected-servers', '--expect'];
  const [wrong, right] = await Promise.all([runCli([...args, '3']), runCli([...args, '1'])]);
  assert.equal(wrong.code, 1);
  assert.match(wrong.stdout, /1 server is here, and 3 should be/);
  assert.equal(right.code, 0, right.stdout);
});

void test('doctor reads a capture', async () => {
  const bad = '1795376207.468501 [0 127.0.0.1:49376] "publish" "socket.io#/#" "hello"\n';
  const { code, stdout } = await runCli(['doctor', '-'], { input: bad });
  assert.equal(code, 1);
  assert.match(stdout, /✗ poison-payload/);
  assert.match(stdout, /127\.0\.0\.1:49376: published it/);
  assert.match(stdout, /Not checked \(needs a live Redis\): phantom-subscriber/);
});

void test('doctor answers wrong usage with 2 and a Redis that is not there with 3', async () => {
  const cases: readonly (readonly [string[], number, RegExp])[] = [
    [['--rule', 'nonsense'], 2, /no rule "nonsense"/],
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
    runCli(['rules', 'nonsense']),
  ]);
  assert.match(list.stdout, /^phantom-subscriber +breaks delivery +by looking/m);
  assert.match(page.stdout, /## Cure/);
  assert.equal(unknown.code, 2);
});

void test('demo --fault lists the faults and refuses what it does not know', async () => {
  const [list, unknown, url] = await Promise.all([
    runCli(['demo', '--fault', 'list']),
    runCli(['demo', '--fault', 'nonsense']),
    runCli(['demo', '--fault', 'wrong-key', '--url', redis.url]),
  ]);
  assert.equal(list.code, 0);
  assert.match(list.stdout, /^frozen-worker {2,}/m);
  assert.equal(unknown.code, 2);
  assert.equal(url.code, 2);
  assert.match(url.stderr, /brings its own Redis/);
});
