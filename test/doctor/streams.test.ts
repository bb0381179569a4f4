import assert from 'node:assert/strict';
import { test } from 'node:test';
import { examineText, namesOf } from './write-capture.ts';

const START_MS = 1_795_376_000_000;
const READER = '127.0.0.1:2002';

function line(ms: number, client: string, ...words: readonly string[]): string {
  const time = ((START_MS + ms) / 1000).toFixed(6);
  return `${time} [0 ${client}] ${words.map((word) => JSON.stringify(word)).join(' ')}\n`;
}

/** One entry each hundred milliseconds up to `untilMs`. */
function write(untilMs: number, text = 'x', fromMs = 0): string {
  const data = JSON.stringify({
    opts: { rooms: [], except: [], flags: {} },
    packet: { type: 2, data: ['tick', text] },
  });
  const fields = ['uid', 'e622c0f939c3bb63', 'nsp', '/', 'type', '3', 'data', data];
  const head = ['XADD', 'socket.io', 'MAXLEN', '~', '10000', '*'];
  let lines = '';
  for (let ms = fromMs; ms <= untilMs; ms += 100) lines += line(ms, '127.0.0.1:2001', ...head, ...fields);
  return lines;
}

function read(ms: number, afterMs: number): string {
  const words = ['XREAD', 'BLOCK', '5000', 'COUNT', '100', 'STREAMS', 'socket.io', `${START_MS + afterMs}-0`];
  return line(ms, READER, ...words);
}

function restore(ms: number, fromMs: number, ...limit: readonly string[]): string {
  return line(ms, READER, 'XRANGE', 'socket.io', `${START_MS + fromMs}-1`, '+', ...limit);
}

async function examine(text: string): ReturnType<typeof examineText> {
  return examineText(Buffer.from(text));
}

void test('reader-lag: two readings in a row that are a second behind, with the connection and how much waits', async () => {
  const text = write(2000) + read(2010, 500) + write(4000, 'x', 2100) + read(4010, 1500);
  const { cases } = await examine(text);
  const found = cases.find(({ rule }) => rule.name === 'reader-lag');
  assert.match(found?.sentence ?? '', /reads the stream 2\.5 s late/);
  assert.deepEqual(
    found?.culprits.map(({ value }) => value),
    [READER],
  );
  assert.match(found.seen.join(), /25 entries wait/);
});

void test('reader-lag: who is up to date, who catches up, and who waits where nothing is written is not behind', async () => {
  const upToDate = write(2000) + read(2010, 2000) + write(4000, 'x', 2100) + read(4010, 4000);
  const catchesUp = write(3000) + read(3010, 500) + read(3020, 3000);
  const waits =
    write(1000) + read(1010, 1000) + read(6010, 1000) + read(11_010, 1000) + write(11_100, 'x', 11_100);
  for (const text of [upToDate, catchesUp, waits]) {
    const report = await examine(text);
    assert.deepEqual(namesOf(report), []);
    assert.ok(report.held.some(({ name }) => name === 'reader-lag'));
  }
});

void test('reader-lag and recovery-flood are not judged by a capture that does not show who reads', async () => {
  const { unchecked } = await examine(write(2000));
  assert.deepEqual(
    unchecked.filter(({ why }) => /what servers read/.test(why)).map(({ rule }) => rule.name),
    ['reader-lag', 'recovery-flood'],
  );
});

void test('recovery-flood: counts what was written since, and only where it is all read at once', async () => {
  const large = write(5000, 'x'.repeat(100_000));
  const { cases } = await examine(large + restore(5010, 2000));
  const found = cases.find(({ rule }) => rule.name === 'recovery-flood');
  assert.match(found?.sentence ?? '', /reads 30 entries at once: 3\.0 MB/);
  assert.equal(found?.sure, 'sure');
  const small = write(5000) + restore(5010, 2000);
  for (const text of [large + restore(5010, 2000, 'COUNT', '100'), large + restore(5010, 4500), small])
    assert.deepEqual(namesOf(await examine(text)), []);
});
