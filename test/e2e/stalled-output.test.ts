import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import { type PrivateRedis, startPrivateRedis } from '../../src/demo/private-redis.ts';
import { readClientList } from '../../src/redis/client-list.ts';
import { publishInBulk } from '../capture/live/publish-in-bulk.ts';
import { type Running, startCli } from '../support/cli.ts';
import { waitFor } from '../support/wait.ts';
import { interrupt, numberedBroadcast, storyOf } from './records-of.ts';

const LONG_MS = 120_000;
const PADDING_BYTES = 300;
/** What Redis holds back for us is the matter here, not what it would do about it. */
const UNLIMITED = ['--client-output-buffer-limit', 'pubsub 0 0 0'];
/** Files may grow to so many blocks of 512 or 1024 bytes; beyond that the system refuses as on a full disk (EFBIG). */
const limitFiles = (blocks: number): readonly string[] => [
  'sh',
  '-c',
  `ulimit -f ${blocks}; exec "$@"`,
  'sh',
];

describe('a reader of stdout that does not read', () => {
  let server: PrivateRedis;
  let redis: Redis;
  let directory: string;
  const started: Running[] = [];

  before(async () => {
    server = await startPrivateRedis({ args: UNLIMITED });
    redis = new Redis(server.url);
    directory = await mkdtemp(join(tmpdir(), 'sio-inspect-test-'));
  });

  afterEach(() => {
    for (const { child } of started.splice(0)) child.kill('SIGKILL');
  });

  after(async () => {
    redis.disconnect();
    await server.stop();
    await rm(directory, { recursive: true });
  });

  const startStalled = async (buffer: string, under: readonly string[] = []): Promise<Running> => {
    const args = ['monitor', '--json', '--url', server.url, '--buffer', buffer];
    const running = startCli(args, { env: { TMPDIR: directory }, under });
    started.push(running);
    await running.until(/read-only/, LONG_MS);
    running.child.stdout.pause();
    return running;
  };
  const hasAllBeenSent = async (): Promise<true | undefined> => {
    const clients = readClientList(String(await redis.client('LIST')));
    return clients.some(({ outputBytes }) => outputBytes > 0) ? undefined : true;
  };
  /** Reads until the message with this number has come. */
  const readUntil = async (running: Running, number: number, act?: () => Promise<unknown>): Promise<void> => {
    const text = `"args":[${number},`;
    let tail = '';
    let hasCome = false;
    running.child.stdout.on('data', (chunk: Buffer) => {
      tail += chunk.toString();
      hasCome ||= tail.includes(text);
      tail = tail.slice(-text.length);
    });
    running.child.stdout.resume();
    await act?.();
    await waitFor(`the message ${number}`, () => (hasCome ? true : undefined), LONG_MS);
  };

  it('loses nothing: what memory does not hold waits on the disk', async () => {
    const total = 200_000;
    const running = await startStalled('8MB');
    await publishInBulk(server, total, (index) => numberedBroadcast(index, PADDING_BYTES));
    await waitFor('Redis to have sent all', hasAllBeenSent, LONG_MS);
    const peakMb = readPeakMb(running.child.pid ?? 0);
    await readUntil(running, total - 1);
    const { code, lines, stderr } = await interrupt(running);
    assert.equal(code, 130, stderr);
    assert.match(stderr, /the rest waits in a temporary file/);
    const story = storyOf(lines);
    assert.equal(story.length, total);
    assert.equal(
      story.findIndex((number, index) => number !== index),
      -1,
    );
    assert.ok(peakMb === undefined || peakMb < 350, `${peakMb ?? 0} MB`);
    assert.deepEqual(await readdir(directory).then(spoolsIn), []);
  });

  it('lets go of Redis and says what it dropped when the spool has no room either', async () => {
    const total = 100_000;
    const running = await startStalled('4MB', limitFiles(8192));
    await publishInBulk(server, total, (index) => numberedBroadcast(index, PADDING_BYTES));
    await running.until(/lost /, LONG_MS);
    await readUntil(running, total, async () => {
      await waitFor(
        'it to attach again',
        () => (running.stderr().includes('attached again') ? true : undefined),
        LONG_MS,
      );
      await redis.publish('socket.io#/#', numberedBroadcast(total));
    });
    const { code, lines, stderr } = await interrupt(running);
    assert.equal(code, 130, stderr);
    const story = storyOf(lines);
    const before = story.indexOf('dropped');
    assert.ok(before > 0 && before < total, String(before));
    assert.deepEqual(story, [...Array.from({ length: before }, (_, index) => index), 'dropped', total]);
    assert.match(stderr, new RegExp(`${before + 1} messages in .* · 1 gap$`, 'm'));
  });
});

/** The most memory that a process ever held, where the system tells. */
function readPeakMb(pid: number): number | undefined {
  const file = `/proc/${pid}/status`;
  if (!existsSync(file)) return undefined;
  const [, kb] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(file, 'utf8')) ?? [];
  return kb === undefined ? undefined : Number(kb) / 1024;
}

function spoolsIn(names: readonly string[]): readonly string[] {
  return names.filter((name) => name.startsWith('sio-inspect-spool-'));
}
