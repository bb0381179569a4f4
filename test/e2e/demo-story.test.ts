import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startPrivateRedis } from '../../src/demo/private-redis.ts';
import { type Finished, runCli } from '../support/cli.ts';

/** Every story keeps to a terminal of 80 columns. */
async function tellOnce(...args: readonly string[]): Promise<Finished> {
  const told = await runCli(['demo', '--port', '0', ...args], { env: { COLUMNS: '80' } });
  for (const line of told.stdout.split('\n')) assert.ok(line.length <= 80, line);
  return told;
}

describe('demo', () => {
  it('takes mini-redis, with a notice, where no Redis is installed, and the private Redis where one is', async () => {
    const bare = await runCli(['demo', '--once', '--port', '0'], { env: { PATH: '/nowhere' } });
    assert.equal(bare.code, 0, bare.stderr);
    assert.match(bare.stderr, /No redis-server and no valkey-server on PATH: the bundled mini-redis/);
    assert.match(bare.stdout, /the bundled mini-redis at redis:/);
    assert.match((await tellOnce()).stdout, /a private \w+ [\d.]+ at redis:/);
  });

  for (const redis of ['server', 'mini']) {
    for (const [adapter, command] of [
      ['redis', 'PUBLISH socket.io#/#'],
      ['sharded', 'SPUBLISH socket.io#/#'],
      ['streams', 'XADD socket.io MAXLEN ~ 10000 *'],
    ] as const) {
      it(`tells the story of --adapter ${adapter} on ${redis}`, async () => {
        const { code, stdout, stderr } = await tellOnce('--redis', redis, '--adapter', adapter);
        assert.equal(code, 0, stderr + stdout);
        assert.match(
          stdout,
          redis === 'mini' ? /the bundled mini-redis at redis:/ : /a private \w+ [\d.]+ at redis:/,
        );
        const [, of, at] = /lands on worker (\d); client B lands on worker (\d)/.exec(stdout) ?? [];
        assert.notEqual(of, at);
        assert.ok(stdout.includes(`      ${command}  `), stdout);
        const uid = new RegExp(`worker ${of ?? ''}  uid (\\S+)`).exec(stdout)?.[1] ?? '';
        assert.match(stdout, new RegExp(`uid     ${uid} +worker ${of ?? ''}:`));
        assert.match(stdout, /event {3}chat message\n +args {4}"Hello from A"/);
        assert.match(stdout, new RegExp(`worker ${of ?? ''}  ignores it {3}the uid is its own`));
        assert.match(stdout, new RegExp(`worker ${at ?? ''}  tells B\n`));
        assert.equal(stdout.match(/ignores it {3}it has no clients/g)?.length, 2);
        assert.match(stdout, /B {2}← "Hello from A" {3}[\d.]+ ms after A said it/);
      });
    }
  }

  it('shows the bytes that Redis passed on', async () => {
    const { stdout } = await tellOnce('--redis', 'mini');
    const hex = [...stdout.matchAll(/^ {6} *\d+ {2}((?:[0-9a-f]{2} ?)+) {2}/gm)]
      .map((row) => row[1] ?? '')
      .join(' ');
    const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
    assert.equal(bytes.length, Number(/PUBLISH socket\.io#\/# {3}(\d+) bytes/.exec(stdout)?.[1]));
    const piped = await runCli(['decode', '--json'], { input: bytes.toString('hex') });
    const record = JSON.parse(piped.stdout) as { event: string; args: string[]; uid: string };
    assert.deepEqual([record.event, record.args], ['chat message', ['Hello from A']]);
    assert.match(stdout, new RegExp(`uid ${record.uid}`));
  });

  it('with --adapter none lets B hear nothing, says why, and calls that the truth', async () => {
    const { code, stdout } = await tellOnce('--adapter', 'none');
    assert.equal(code, 0);
    assert.doesNotMatch(stdout, /redis:\/\//);
    assert.match(stdout, /B hears nothing\. Worker \d, which holds its connection, never learned of it\./);
    assert.match(stdout, /B heard nothing in 1\.0 s/);
  });

  it('with one worker says that Redis has nothing to do', async () => {
    const { code, stdout } = await tellOnce('--workers', '1', '--redis', 'mini');
    assert.equal(code, 0);
    assert.match(stdout, /hands it to B at once/);
    assert.match(stdout, /B {2}← "Hello from A"/);
    assert.match(stdout, /With one worker Redis has nothing to do/);
  });

  it('uses a Redis that --url names, and leaves it running', async () => {
    const redis = await startPrivateRedis();
    try {
      const { code, stdout } = await tellOnce('--url', redis.url);
      assert.equal(code, 0);
      assert.ok(stdout.includes(redis.url));
      assert.doesNotMatch(stdout, /private/);
      process.kill(redis.pid, 0);
    } finally {
      await redis.stop();
    }
  });

  it('does not take REDIS_URL for permission to publish', async () => {
    const { code, stdout, stderr } = await runCli(['demo', '--port', '0', '--redis', 'mini'], {
      env: { REDIS_URL: 'redis://127.0.0.1:1' },
    });
    assert.equal(code, 0);
    assert.match(stdout, /mini-redis/);
    assert.match(stderr, /REDIS_URL is set but not used/);
  });
});
