import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import { type StreamOptions, streamSource } from '../../../src/capture/live/stream.ts';
import { type PrivateRedis, startPrivateRedis } from '../../../src/demo/private-redis.ts';
import type { Captured, Frame } from '../../../src/model/frame.ts';
import { type Collecting, collect } from './collect.ts';

const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

describe('streamSource', () => {
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

  const start = (
    names: readonly string[],
    options: Partial<StreamOptions> = {},
    turn?: (batch: readonly Captured[]) => Promise<void> | void,
  ): Collecting =>
    collect((onEvent) => streamSource({ target: { url: server.url }, names, onEvent, ...options }), turn);

  const add = (name: string, data: string | Buffer, ...options: readonly string[]): Promise<string | null> =>
    redis.xadd(name, ...options, '*', 'uid', '0', 'nsp', '/', 'type', '3', 'data', data);

  const payloads = (source: Collecting): readonly string[] =>
    source.frames().map(({ payload }) => Buffer.from(payload ?? []).toString());

  /** Ends the connection that waits in XREAD. */
  const killSource = async (): Promise<void> => {
    const list = String(await redis.client('LIST'));
    const line = list.split('\n').find((one) => /name=sio-inspect .* cmd=xread /.test(one));
    await redis.client('KILL', 'ID', /^id=(\d+)/.exec(line ?? '')?.[1] ?? '');
  };

  it('keeps every byte of every field, with the id and its time, from now on', async () => {
    await add('bytes', 'before');
    const source = start(['bytes']);
    await source.attached();
    const id = await redis.xadd('bytes', '*', 'data', ALL_BYTES, ALL_BYTES, 'value');
    await source.until('the entry', () => source.frames().length > 0);
    await source.stop();
    const [frame] = source.frames() as readonly [Frame];
    assert.equal(source.captured.length, 1);
    assert.equal(frame.via, 'stream');
    assert.equal(frame.command, 'XADD');
    assert.equal(frame.node, `127.0.0.1:${server.port}`);
    assert.equal(frame.entry?.id, id);
    assert.equal(frame.time, Number.parseInt(String(id), 10) * 1000);
    assert.equal(Buffer.from(frame.channel ?? []).toString(), 'bytes');
    assert.deepEqual(Buffer.from(frame.payload ?? []), ALL_BYTES);
    assert.deepEqual(Buffer.from(frame.entry.fields[1]?.[0] ?? []), ALL_BYTES);
  });

  it('reads several streams, also one that is made later, and what is added just before the end', async () => {
    await add('one', 'old');
    const source = start(['one', 'two']);
    await source.attached();
    await add('one', 'a');
    await add('two', 'b');
    await source.stop();
    assert.deepEqual(new Set(payloads(source)), new Set(['a', 'b']));
  });

  it('reads from the beginning, or after an id', async () => {
    const ids = [await add('past', '1'), await add('past', '2'), await add('past', '3')];
    for (const [since, expected] of [
      ['0-0', ['1', '2', '3']],
      [String(ids[0]), ['2', '3']],
    ] as const) {
      const source = start(['past'], { since });
      await source.until('the past', () => payloads(source).length === expected.length);
      await source.stop();
      assert.deepEqual(payloads(source), expected);
      assert.deepEqual(source.gaps(), []);
    }
  });

  it('goes on after CLIENT KILL where it was, without a gap', async () => {
    const source = start(['killed']);
    await source.attached();
    await add('killed', '1');
    await source.until('the first entry', () => source.frames().length === 1);
    const killed = killSource();
    await add('killed', '2');
    await killed;
    await source.attached(2);
    await add('killed', '3');
    await source.stop();
    assert.deepEqual(payloads(source), ['1', '2', '3']);
    assert.deepEqual(source.gaps(), []);
  });

  it('counts what was trimmed away before it could be read', async () => {
    const source = start(['trimmed']);
    await source.attached();
    await add('trimmed', 'first');
    await source.until('the first entry', () => source.frames().length === 1);
    // Within one transaction nothing is delivered, and only the last two stay.
    const burst = redis.multi();
    for (let i = 0; i < 10; i++) burst.xadd('trimmed', 'MAXLEN', 2, '*', 'data', String(i));
    await burst.exec();
    await source.stop();
    assert.deepEqual(payloads(source), ['first', '8', '9']);
    const [gap, ...more] = source.gaps();
    assert.deepEqual(more, []);
    assert.equal(gap?.reason, 'trimmed');
    assert.equal(gap.missed, 8);
    assert.equal(gap.node, `127.0.0.1:${server.port}`);
    assert.ok((gap.from ?? 0) <= (gap.to ?? 0));
  });

  it('says that entries after --since were trimmed away before', async () => {
    const first = await add('lost', '1');
    await add('lost', '2', 'MAXLEN', '1');
    await add('lost', '3', 'MAXLEN', '1');
    const source = start(['lost'], { since: String(first) });
    await source.until('the last entry', () => payloads(source).length === 1);
    await source.stop();
    assert.deepEqual(
      source.captured.map((one) => (one.is === 'gap' ? one.gap.reason : one.is)),
      ['trimmed', 'frame'],
    );
  });

  it('loses nothing of a burst into a stream that is trimmed, or says how much', async () => {
    const source = start(['burst'], {}, (batch) => {
      assert.ok(batch.length > 0);
    });
    await source.attached();
    const total = 40_000;
    for (let sent = 0; sent < total; sent += 1000) {
      const pipeline = redis.pipeline();
      for (let i = sent; i < sent + 1000; i++)
        pipeline.xadd('burst', 'MAXLEN', '~', 3000, '*', 'data', String(i));
      await pipeline.exec();
    }
    await source.stop();
    const missed = source.gaps().reduce((sum, gap) => sum + (gap.missed ?? 0), 0);
    assert.equal(source.frames().length + missed, total);
    assert.equal(payloads(source).at(-1), String(total - 1));
  });

  it('says what a user who may not read streams needs, and when a key is no stream', async () => {
    await redis.call('ACL', 'SETUSER', 'app', 'on', 'nopass', '~*', '+@all', '-xread');
    await assert.rejects(
      start(['one'], { target: { url: server.url, user: 'app', password: 'x' } }).attached(),
      {
        code: 'no-permission',
        message: /user "app" run XREAD.*ACL SETUSER app \+xread/,
      },
    );
    await redis.set('text', 'x');
    await assert.rejects(start(['text']).attached(), { message: /"text".*is no stream.*--key/ });
  });
});
