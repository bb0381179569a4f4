import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StreamAccount } from '../../../src/capture/live/stream-account.ts';
import { NO_STREAM, type StreamState, type StreamWords } from '../../../src/redis/stream-info.ts';

const LIVE = { isAfterBreak: false, time: 9_000_000 };

const entry = (id: string, data = id): StreamWords => ({ id, words: [Buffer.from(data)] });

/** What a Redis before 7.0 says: it does not count what was added. */
const uncounted = (...ids: readonly string[]): StreamState => {
  const [first, last] = [ids[0] ?? '0-0', ids.at(-1) ?? '0-0'];
  return { length: ids.length, lastId: last, first: entry(first), last: entry(last) };
};

describe('StreamAccount with a Redis that does not count', () => {
  it('tells a gap, without a number, when its place was trimmed away', () => {
    const account = new StreamAccount('s', uncounted('1-1'), undefined);
    account.read(entry('2-1'));
    account.look(uncounted('5-1', '6-1'), LIVE);
    assert.deepEqual(account.read(entry('5-1')), [
      { via: 'stream', reason: 'trimmed', from: 2000, to: 5000 },
    ]);
    assert.deepEqual(account.endReply(true), []);
  });

  it('tells none while its place is there, nor for a stream that begins', () => {
    const account = new StreamAccount('s', NO_STREAM, undefined);
    account.look(uncounted('1-1', '2-1'), LIVE);
    assert.deepEqual(account.read(entry('1-1')), []);
    account.look(uncounted('1-1', '3-1'), LIVE);
    assert.deepEqual(account.read(entry('3-1')), []);
  });

  it('notices that ids have gone back', () => {
    const account = new StreamAccount('s', uncounted('1-1', '8-1'), undefined);
    account.look(uncounted('3-1'), LIVE);
    assert.deepEqual(account.endReply(true), [{ via: 'stream', reason: 'trimmed', from: 8000, to: 8000 }]);
    assert.deepEqual(account.read(entry('3-1')), []);
  });
});

describe('StreamAccount', () => {
  it('takes entries of one id for one only when they say the same', () => {
    const state = { length: 1, added: 1, lastId: '1-1', first: entry('1-1'), last: entry('1-1') };
    const account = new StreamAccount('s', state, undefined);
    account.read(entry('5-1', 'a'));
    account.read(entry('6-1', 'b'));
    account.look(
      { length: 2, added: 2, lastId: '6-1', first: entry('5-1', 'other'), last: entry('6-1', 'b') },
      LIVE,
    );
    assert.equal(account.endReply(true).length, 1);
    assert.deepEqual(account.read(entry('5-1', 'other')), []);
    assert.equal(account.read(entry('6-1', 'b')), undefined);
  });

  it('orders ids as numbers, whatever their length', () => {
    const account = new StreamAccount('s', { length: 1, added: 1, lastId: '9-9' }, undefined);
    account.look({ length: 2, added: 2, lastId: '10-0' }, LIVE);
    assert.deepEqual(account.read(entry('10-0')), []);
    assert.deepEqual(account.endReply(true), []);
  });
});
