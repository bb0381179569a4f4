import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Redis } from 'ioredis';
import { Lab } from '../../src/demo/faults/lab.ts';
import { plan } from '../../src/demo/faults/scenes.ts';
import { startPrivateRedis } from '../../src/demo/private-redis.ts';
import type { Look } from '../../src/doctor/evidence.ts';
import { findPlace } from '../../src/redis/place.ts';
import { keepLooking } from '../../src/session/keep-looking.ts';
import { waitFor } from '../support/wait.ts';

const never = new AbortController().signal;

void test('Redis is looked at before anything else, again and again, and at the end', async () => {
  const lab = await Lab.open();
  try {
    const [first] = await lab.start(...plan(2, { adapter: 'redis' }));
    const looks: Look[] = [];
    const looking = await keepLooking({
      place: await findPlace(lab.target, undefined, never),
      signal: never,
      onLook: (look) => looks.push(look),
    });
    assert.equal(looks.length, 1);
    await waitFor('two more looks', () => (looks.length >= 3 ? true : undefined));
    await first?.stop();
    await looking.end();
    const counts = looks.map(({ groups }) => groups[0]?.uids.length);
    assert.deepEqual([counts[0], counts.at(-1)], [2, 1]);
    const times = looks.map(({ from }) => from);
    assert.deepEqual(
      [...times].sort((a, b) => a - b),
      times,
    );
  } finally {
    await lab.close();
  }
});

void test('an end while a look is under way is the end: nothing is asked any more', async () => {
  const redis = await startPrivateRedis();
  try {
    const place = await findPlace({ url: redis.url }, undefined, never);
    const asked = { times: 0, waiting: () => undefined as unknown };
    const gate = new Promise<void>((resolve) => {
      asked.waiting = resolve;
    });
    let looks = 0;
    const looking = await keepLooking({
      place: {
        ...place,
        locateNodes: async (signal) => {
          if (++asked.times === 2) await gate;
          return place.locateNodes(signal);
        },
      },
      signal: never,
      onLook: () => looks++,
    });
    await waitFor('the second look to begin', () => (asked.times === 2 ? true : undefined));
    const ended = looking.end();
    asked.waiting();
    await ended;
    // The first, and the last; the one in between was given up.
    assert.deepEqual([asked.times, looks], [3, 2]);
    const other = await keepLooking({ place, signal: never, onLook: () => undefined });
    await other.end();
    assert.equal(asked.times, 3);
  } finally {
    await redis.stop();
  }
});

void test('a Redis that has ended is neither waited for nor an error', async () => {
  const redis = await startPrivateRedis();
  const looks: Look[] = [];
  const looking = await keepLooking({
    place: await findPlace({ url: redis.url }, undefined, never),
    signal: never,
    onLook: (look) => looks.push(look),
  });
  await redis.stop();
  const before = looks.length;
  await looking.end();
  assert.equal(looks.length, before);
});

void test('what is forbidden is not asked again and again: Redis logs each time', async () => {
  const redis = await startPrivateRedis();
  const admin = new Redis(redis.url);
  try {
    await admin.call('ACL', 'SETUSER', 'watcher', 'on', '>pw', '~*', '&*', '+@all', '-client');
    const looks: Look[] = [];
    const looking = await keepLooking({
      place: await findPlace({ url: redis.url, user: 'watcher', password: 'pw' }, undefined, never),
      signal: never,
      onLook: (look) => looks.push(look),
    });
    assert.match(looks[0]?.hidden.join() ?? '', /client/i);
    const allowed: Look[] = [];
    const other = await keepLooking({
      place: await findPlace({ url: redis.url }, undefined, never),
      signal: never,
      onLook: (look) => allowed.push(look),
    });
    await waitFor('others to look three times', () => (allowed.length >= 3 ? true : undefined));
    await other.end();
    assert.equal(looks.length, 1);
    await looking.end();
    assert.equal(looks.length, 2);
  } finally {
    admin.disconnect();
    await redis.stop();
  }
});
