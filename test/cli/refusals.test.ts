import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Redis } from 'ioredis';
import { findFreePort, findRedisBinary, startPrivateRedis } from '../../src/demo/private-redis.ts';
import { connect } from '../../src/redis/connect.ts';
import { RedisFailure } from '../../src/redis/failure.ts';
import { withClient } from '../capture/live/deployments.ts';
import { makeCertificates } from '../redis/certificates.ts';
import { runCli } from '../support/cli.ts';
import { waitFor } from '../support/wait.ts';

/** Exit code 3, one message, and not a word as if we were attached. */
async function assertRefused(args: readonly string[], expected: RegExp): Promise<void> {
  const { code, stdout, stderr } = await runCli(['monitor', '--json', '--for', '20s', ...args]);
  assert.equal(code, 3, stderr);
  assert.equal(stdout, '');
  const messages = stderr.split('\n').filter((line) => line.startsWith('sio-inspect: '));
  assert.equal(messages.length, 1, stderr);
  assert.match(messages[0] ?? '', expected);
  assert.doesNotMatch(stderr, /read-only| {4}at /);
}

describe('monitor ends with exit code 3 and what to do', { concurrency: 3 }, () => {
  it('where commands are renamed away or Redis is too old for them', async () => {
    const renamed = ['MONITOR', 'PSUBSCRIBE', 'XREAD', 'PSYNC'].flatMap((name) => [
      '--rename-command',
      name,
      '',
    ]);
    const server = await startPrivateRedis({ args: renamed });
    try {
      for (const [via, expected] of [
        ['monitor', /does not know MONITOR .*renamed there, or this Redis is too old.*--via subscribe/],
        ['subscribe', /does not know PSUBSCRIBE .*--via stream.*--via monitor/],
        ['stream', /does not know XREAD .*Streams need Redis 5\.0/],
        ['replication', /does not know PSYNC /],
        ['auto', /does not know PSUBSCRIBE .*does not know MONITOR .*does not know XREAD /],
      ] as const) {
        await assertRefused(['--url', server.url, '--via', via], expected);
      }
    } finally {
      await server.stop();
    }
  });

  it('where a plain URL meets a TLS port, and where the authority is not known', async () => {
    const files = await makeCertificates();
    const port = await findFreePort();
    const server = await startPrivateRedis({ args: [...files.serverArgs(port), '--tls-auth-clients', 'no'] });
    try {
      await assertRefused(['--url', `redis://127.0.0.1:${port}`], /if it expects TLS, use rediss:\/\//);
      await assertRefused(
        ['--url', `rediss://127.0.0.1:${port}`],
        /cannot be trusted .*--tls-ca.*--insecure/,
      );
    } finally {
      await server.stop();
      await files.remove();
    }
  });

  it('while Redis is loading its data set', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'sio-inspect-test-'));
    const saved = await startPrivateRedis({ args: ['--dir', directory] });
    await withClient(saved.url, async (client) => {
      const pipeline = client.pipeline();
      for (let i = 0; i < 5000; i++) pipeline.set(`key ${i}`, 'x'.repeat(100));
      await pipeline.exec();
      await client.save();
    });
    await saved.stop();
    const port = await findFreePort();
    // It sleeps after each key, and says LOADING to whoever asks in between.
    const slowly = ['--key-load-delay', '50000', '--loading-process-events-interval-bytes', '1024'];
    const words = [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--dir',
      directory,
      ...slowly,
    ];
    const loading = spawn(findRedisBinary() ?? 'redis-server', words, { stdio: 'ignore' });
    const url = `redis://127.0.0.1:${port}`;
    try {
      await waitFor('the loading to begin', async () => {
        const failure: unknown = await connect({ url }).catch((error: unknown) => error);
        return failure instanceof RedisFailure && failure.code === 'loading' ? true : undefined;
      });
      await assertRefused(['--url', url], /still loading its data set: try again/);
    } finally {
      const ended = once(loading, 'exit');
      loading.kill('SIGKILL');
      await ended;
      await rm(directory, { recursive: true });
    }
  });

  it('where Redis has no room for another connection', async () => {
    const server = await startPrivateRedis();
    const only = new Redis(server.url);
    try {
      await only.config('SET', 'maxclients', '1');
      await assertRefused(['--url', server.url], /maxclients is reached.*CONFIG SET maxclients/);
    } finally {
      only.disconnect();
      await server.stop();
    }
  });
});

describe('an empty --key', () => {
  it('is refused by every command that takes one, before anything is connected', async () => {
    for (const words of [['monitor'], ['doctor'], ['follow', 'x'], ['record', 'x.rec'], ['decode']]) {
      // Nothing listens there: whoever connects ends with 3.
      const url = words[0] === 'decode' ? [] : ['--url', 'redis://127.0.0.1:1'];
      const { code, stdout, stderr } = await runCli([...words, ...url, '--key', '']);
      assert.deepEqual([code, stdout], [2, ''], `${words.join(' ')}: ${stderr}`);
      assert.match(stderr, /--key <prefix>[^]*An\s+empty\s+prefix\s+would\s+fit\s+every\s+channel/);
    }
  });
});
