import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isLoopback, parseTarget, redactUrl } from '../../src/redis/target.ts';

describe('parseTarget', () => {
  it('reads host, port, user, password and database', () => {
    const endpoint = parseTarget({ url: 'redis://app:p%40ss@redis.example:7000/3' });
    assert.deepEqual(endpoint, {
      node: 'redis.example:7000',
      secure: false,
      user: 'app',
      password: 'p@ss',
      db: 3,
      socket: { host: 'redis.example', port: 7000 },
    });
  });

  it('takes the usual host and port where the URL is silent', () => {
    assert.equal(parseTarget({ url: 'redis://' }).node, '127.0.0.1:6379');
    assert.equal(parseTarget({ url: 'redis://cache' }).node, 'cache:6379');
    assert.equal(parseTarget({ url: 'redis://[::1]:7000' }).node, '[::1]:7000');
    assert.equal(parseTarget({ url: 'redis://[::1]:7000' }).socket.host, '::1');
  });

  it('reads a unix socket with credentials and database', () => {
    const endpoint = parseTarget({ url: 'unix://app:secret@/run/redis.sock?db=2' });
    assert.equal(endpoint.node, 'unix:/run/redis.sock');
    assert.deepEqual(endpoint.socket, { path: '/run/redis.sock' });
    assert.equal(endpoint.user, 'app');
    assert.equal(endpoint.password, 'secret');
    assert.equal(endpoint.db, 2);
  });

  it('lets given credentials win over the URL', () => {
    const endpoint = parseTarget({ url: 'redis://a:b@h', user: 'c', password: 'd' });
    assert.equal(endpoint.user, 'c');
    assert.equal(endpoint.password, 'd');
  });

  it('asks for the host by name in TLS, for an address only when told a name', () => {
    assert.equal(parseTarget({ url: 'rediss://cache:1' }).socket.tls?.servername, 'cache');
    assert.equal(parseTarget({ url: 'rediss://10.0.0.1:1' }).socket.tls?.servername, undefined);
    assert.equal(parseTarget({ url: 'redis://10.0.0.1:1', tls: { sni: 'x' } }).socket.tls?.servername, 'x');
    assert.equal(
      parseTarget({ url: 'redis://h', tls: { insecure: true } }).socket.tls?.rejectUnauthorized,
      false,
    );
  });

  it('refuses what is no Redis URL, without its password', () => {
    for (const url of ['http://h:1', 'redis:6379', 'localhost:6379', 'unix:relative', 'redis://:se/cret@h']) {
      assert.throws(
        () => parseTarget({ url }),
        (error: unknown) =>
          error instanceof TypeError && /rediss:\/\//.test(error.message) && !/cret/.test(error.message),
        url,
      );
    }
  });
});

describe('redactUrl', () => {
  it('hides the password and nothing else', () => {
    assert.equal(redactUrl('redis://app:secret@h:1/2'), 'redis://app:***@h:1/2');
    assert.equal(redactUrl('redis://:secret@h:1'), 'redis://:***@h:1');
    assert.equal(redactUrl('redis://h:1/2'), 'redis://h:1/2');
    assert.equal(redactUrl('unix:///run/redis.sock'), 'unix:///run/redis.sock');
    assert.equal(redactUrl('redis://app:p@ss/word@h:1'), 'redis://app:***@h:1');
  });
});

describe('isLoopback', () => {
  it('tells this machine by its address', () => {
    const urls = [
      'redis://127.0.0.1',
      'redis://127.1.2.3:7000',
      'redis://localhost',
      'redis://[::1]',
      'unix:///redis.sock',
    ];
    for (const url of urls) assert.equal(isLoopback({ url }), true, url);
    for (const url of [
      'redis://10.0.0.5',
      'rediss://redis.example',
      'redis://localhost.example',
      'redis://[fe80::1]',
    ]) {
      assert.equal(isLoopback({ url }), false, url);
    }
  });
});
