import assert from 'node:assert/strict';
import { test } from 'node:test';
import { priceOf } from '../../src/cli/price.ts';
import type { RedisFacts } from '../../src/redis/registry.ts';

const facts: RedisFacts = { product: 'Redis', node: '127.0.0.1:6379', opsPerSecond: 1 };

void test('priceOf says what MONITOR costs, and how to end it where nobody has said when', () => {
  const price = priceOf(['monitor'], { facts, endsAfterMs: undefined, orElse: ', or let it be' });
  assert.equal(
    price,
    'MONITOR makes a busy Redis several times slower, now at 1 command/s: end it with Ctrl-C or --for 30s, or let it be',
  );
});

void test('priceOf says when MONITOR ends by itself', () => {
  assert.match(priceOf(['monitor'], { facts, endsAfterMs: 5000 }) ?? '', /: it ends after 5 s$/);
});

void test('priceOf says nothing of ways that cost next to nothing', () => {
  assert.equal(priceOf(['subscribe', 'stream', 'replica'], { facts, endsAfterMs: undefined }), undefined);
});
