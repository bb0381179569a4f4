import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Look } from '../../src/doctor/evidence.ts';
import { LookHistory } from '../../src/doctor/look-history.ts';

/** As far as a history looks; `second` is its beginning. */
function lookAt(second: number, uids = 'ab'): Look {
  const groups = [
    { adapter: 'redis', key: 'socket.io', nsp: '/', uids: Array.from(uids), counted: uids.length },
  ];
  return { from: second * 1e6, to: second * 1e6 + 1000, groups } as unknown as Look;
}

function historyOf(seconds: readonly number[]): LookHistory {
  const history = new LookHistory();
  for (const second of seconds) history.add(lookAt(second), 1000);
  return history;
}

const secondsOf = (looks: readonly Look[]): readonly number[] => looks.map(({ from }) => from / 1e6);

void test('the latest looks are those of the last minute, and three at least', () => {
  assert.deepEqual(secondsOf(historyOf([0, 30, 50, 80, 100]).recent()), [50, 80, 100]);
  assert.deepEqual(secondsOf(historyOf([0, 100, 200, 300]).recent()), [100, 200, 300]);
  assert.deepEqual(secondsOf(historyOf([0, 2]).recent()), [0, 2]);
});

void test('two looks within a second are one: what differs between them may be a deploy', () => {
  assert.deepEqual(secondsOf(historyOf([5, 5.4]).recent()), [5.4]);
  assert.deepEqual(secondsOf(historyOf([]).recent()), []);
});

void test('a look that a further file repeats is not counted again', () => {
  assert.deepEqual(secondsOf(historyOf([0, 10, 10, 20]).recent()), [0, 10, 20]);
});

void test('a recording of days is as much to remember as one of an hour, with its first look and its last', () => {
  const history = historyOf(Array.from({ length: 10_000 }, (_, index) => index * 30));
  const all = secondsOf(history.all());
  assert.ok(all.length <= 128, String(all.length));
  assert.deepEqual([all[0], all.at(-1)], [0, 9999 * 30]);
  assert.deepEqual(
    [...all].sort((a, b) => a - b),
    all,
  );
  assert.equal(history.recent().length, 3);
});

void test('who comes and goes is known from the fourth look on', () => {
  assert.equal(historyOf([0, 1, 2]).attendance(), undefined);
  assert.equal(historyOf([0, 1, 2, 3]).attendance()?.glances, 4);
});
