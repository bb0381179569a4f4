import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import { type PrivateRedis, startPrivateRedis } from '../../src/demo/private-redis.ts';
import { textWidth } from '../../src/render/text-width.ts';
import { rowsOf, startInTerminal } from '../support/terminal.ts';

describe('what is said at a terminal', () => {
  let server: PrivateRedis;
  let redis: Redis;
  let directory: string;

  before(async () => {
    server = await startPrivateRedis();
    redis = new Redis(server.url);
    directory = await mkdtemp(join(tmpdir(), 'sio-inspect-test-'));
  });

  after(async () => {
    redis.disconnect();
    await server.stop();
    await rm(directory, { recursive: true });
  });

  for (const columns of [80, 120]) {
    it(`is broken between words at ${columns} columns`, async () => {
      const gone = 'redis://127.0.0.1:1';
      const taken = join(directory, 'none', 'file');
      const runs: readonly (readonly string[])[] = [
        ['monitor', '--url', server.url, '--via', 'shard'],
        ['monitor', '--url', gone],
        ['monitor', '--via', 'auto', '--via', 'subscribe'],
        ['monitor', '--via', 'nonsense'],
        ['record', taken, '--url', server.url],
        ['replay', taken, '--into', server.url],
        ['servers', '--url', server.url, '--via', 'monitor', '--for', '100ms'],
        ['follow', 'q1', '--url', server.url, '--for', '100ms'],
        ['monitor', '--url', server.url, '--via', 'monitor', '--for', '100ms'],
      ];
      for (const args of runs) {
        const { stdout } = await startInTerminal(columns, args).finished();
        const rows = rowsOf(stdout).filter((row) => row !== '');
        assert.ok(rows.length > 0, args.join(' '));
        // A word that is longer than the row stands alone and cannot be kept whole.
        const wide = rows.filter((row) => textWidth(row) > columns && row.trim().includes(' '));
        assert.deepEqual(wide, [], `${args.join(' ')}\n${stdout}`);
      }
    });
  }

  it('keeps a command that is to be copied on one line, with the user', async () => {
    await redis.call('ACL', 'SETUSER', 'watcher', 'on', 'nopass', '+@all', 'allchannels', 'allkeys');
    await redis.subscribe('myapp-request#/#', 'myapp-response#/#abcdef#');
    const args = ['monitor', '--url', server.url, '--user', 'watcher', '--count', '1'];
    const running = startInTerminal(60, args, { REDISCLI_AUTH: 'any' });
    try {
      await running.until(/Nothing has arrived/);
      await running.until(/sio-inspect monitor --key myapp --url redis:\S+ --user watcher\r?\n/);
    } finally {
      running.child.kill('SIGKILL');
      await redis.unsubscribe();
    }
  });

  it('is not mixed with the line that counts what is recorded', async () => {
    const file = join(directory, 'status.rec');
    const running = startInTerminal(80, ['record', file, '--url', server.url, '--count', '2']);
    const end = running.finished();
    await running.until(/0 frames/);
    await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await running.until(/attached again/);
    await redis.publish('socket.io#/#', 'x');
    const { stdout } = await end;
    const rows = rowsOf(stdout);
    assert.ok(
      rows.some((row) => row.startsWith('lost 127.0.0.1')),
      stdout,
    );
    assert.ok(
      rows.some((row) => /^1 frame · \d/.test(row)),
      stdout,
    );
  });
});
