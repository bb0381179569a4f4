import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LiveTalk } from '../../src/cli/live-talk.ts';
import { startPrivateRedis } from '../../src/demo/private-redis.ts';
import { findPlace } from '../../src/redis/place.ts';
import { waitFor } from '../support/wait.ts';

void test('an end in the middle of looking why nothing comes is no failure', async (context) => {
  const redis = await startPrivateRedis();
  const target = { url: redis.url };
  const stop = new AbortController();
  const failures: unknown[] = [];
  const onFailure = (reason: unknown): void => {
    failures.push(reason);
  };
  process.on('unhandledRejection', onFailure);
  try {
    const place = await findPlace(target, undefined, stop.signal);
    const talk = new LiveTalk({
      target,
      keys: undefined,
      endsAfterMs: undefined,
      color: false,
      signal: stop.signal,
    });
    let looks = 0;
    const locateNodes: typeof place.locateNodes = (signal) => {
      if (++looks === 2) stop.abort();
      return place.locateNodes(signal);
    };
    await talk.begin({ ...place, locateNodes }, { ways: ['subscribe'] });
    context.mock.timers.enable({ apis: ['setTimeout'] });
    talk.tell({ is: 'watching' });
    context.mock.timers.tick(5000);
    context.mock.timers.reset();
    await waitFor('the end', () => (stop.signal.aborted ? true : undefined));
    await new Promise((resolve) => setImmediate(resolve));
    talk.end();
    assert.deepEqual(failures, []);
  } finally {
    process.off('unhandledRejection', onFailure);
    await redis.stop();
  }
});
