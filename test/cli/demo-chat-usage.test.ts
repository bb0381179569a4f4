import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { runCli } from '../support/cli.ts';

describe('demo, asked for the impossible', () => {
  for (const [args, words] of [
    [['--workers', '0'], /--workers.*whole number from 1 to 32/],
    [['--workers', 'four'], /--workers.*whole number/],
    [['--port', '70000'], /--port.*whole number from 0 to 65535/],
    [['--adapter', 'carrier-pigeon'], /--adapter.*redis, sharded, streams, none/],
    [['--redis', 'big'], /--redis.*auto, server, mini/],
    [['--once', '--stay'], /--once and --stay exclude each other/],
    [['--host', 'no.such.host.invalid', '--port', '0'], /no address "no\.such\.host\.invalid"/],
    [['--url', 'http://127.0.0.1', '--port', '0'], /--url: Not a Redis URL/],
  ] as const) {
    it(`${args.join(' ')}: one message, exit code 2`, async () => {
      const { code, stdout, stderr } = await runCli(['demo', ...args]);
      assert.equal(code, 2, stderr);
      assert.equal(stdout, '');
      assert.match(stderr, words);
      assert.doesNotMatch(stderr, /\n {4}at /);
    });
  }

  it('a Redis that is not there: one message, exit code 3', async () => {
    const { code, stdout, stderr } = await runCli([
      'demo',
      '--port',
      '0',
      '--url',
      'redis://:secret@127.0.0.1:1',
    ]);
    assert.equal(code, 3);
    assert.equal(stdout, '');
    assert.match(stderr, /Cannot connect to Redis at 127\.0\.0\.1:1/);
    assert.doesNotMatch(stderr, /secret/);
  });

  it('no Redis on PATH: takes mini-redis and says so, but not where a server was asked for', async () => {
    const env = { PATH: '/nonexistent' };
    const told = await runCli(['demo', '--port', '0', '--workers', '2'], { env });
    assert.equal(told.code, 0, told.stderr);
    assert.match(told.stderr, /No redis-server and no valkey-server on PATH: the bundled mini-redis/);
    assert.match(told.stdout, /mini-redis at redis:/);
    const refused = await runCli(['demo', '--port', '0', '--redis', 'server'], { env });
    assert.equal(refused.code, 3);
    assert.match(refused.stderr, /--redis mini/);
  });
});

describe('chat, with nobody to talk to', () => {
  it('says that nobody is there and how to start a demo', async () => {
    const { code, stdout, stderr } = await runCli(['chat', 'A', '--server', 'http://127.0.0.1:1']);
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.match(
      stderr,
      /^sio-inspect: No chat server at http:\/\/127\.0\.0\.1:1\/: nobody answers\. Start one with "sio-inspect demo"/,
    );
  });

  it('recognises a web server that is no Socket.IO server', async () => {
    const web = createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1');
    await once(web, 'listening');
    const { port } = web.address() as AddressInfo;
    try {
      const { code, stderr } = await runCli(['chat', 'A', '--server', `http://127.0.0.1:${port}`]);
      assert.equal(code, 1);
      assert.match(stderr, /No chat server at/);
    } finally {
      web.close();
      web.closeAllConnections();
    }
  });

  it('refuses an address that is none, and a missing name', async () => {
    const wrong = await runCli(['chat', 'A', '--server', 'redis://127.0.0.1']);
    assert.deepEqual([wrong.code, wrong.stdout], [2, '']);
    assert.match(wrong.stderr, /--server: "redis:\/\/127\.0\.0\.1" is no web address/);
    assert.equal((await runCli(['chat'])).code, 2);
  });
});
