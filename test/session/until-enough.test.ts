import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import type { OfflineInput } from '../../src/session/offline.ts';
import { untilEnough } from '../../src/session/until-enough.ts';

function inputsOf(chunks: readonly Readable[]): AsyncIterable<OfflineInput> {
  return Readable.from(chunks.map((each, index) => ({ name: String(index), chunks: each })));
}

void test('listens for the end only while an input is read, however many there are', async () => {
  const enough = new AbortController();
  const counts: number[] = [];
  const inputs = inputsOf(Array.from({ length: 12 }, () => Readable.from([Buffer.from('chunk')])));
  for await (const { chunks } of untilEnough(inputs, [], enough.signal)) {
    for await (const chunk of chunks) {
      assert.equal(String(chunk), 'chunk');
      counts.push(getEventListeners(enough.signal, 'abort').length);
    }
  }
  assert.deepEqual(counts, Array<number>(12).fill(1));
  assert.equal(getEventListeners(enough.signal, 'abort').length, 0);
});

void test('ends an input from which nothing comes', async () => {
  const enough = new AbortController();
  const silent = new Readable({ read: () => undefined });
  const names: string[] = [];
  setImmediate(() => {
    enough.abort();
  });
  for await (const { chunks } of untilEnough(inputsOf([silent, silent]), names, enough.signal)) {
    for await (const chunk of chunks) assert.fail(String(chunk));
  }
  assert.deepEqual(names, ['0']);
  assert.equal(getEventListeners(enough.signal, 'abort').length, 0);
});
