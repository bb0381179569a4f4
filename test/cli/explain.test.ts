import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BLOG_LINE } from '../explain/explained.ts';
import { runCli } from '../support/cli.ts';

interface Line {
  readonly seq: number;
  readonly kind?: string;
  readonly offset?: number;
  readonly length?: number;
  readonly type?: string;
  readonly path?: string;
  readonly value?: unknown;
  readonly note?: string;
}

describe('sio-inspect explain', () => {
  test('explains a pasted hex dump', async () => {
    const { code, stdout, stderr } = await runCli(['explain', '--channel', 'socket.io#/#'], {
      input: BLOG_LINE.toString('hex'),
    });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^socket\.io#\/# /);
    assert.match(stdout, /"6n0BWC" +uid: the server that sent it/);
  });

  test('--json writes the record, then a line for each row with its seq', async () => {
    const { code, stdout } = await runCli(['explain', '--json'], { input: BLOG_LINE.toString('hex') });
    assert.equal(code, 0);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
    const [record, ...rows] = lines;
    assert.equal(record?.kind, 'broadcast');
    assert.ok(rows.every((row) => row.seq === record.seq && row.kind === undefined));
    assert.equal(
      rows.reduce((sum, row) => sum + (row.length ?? 0), 0),
      BLOG_LINE.length,
    );
    const rooms = rows.find((row) => row.path === '/2/rooms' && row.type !== 'key');
    assert.deepEqual([rooms?.offset, rooms?.type, rooms?.value], [89, 'undefined', { $undefined: true }]);
  });

  test('ends with 1 where a message is broken, after explaining it', async () => {
    const { code, stdout, stderr } = await runCli(['explain', '--channel', 'socket.io#/#'], {
      input: BLOG_LINE.subarray(0, 40).toString('hex'),
    });
    assert.equal(code, 1);
    assert.match(stdout, /✗ breaks here/);
    assert.match(stderr, /1 of 1 not understood/);
  });

  test('tells the subscriptions at the start of a capture in one block, and all of them with --json', async () => {
    const capture = 'fixtures/classic/redis-adapter-8.3/input.monitor';
    const { stdout } = await runCli(['explain', capture]);
    const blocks = stdout.split('\n').filter((line) => line.startsWith('subscription'));
    assert.deepEqual(blocks.slice(0, 1), ['subscription × 12']);
    const { stdout: json } = await runCli(['explain', '--json', capture]);
    const all = json.split('\n').filter((line) => line.includes('"kind":"subscription"'));
    const told = blocks.map((line) => Number(/× (\d+)/.exec(line)?.[1] ?? 1));
    assert.equal(
      told.reduce((sum, times) => sum + times, 0),
      all.length,
    );
  });

  test('shows the first channels of many, and all with --full', async () => {
    const line = (n: number): string =>
      `1790000000.000000 [0 127.0.0.1:5000] "SUBSCRIBE" "socket.io#/#r${n}#"\n`;
    const input = Array.from({ length: 40 }, (_, index) => line(index)).join('');
    const short = await runCli(['explain'], { input });
    assert.match(short.stdout, /^subscription × 40\n/);
    assert.match(short.stdout, /#r23# [^]*… 16 more; --full shows them/);
    assert.doesNotMatch(short.stdout, /#r24#/);
    assert.match((await runCli(['explain', '--full'], { input })).stdout, /#r39#/);
  });

  test('keeps its columns whatever length the fields of a stream entry have', async () => {
    const name = 'x'.repeat(300);
    const fields = ['uid', '0123456789abcdef', 'nsp', '/', 'type', '3', name, name, 'data', '{}'];
    const words = ['XADD', 'socket.io', '*', ...fields].map((word) => `"${word.replaceAll('"', '\\"')}"`);
    const input = `1790000000.000000 [0 127.0.0.1:5000] ${words.join(' ')}\n`;
    const { stdout, stderr } = await runCli(['explain'], { input });
    assert.match(stdout, /^ {2}x+… \+\d+ B {2}x+… \+\d+ B/m, stderr);
    for (const line of stdout.split('\n')) assert.ok(line.length <= 100, line);
  });

  test('explains only what the filters let through', async () => {
    const { stdout } = await runCli(['explain', '--event', 'other'], { input: BLOG_LINE.toString('hex') });
    assert.equal(stdout, '');
  });
});
