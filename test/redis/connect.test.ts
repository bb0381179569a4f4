import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import { findFreePort, type PrivateRedis, startPrivateRedis } from '../../src/demo/private-redis.ts';
import { connect } from '../../src/redis/connect.ts';
import { RedisFailure, type RedisFailureCode } from '../../src/redis/failure.ts';
import { textOf } from '../../src/redis/questions.ts';
import type { RedisTarget } from '../../src/redis/target.ts';
import { type Certificates, makeCertificates } from './certificates.ts';

async function assertFails(target: RedisTarget, code: RedisFailureCode, message: RegExp): Promise<void> {
  await assert.rejects(connect(target), (error: unknown) => {
    assert.ok(error instanceof RedisFailure, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /secret/);
    return true;
  });
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A server that says `words` to everybody at once, or nothing. */
async function withServer(words: string | undefined, act: (address: string) => Promise<void>): Promise<void> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    if (words !== undefined) socket.end(words);
  });
  try {
    await act(await listen(server));
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

describe('connect', () => {
  let server: PrivateRedis;
  let admin: Redis;

  before(async () => {
    server = await startPrivateRedis({ args: ['--unixsocket', 'redis.sock'] });
    admin = new Redis(server.url);
    await admin.call('ACL', 'SETUSER', 'app', 'on', '>secret', '~*', '&*', '+@all');
    await admin.call('ACL', 'SETUSER', 'least', 'on', '>secret', '+psubscribe', '&socket.io*');
    await admin.call('ACL', 'SETUSER', 'off', 'off', '>secret');
  });

  after(async () => {
    admin.disconnect();
    await server.stop();
  });

  it('gives a link that answers, and shows our name to operators', async () => {
    const link = await connect({ url: server.url });
    assert.equal(textOf(await link.ask('PING')), 'PONG');
    assert.match(String(await admin.client('LIST')), /name=sio-inspect /);
    link.close();
  });

  it('authenticates as an ACL user, from the URL or apart from it', async () => {
    for (const target of [
      { url: `redis://app:secret@127.0.0.1:${server.port}` },
      { url: server.url, user: 'app', password: 'secret' },
    ]) {
      const link = await connect(target);
      assert.match(textOf(await link.ask('CLIENT INFO')), / user=app /);
      link.close();
    }
  });

  it('lets a user in that may do nothing but PSUBSCRIBE, and says what a question would need', async () => {
    const link = await connect({ url: server.url, user: 'least', password: 'secret' });
    await assert.rejects(link.ask('PUBSUB CHANNELS', '*'), {
      code: 'no-permission',
      message: /ACL SETUSER least \+pubsub/,
    });
    link.close();
  });

  it('connects to a unix socket', async () => {
    const path = join(server.directory, 'redis.sock');
    const link = await connect({ url: `unix://${path}` });
    assert.equal(link.node, `unix:${path}`);
    assert.equal(textOf(await link.ask('PING')), 'PONG');
    link.close();
  });

  it('cannot be made to send anything but its questions', async () => {
    const link = await connect({ url: server.url });
    await assert.rejects(link.ask('FLUSHALL' as 'PING'), TypeError);
    link.close();
  });

  it('says when nothing listens', async () => {
    await assertFails(
      { url: `redis://:secret@127.0.0.1:${await findFreePort()}` },
      'refused',
      /nothing listens there.*--url/,
    );
    await assertFails({ url: 'unix:///nowhere/redis.sock' }, 'refused', /unix:\/nowhere\/redis\.sock/);
  });

  it('says when the host is unknown', async () => {
    await assertFails({ url: 'redis://no-such-host.invalid' }, 'dns', /no-such-host\.invalid:6379/);
  });

  it('says when the password is wrong, missing, or its user switched off', async () => {
    await assertFails(
      { url: server.url, user: 'app', password: 'secret2' },
      'auth',
      /password for user "app"/,
    );
    await assertFails({ url: server.url, user: 'off', password: 'secret' }, 'auth', /user "off"/);
    const locked = await startPrivateRedis({ args: ['--requirepass', 'secret'] });
    try {
      await assertFails({ url: locked.url }, 'auth', /asks for a password/);
      await assertFails({ url: locked.url, password: 'wrong' }, 'auth', /user "default"/);
      (await connect({ url: locked.url, password: 'secret' })).close();
    } finally {
      await locked.stop();
    }
  });

  it('says what Redis refuses, where it is for no reason that is known', async () => {
    await assert.rejects(
      connect({ url: `${server.url}/99` }),
      /refuses SELECT 99: "ERR DB index is out of range"\.$/,
    );
  });

  it('is not stopped by a password that Redis does not need', async () => {
    (await connect({ url: server.url, password: 'needless' })).close();
  });

  it('says when somebody else listens there', async () => {
    const http = createHttpServer((_, response) => response.end());
    await assertFails({ url: `redis://${await listen(http)}` }, 'not-redis', /an HTTP server/);
    http.close();
    await withServer('SSH-2.0-OpenSSH_9.6\r\n', (address) =>
      assertFails({ url: `redis://${address}` }, 'not-redis', /an SSH server/),
    );
  });

  it('says when Redis has no room, is loading, or closes at once', async () => {
    await withServer('-ERR max number of clients reached\r\n', (address) =>
      assertFails({ url: `redis://${address}` }, 'max-clients', /maxclients/),
    );
    await withServer('-LOADING Redis is loading the dataset in memory\r\n', (address) =>
      assertFails({ url: `redis://${address}` }, 'loading', /still loading/),
    );
    await withServer('', (address) => assertFails({ url: `redis://${address}` }, 'closed', /rediss:\/\//));
    await admin.config('SET', 'maxclients', '1');
    try {
      await assertFails({ url: server.url }, 'max-clients', /maxclients/);
    } finally {
      await admin.config('SET', 'maxclients', '1000');
    }
  });

  it('ends at once when aborted', async () => {
    await withServer(undefined, async (address) => {
      const abort = new AbortController();
      const pending = connect({ url: `redis://${address}` }, abort.signal);
      abort.abort(new Error('enough'));
      await assert.rejects(pending, /enough/);
    });
  });
});

describe('connect with TLS', () => {
  let files: Certificates;
  let server: PrivateRedis;
  let url: string;
  let plain: PrivateRedis;

  before(async () => {
    files = await makeCertificates();
    const port = await findFreePort();
    server = await startPrivateRedis({ args: [...files.serverArgs(port), '--tls-auth-clients', 'optional'] });
    url = `rediss://127.0.0.1:${port}`;
    plain = await startPrivateRedis();
  });

  after(async () => {
    await server.stop();
    await plain.stop();
    await files.remove();
  });

  it('trusts a private authority, by the name that the certificate has', async () => {
    const link = await connect({ url, tls: { ca: files.ca, sni: 'redis.test' } });
    assert.equal(textOf(await link.ask('PING')), 'PONG');
    link.close();
  });

  it('accepts any certificate when told so', async () => {
    (await connect({ url, tls: { insecure: true } })).close();
  });

  it('says what is wrong with a certificate', async () => {
    await assertFails({ url }, 'tls', /--tls-ca/);
    await assertFails({ url, tls: { ca: files.ca } }, 'tls', /--sni/);
  });

  it('says when a plain port was taken for TLS, and the other way round', async () => {
    await assertFails(
      { url: plain.url.replace('redis:', 'rediss:') },
      'tls',
      /redis:\/\/ instead of rediss:\/\//,
    );
    await assertFails({ url: url.replace('rediss:', 'redis:') }, 'closed', /expects TLS, use rediss:\/\//);
  });

  it('says when a client certificate is wanted, and gives it', async () => {
    const port = await findFreePort();
    const strict = await startPrivateRedis({ args: files.serverArgs(port) });
    const tls = { ca: files.ca, sni: 'redis.test' };
    try {
      await assertFails({ url: `rediss://127.0.0.1:${port}`, tls }, 'tls', /--tls-cert and --tls-key/);
      (
        await connect({
          url: `rediss://127.0.0.1:${port}`,
          tls: { ...tls, cert: files.cert, key: files.key },
        })
      ).close();
    } finally {
      await strict.stop();
    }
  });
});
