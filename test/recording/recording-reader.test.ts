import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Captured } from '../../src/model/frame.ts';
import type { Glance } from '../../src/recording/glance.ts';
import { isRecording, RecordingReader } from '../../src/recording/recording-reader.ts';
import { runCli } from '../support/cli.ts';
import { asRecorded, captured, END, HEADER, read, record } from './captured.ts';

const FRAME: Captured = {
  is: 'frame',
  frame: {
    via: 'subscribe',
    time: 1795375709291598,
    node: '127.0.0.1:6379',
    command: 'PMESSAGE',
    channel: Buffer.from('socket.io#/#'),
    payload: Buffer.from([0x93, 0, 255, 10, 34]),
  },
};

/** Buffers are equal by their bytes, whatever memory they are views of. */
function plain(items: readonly Captured[]): unknown {
  return JSON.parse(JSON.stringify(items));
}

void test('RecordingReader reads back what LineWriter wrote, whole and byte by byte', () => {
  fc.assert(
    fc.property(fc.array(captured, { maxLength: 8 }), (items) => {
      const recording = Buffer.from(record(items));
      const expected = plain(items.map(asRecorded));
      assert.deepEqual(plain(read(recording)), expected);
      assert.deepEqual(plain(read(recording, 1)), expected);
    }),
  );
});

void test('RecordingReader shows frames before it makes them, and yields in order what was not taken', () => {
  const frames = fc.array(fc.oneof({ weight: 9, arbitrary: fc.constant(FRAME) }, captured), {
    maxLength: 600,
  });
  fc.assert(
    fc.property(
      frames,
      fc.nat({ max: 9 }),
      fc.integer({ min: 1, max: 3000 }),
      (items, leaveEach, chunkBytes) => {
        const recording = Buffer.from(record(items));
        const reader = new RecordingReader();
        const seen: Captured[] = [];
        let shown = 0;
        const glance: Glance = (head, time, { bytes, used }) => {
          if (++shown % 10 === leaveEach) return false;
          const payload = Buffer.from(bytes.subarray(0, used));
          seen.push({ is: 'frame', frame: { ...head, time, payload } });
          return true;
        };
        for (let at = 0; at < recording.length; at += chunkBytes)
          for (const batch of reader.batches(recording.subarray(at, at + chunkBytes), glance))
            seen.push(...batch);
        seen.push(...reader.end());
        assert.deepEqual(sorted(seen), sorted(items.map(asRecorded)));
      },
    ),
    { numRuns: 60 },
  );
});

/** The order of fields is no matter. */
function sorted(items: readonly Captured[]): unknown {
  return JSON.parse(JSON.stringify(items), (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

void test('RecordingReader reads payloads of any length', () => {
  const items = [0, 1, 2, 3, 65_535, 65_536, 200_000].map((length): Captured => ({
    ...FRAME,
    frame: { ...FRAME.frame, payload: Buffer.alloc(length, 0xc3) },
  }));
  assert.deepEqual(plain(read(Buffer.from(record(items)), 70_000)), plain(items.map(asRecorded)));
});

void test('RecordingReader counts the commands that carried no traffic', () => {
  const other: Captured = { is: 'other', command: 'GET' };
  assert.deepEqual(
    read(Buffer.from(record([other, FRAME, other, { ...other, command: 'SET', count: 5 }]))).slice(1),
    [
      { is: 'other', command: 'GET', count: 2 },
      { is: 'other', command: 'SET', count: 5 },
    ],
  );
});

void test('RecordingReader keeps every whole line of a recording that was cut off anywhere, and says where it was cut', () => {
  const items = [
    FRAME,
    { is: 'gap', gap: { via: 'subscribe', reason: 'disconnected', missed: 3 } },
    FRAME,
  ] as const;
  const recording = Buffer.from(record(items));
  const ends = [...recording.entries()].filter(([, byte]) => byte === 0x0a).map(([at]) => at);
  for (let cut = HEADER.length; cut <= recording.length; cut++) {
    const got = read(recording.subarray(0, cut));
    // A line that only misses its LF is whole.
    const isTorn = !ends.includes(cut - 1) && !ends.includes(cut);
    const last = got.at(-1);
    assert.equal(last?.is === 'gap' && last.gap.reason === 'truncated', isTorn, `cut at ${cut}`);
    const whole = ends.filter((end) => end <= cut).length;
    // Neither the header, nor the origin's line, nor the last line is an item.
    assert.equal(got.length - (isTorn ? 1 : 0), Math.min(3, Math.max(0, whole - 2)), `cut at ${cut}`);
  }
});

void test('RecordingReader tells the time from which on a cut recording says nothing', () => {
  const recording = Buffer.from(record([FRAME, FRAME]));
  assert.deepEqual(read(recording.subarray(0, recording.length - END.length - 5)).at(-1), {
    is: 'gap',
    gap: { via: 'recording', reason: 'truncated', from: 1795375709291598 },
  });
});

void test('RecordingReader takes a payload that had to go for a message that is known to be missing', () => {
  const text = record([{ is: 'removed', captured: FRAME }]);
  assert.match(text, /"removed":5\}/);
  assert.deepEqual(read(Buffer.from(text)), [
    {
      is: 'gap',
      gap: {
        via: 'recording',
        node: '127.0.0.1:6379',
        reason: 'dropped',
        from: 1795375709291598,
        to: 1795375709291598,
        missed: 1,
        recordedVia: 'subscribe',
      },
    },
  ]);
});

void test('RecordingReader shows a line that is none, and reads on', () => {
  const broken = [
    'no JSON',
    '[1]',
    '{"t":1795375709291598,"o":7,"c":"PMESSAGE","ch":"a","n":3,"p":"AAAA"}',
    '{"t":1795375709291598,"o":0,"c":"PMESSAGE","ch":"a","n":4,"p":"AAAA"}',
    '{"t":1795375709291598,"o":0,"c":"PMESSAGE","ch":"a","n":3,"p":"AA A"}',
    '{"t":,"o":0,"c":"PMESSAGE","ch":"a","n":3,"p":"AAAA"}',
    '{"gap":{"via":"subscribe","reason":"boredom"}}',
    '{"other":[["GET",-1]]}',
    '{"unframed":{"via":"text"}}',
    '{"origin":1,"via":"hearsay"}',
  ];
  for (const line of broken) {
    const text = record([FRAME]).replace(END, `${line}\n${END}`);
    const items = read(Buffer.from(text));
    assert.equal(items.length, 2, line);
    assert.equal(items[1]?.is === 'unframed' && Buffer.from(items[1].unframed.raw).toString(), line);
  }
});

void test('RecordingReader reads several recordings that were put together, each with its own origins', () => {
  const other: Captured = { is: 'frame', frame: { ...FRAME.frame, via: 'monitor', client: '127.0.0.1:1' } };
  const items = read(Buffer.from(record([FRAME]) + record([other]) + record([FRAME])));
  assert.deepEqual(plain(items), plain([FRAME, other, FRAME].map(asRecorded)));
});

void test('RecordingReader reads more origins than it can number', () => {
  const items = Array.from({ length: 9000 }, (_, index): Captured => ({
    is: 'frame',
    frame: { ...FRAME.frame, client: `10.0.0.1:${index % 4500}` },
  }));
  assert.deepEqual(plain(read(Buffer.from(record(items)), 1000)), plain(items.map(asRecorded)));
});

void test('RecordingReader says what a reader should know about a recording', () => {
  const notes: string[] = [];
  const reader = new RecordingReader({ onNote: (note) => notes.push(note) });
  reader.push(Buffer.from(HEADER.replace('}}\n', '},"redaction":["args"]}\n')));
  reader.end();
  assert.deepEqual(notes, [
    'is redacted: args',
    'has no last line: it is still being written, or its writer was stopped',
  ]);
  assert.equal(isRecording(Buffer.from(HEADER)), true);
  assert.equal(isRecording(Buffer.from('{"sioInsp')), true);
  assert.equal(isRecording(Buffer.from('{"sid":1}')), false);
});

void test('RecordingReader does not take a version that it does not know for an empty recording', async () => {
  for (const version of ['2', '"1"', '{}']) {
    const header = `{"sioInspectRecording":${version}}`;
    const items = read(Buffer.from(`${header}\n${END}`));
    assert.equal(items.length, 1);
    const [item] = items;
    assert.ok(item?.is === 'unframed');
    assert.deepEqual(
      [item.unframed.code, Buffer.from(item.unframed.raw).toString()],
      ['unknown-version', header],
    );
    assert.ok(item.unframed.message.includes(version));
  }
  const input = '{"sioInspectRecording":2}\n';
  const [decoded, examined] = await Promise.all([
    runCli(['decode', '-'], { input }),
    runCli(['doctor', '-'], { input }),
  ]);
  assert.deepEqual([decoded.code, examined.code], [1, 1]);
  assert.match(
    decoded.stderr,
    /version 2 of the format, of which this program knows 1: use the sio-inspect that wrote/,
  );
  assert.match(decoded.stderr, /^sio-inspect: 1 of 1 not understood\.$/m);
});
