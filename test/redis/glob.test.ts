import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { type PrivateRedis, startPrivateRedis } from '../../src/demo/private-redis.ts';
import { literalPattern, matchesGlob } from '../../src/redis/glob.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

describe('matchesGlob', () => {
  let server: PrivateRedis;
  let redis: Redis;

  before(async () => {
    server = await startPrivateRedis();
    redis = new Redis(server.url);
  });

  after(async () => {
    redis.disconnect();
    await server.stop();
  });

  it('agrees with Redis on any pattern and key', async () => {
    const letter = fc.constantFrom('a', 'b', 'c', '*', '?', '[', ']', '^', '-', '\\', '#', '\xff');
    const text = fc.string({ unit: letter, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(
        text,
        fc.array(fc.string({ unit: letter, minLength: 1, maxLength: 6 }), { minLength: 5, maxLength: 5 }),
        async (pattern, keys) => {
          await redis.flushall();
          await redis.mset(...keys.flatMap((key) => [bytes(key), 'x']));
          const said = (await redis.keysBuffer(bytes(pattern) as unknown as string)).map((key) =>
            key.toString('latin1'),
          );
          for (const key of keys) {
            assert.equal(matchesGlob(bytes(pattern), bytes(key)), said.includes(key), `${pattern} on ${key}`);
          }
        },
      ),
      { numRuns: 1500 },
    );
  });

  it('is quick where backtracking would never end', () => {
    const start = performance.now();
    assert.equal(matchesGlob(bytes(`${'a*'.repeat(30)}b`), bytes('a'.repeat(5000))), false);
    assert.ok(performance.now() - start < 2000);
  });
});

describe('literalPattern', () => {
  it('matches the text itself and nothing else', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, other) => {
        const pattern = Buffer.from(literalPattern(text));
        assert.equal(matchesGlob(pattern, Buffer.from(text)), true);
        assert.equal(matchesGlob(pattern, Buffer.from(other)), other === text);
      }),
    );
  });

  it('matches what begins with the text when asked to', () => {
    const pattern = Buffer.from(literalPattern('my[app]*', { andMore: true }));
    assert.equal(matchesGlob(pattern, Buffer.from('my[app]*#/#')), true);
    assert.equal(matchesGlob(pattern, Buffer.from('mya*#/#')), false);
  });

  it('leaves the usual key as it is, so that ACL rules can name it', () => {
    for (const key of ['socket.io', 'my-app_2:x', 'a]^b']) {
      assert.equal(literalPattern(key, { andMore: true }), `${key}*`);
    }
  });
});
