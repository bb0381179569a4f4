import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import { streamSource } from '../../../src/capture/live/stream.ts';
import { type PrivateRedis, startPrivateRedis } from '../../../src/demo/private-redis.ts';
import { waitFor } from '../../support/wait.ts';
import { type Collecting, collect } from './collect.ts';
import { withClient } from './deployments.ts';

/** Longer than it takes to look at a stream on which nothing comes, on a busy machine too. */
const NOTICED_MS = 30_000;

describe('streamSource and a stream that is made anew', () => {
  let server: PrivateRedis;
  let redis: Redis;

  before(async () => {
    server = await startPrivateRedis();
    redis = new Redis(server.url);
  });

  afterEach(() => redis.flushall());

  after(async () => {
    redis.disconnect();
    await server.stop();
  });

  const start = (url = server.url): Collecting =>
    collect((onEvent) => streamSource({ target: { url }, names: ['s'], onEvent }));

  /** What was read as `id data`, and gaps, in order. */
  const told = (source: Collecting): readonly string[] =>
    source.captured.map((one) =>
      one.is === 'frame' ? `${one.frame.entry?.id ?? ''} ${String(one.frame.payload)}` : one.is,
    );

  const add = (id: string, data: string, client = redis): Promise<unknown> =>
    client.xadd('s', id, 'data', data);

  /** A source that has read `5-1 a` and `5-2 b`. */
  const startWithTwo = async (): Promise<Collecting> => {
    const source = start();
    await source.attached();
    await add('5-1', 'a');
    await add('5-2', 'b');
    await source.until('two entries', () => source.frames().length === 2);
    return source;
  };
  const replaceBy = async (...entries: readonly (readonly [string, string])[]): Promise<void> => {
    const transaction = redis.multi().del('s');
    for (const [id, data] of entries) transaction.xadd('s', id, 'data', data);
    await transaction.exec();
  };

  it('reads it from its start when its ids are lower, also when nothing more comes, after a gap', async () => {
    const source = await startWithTwo();
    await replaceBy(['1-1', 'c'], ['5-1', 'd']);
    await source.until('the new entries', () => source.frames().length === 4, NOTICED_MS);
    await add('5-2', 'e');
    await source.stop();
    assert.deepEqual(told(source), ['5-1 a', '5-2 b', 'gap', '1-1 c', '5-1 d', '5-2 e']);
    const [gap] = source.gaps();
    assert.equal(gap?.reason, 'trimmed');
    assert.equal(gap.missed, undefined);
    assert.equal(gap.node, `127.0.0.1:${server.port}`);
  });

  it('reads it when its ids are higher, and nothing twice', async () => {
    const source = await startWithTwo();
    await replaceBy(['9-1', 'c'], ['9-2', 'd']);
    await source.until('the new entries', () => source.frames().length === 4);
    await source.until('the gap', () => source.gaps().length === 1, NOTICED_MS);
    await add('9-3', 'e');
    await source.stop();
    assert.deepEqual(
      told(source).filter((one) => one !== 'gap'),
      ['5-1 a', '5-2 b', '9-1 c', '9-2 d', '9-3 e'],
    );
    assert.equal(source.gaps().length, 1);
  });

  it('reads what stood before the entries of the new stream that were read already, and those not again', async () => {
    const source = await startWithTwo();
    await replaceBy(['1-1', 'c'], ['9-1', 'd']);
    await source.until('the entry with the higher id', () => source.frames().length >= 3);
    await source.stop();
    assert.deepEqual([...told(source)].sort(), ['1-1 c', '5-1 a', '5-2 b', '9-1 d', 'gap']);
  });

  it('reads it when it was made anew just before the end', async () => {
    const source = await startWithTwo();
    await replaceBy(['1-1', 'c'], ['1-2', 'd']);
    await source.stop();
    assert.deepEqual(told(source), ['5-1 a', '5-2 b', 'gap', '1-1 c', '1-2 d']);
  });

  it('tells two entries with one id by what they say', async () => {
    const source = start();
    await source.attached();
    await add('5-1', 'a');
    await source.until('the entry', () => source.frames().length === 1);
    await replaceBy(['5-1', 'b']);
    await source.stop();
    assert.deepEqual(told(source), ['5-1 a', 'gap', '5-1 b']);
  });

  it('counts what was trimmed away from the new stream before it could be read', async () => {
    const source = await startWithTwo();
    await redis
      .multi()
      .del('s')
      .xadd('s', '1-1', 'data', 'c')
      .xadd('s', 'MAXLEN', '1', '1-2', 'data', 'd')
      .exec();
    await source.stop();
    assert.deepEqual([...told(source)].sort(), ['1-2 d', '5-1 a', '5-2 b', 'gap', 'gap']);
    assert.deepEqual(
      source.gaps().map(({ missed }) => missed),
      [undefined, 1],
    );
  });

  it('says that it is gone, and reads it from its start when it comes back', async () => {
    const source = await startWithTwo();
    await redis.config('RESETSTAT');
    // From here on nothing comes, and it looks seldom.
    await waitFor('the look after the entries', async () =>
      (await redis.info('commandstats')).includes('cmdstat_xinfo|stream:') ? true : undefined,
    );
    await redis.flushall();
    await source.until('the gap', () => source.gaps().length === 1, NOTICED_MS);
    await add('1-1', 'c');
    await source.until('the entry', () => source.frames().length === 3);
    await source.stop();
    assert.deepEqual(told(source), ['5-1 a', '5-2 b', 'gap', '1-1 c']);
  });

  it('goes on from where an older state of the data ends, after a restart, and repeats nothing', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'sio-inspect-test-'));
    const first = await startPrivateRedis({ args: ['--dir', directory] });
    await withClient(first.url, async (client) => {
      for (let i = 1; i <= 3; i++) await add(`1-${i}`, 'of the past', client);
    });
    const source = start(first.url);
    await withClient(first.url, async (client) => {
      await source.attached();
      await add('5-1', 'a', client);
      await client.save();
      await add('5-2', 'b', client);
      await source.until('two entries', () => source.frames().length === 2);
    });
    await first.stop();
    const second = await startPrivateRedis({ port: first.port, args: ['--dir', directory] });
    try {
      await source.attached(2);
      await withClient(second.url, async (client) => {
        await source.until('the gap', () => source.gaps().length === 1);
        await add('5-2', 'c', client);
        await add('5-3', 'd', client);
      });
      await source.until('the new entries', () => source.frames().length === 4);
      await source.stop();
    } finally {
      await second.stop();
      await rm(directory, { recursive: true });
    }
    assert.deepEqual(told(source), ['5-1 a', '5-2 b', 'gap', '5-2 c', '5-3 d']);
  });
});
