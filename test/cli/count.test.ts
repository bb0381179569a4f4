import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { encode } from '@msgpack/msgpack';
import { Redis } from 'ioredis';
import { type PrivateRedis, startPrivateRedis } from '../../src/demo/private-redis.ts';
import { type Finished, runCli, startCli } from '../support/cli.ts';

describe('live commands end by themselves with --count', () => {
  let redis: PrivateRedis;
  let publisher: Redis;
  let directory: string;

  before(async () => {
    redis = await startPrivateRedis();
    publisher = new Redis(redis.url);
    directory = await mkdtemp(join(tmpdir(), 'sio-inspect-count-'));
  });

  after(async () => {
    publisher.disconnect();
    await redis.stop();
    await rm(directory, { recursive: true });
  });

  /** Runs a command while somebody publishes, until it ends. */
  async function runBusy(...args: readonly string[]): Promise<Finished> {
    const running = startCli([...args, '--url', redis.url]);
    const state = { isOver: false };
    const end = running.finished().finally(() => {
      state.isOver = true;
    });
    const packet = { type: 2, data: ['news', 'today'], nsp: '/' };
    while (!state.isOver) await publisher.publish('socket.io#/#', Buffer.from(encode(['uid', packet, {}])));
    return end;
  }

  test('doctor has listened to so many messages', async () => {
    const words = ['doctor', '--for', '10m', '--rule', 'poison-payload', '--json', '--count'];
    const { code, stdout, stderr } = await runBusy(...words, '3');
    assert.equal(code, 0, stderr);
    const { messages, held } = JSON.parse(stdout) as { messages: number; held: string[] };
    assert.deepEqual([messages, held], [3, ['poison-payload']]);
  });

  test('follow has shown so many', async () => {
    const words = ['follow', '--event', 'news', '--via', 'subscribe', '--json', '--count'];
    const { code, stdout, stderr } = await runBusy(...words, '2');
    assert.equal(code, 0, stderr);
    assert.equal(stdout.match(/"event":"news"/g)?.length, 2, stdout);
  });

  test('record has written so many, and with --json the records are on stdout, too', async () => {
    const file = join(directory, 'count.rec');
    const { code, stdout, stderr } = await runBusy('record', file, '--json', '--count', '2');
    assert.equal(code, 0, stderr);
    const records = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string });
    assert.deepEqual(
      records.map(({ event }) => event),
      ['news', 'news'],
    );
    assert.ok(existsSync(file));
  });

  test('servers --watch has looked so often', async () => {
    const args = ['servers', '--url', redis.url, '--json', '--count', '2'];
    const [watched, wrong] = await Promise.all([runCli([...args, '--watch']), runCli(args)]);
    assert.equal(watched.code, 0, watched.stderr);
    assert.equal(watched.stdout.trimEnd().split('\n').length, 2);
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /--count goes with --watch/);
  });
});

test('doctor and follow refuse --for and --count with files, which they read to their end', async () => {
  const wrong = [
    ['doctor', '-', '--for', '10s'],
    ['doctor', '-', '--count', '1'],
    ['follow', 'a81f3c', '-', '--for', '10s'],
    ['follow', '--event', 'news', '-', '--count', '1'],
  ];
  for (const words of wrong) {
    const { code, stdout, stderr } = await runCli(words);
    assert.deepEqual([code, stdout], [2, ''], stderr);
    assert.match(
      stderr,
      new RegExp(`^sio-inspect: ${words.at(-2) ?? ''} is for a live Redis: - is read to its end`),
    );
  }
});
