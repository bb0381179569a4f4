import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { encode } from '@msgpack/msgpack';
import { type PrivateRedis, startPrivateRedis } from '../../src/demo/private-redis.ts';
import { decodeCapture } from '../../src/index.ts';
import { publishInBulk } from '../capture/live/publish-in-bulk.ts';
import { waitFor } from '../support/wait.ts';
import { type Finished, startCli } from '../support/cli.ts';
import { linesOf, storyOf } from './records-of.ts';

const LONG_MS = 120_000;
const TOTAL = 5000;
/** So many fit on it in any case. */
const FIRST = 100;
const PADDING_BYTES = 300;

/** What gzip cannot make small. */
function noisyBroadcast(index: number): Buffer {
  const packet = { type: 2, data: ['tick', index, randomBytes(PADDING_BYTES)], nsp: '/' };
  return Buffer.from(encode(['6n0BWC', packet, { rooms: [], flags: {} }]));
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/**
 * A disk of its own, 256 kB large, that only the program sees and that goes with it; what is on it in the end is copied
 * beside. The program's exit code is kept.
 */
const ON_SMALL_DISK = `mount -t tmpfs -o size=256k tmpfs "$0/disk" || exit 99
"$@"
code=$?
cp "$0"/disk/* "$0"
exit $code`;

interface Outcome extends Finished {
  /** How many messages are in the file. */
  readonly kept: number;
}

describe('a recording on a full disk', () => {
  let server: PrivateRedis;
  let root: string;

  before(async () => {
    // However busy the machine is, what counts here is the disk.
    server = await startPrivateRedis({ args: ['--client-output-buffer-limit', 'pubsub 0 0 0'] });
    root = await mkdtemp(join(tmpdir(), 'sio-inspect-test-'));
  });

  after(async () => {
    await server.stop();
    await rm(root, { recursive: true });
  });

  const fileOf = (name: string): string => join(root, name, 'disk', name);
  /** Records as `command` says to a file of this name on a disk that is too small; gives what came of it. */
  const recordTo = async (name: string, command: (file: string) => readonly string[]): Promise<Outcome> => {
    const file = fileOf(name);
    await mkdir(dirname(file), { recursive: true });
    const under = ['unshare', '--map-root-user', '--mount', 'sh', '-c', ON_SMALL_DISK, join(root, name)];
    const args = [...command(file), '--url', server.url];
    const running = startCli(args, { under });
    await running.until(/read-only/, LONG_MS);
    const end = running.finished();
    await publishInBulk(server, FIRST, (index) => noisyBroadcast(index));
    // A gzip file gets a block a second; the program's disk is seen through its process.
    const seen = `/proc/${running.child.pid ?? 0}/root${file}`;
    const hasBegun = (): true | undefined => (sizeOf(seen) >= FIRST * PADDING_BYTES ? true : undefined);
    await waitFor('the first messages in the file', hasBegun);
    await publishInBulk(server, TOTAL - FIRST, (index) => noisyBroadcast(FIRST + index));
    await waitFor('the end', () => running.child.exitCode ?? undefined);
    return { ...(await end), kept: readStory(join(root, name, name)) };
  };

  /** What the file tells: the first messages, each once and in order, then that something is missing. */
  const readStory = (file: string): number => {
    const records = decodeCapture(readFileSync(file)).map(
      (record) => record as unknown as Parameters<typeof storyOf>[0][number],
    );
    const story = storyOf(records);
    const kept = story.length - 1;
    assert.deepEqual(story, [...Array.from({ length: kept }, (_, index) => index), 'dropped']);
    return kept;
  };

  for (const name of ['monitor.rec', 'monitor.rec.gz']) {
    it(`ends ${name} with a word, and monitor goes on: what is recorded and what is not add up`, async () => {
      const words = ['monitor', '--json', '--count', String(TOTAL), '--record'];
      const monitor = (file: string): readonly string[] => [...words, file];
      const { code, stdout, stderr, kept } = await recordTo(name, monitor);
      assert.equal(code, 1, stderr);
      assert.ok(kept >= FIRST && kept < TOTAL, String(kept));
      assert.deepEqual(
        storyOf(linesOf(stdout)),
        Array.from({ length: TOTAL }, (_, index) => index),
      );
      assert.match(stderr, /^sio-inspect: the recording has ended: no space is left on the device\./m);
      const sum = `${kept} of ${TOTAL} frames are recorded, ${TOTAL - kept} are not.`;
      assert.ok(stderr.includes(`\nsio-inspect: ${sum}\n`), stderr);
      assert.match(stderr, new RegExp(`^${TOTAL} messages in .* 0 gaps$`, 'm'));
      assert.doesNotMatch(stderr, / {4}at /);
    });
  }

  for (const [name, more] of [
    ['record.rec', []],
    ['json.rec', ['--json']],
  ] as const) {
    it(`ends ${['record', ...more].join(' ')}, which says how much it has`, async () => {
      // Nothing but the full disk ends it before it is no longer waited for.
      const record = (file: string): readonly string[] => ['record', file, '--for', '40s', ...more];
      const { code, stdout, stderr, kept } = await recordTo(name, record);
      assert.equal(code, 1, stderr);
      const said = /^sio-inspect: (\d+) of (\d+) frames are recorded, (\d+) are not\.$/m.exec(stderr);
      const [recorded, all, lost] = said?.slice(1).map(Number) ?? [];
      assert.equal(recorded, kept, stderr);
      assert.equal(kept + (lost ?? 0), all);
      assert.match(stderr, new RegExp(`^${all ?? ''} messages in .* 0 gaps$`, 'm'));
      assert.equal(stdout === '' ? 0 : linesOf(stdout).length, more.length === 0 ? 0 : all);
    });
  }
});
