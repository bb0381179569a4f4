import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type StreamPart, TcpStream } from '../../src/bytes/tcp-stream.ts';

/** What came out: bytes between gaps, and the gaps. */
interface Heard {
  readonly runs: Buffer[];
  readonly gaps: { reason: string; bytes: number }[];
}

function listen(): { heard: Heard; stream: TcpStream } {
  const heard: Heard = { runs: [Buffer.alloc(0)], gaps: [] };
  const stream = new TcpStream({
    data: (bytes) => {
      const last = heard.runs.pop() ?? Buffer.alloc(0);
      heard.runs.push(Buffer.concat([last, bytes]));
    },
    gap: (gap) => {
      heard.gaps.push({ ...gap });
      heard.runs.push(Buffer.alloc(0));
    },
  });
  return { heard, stream };
}

const NONE = Buffer.alloc(0);
const part = (seq: number, payload: Buffer, more: Partial<StreamPart> = {}): StreamPart => ({
  seq: seq >>> 0,
  isSyn: false,
  isFin: false,
  payload,
  cutBytes: 0,
  time: 0,
  ...more,
});
const syn = (seq: number): StreamPart => part(seq, NONE, { isSyn: true });

/** A text of distinct bytes in random segments, its first sequence number anywhere in 32 bits. */
const SEGMENTED = fc.record({
  isn: fc.nat({ max: 0xffffffff }),
  sizes: fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 2, maxLength: 40 }),
});

function segmentsOf(isn: number, sizes: readonly number[]): { text: Buffer; parts: StreamPart[] } {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const text = Buffer.from(Array.from({ length: total }, (_, index) => (index * 7 + (index >> 8)) & 0xff));
  let at = 0;
  const parts = sizes.map((size) => {
    const one = part(isn + 1 + at, text.subarray(at, at + size));
    at += size;
    return one;
  });
  return { text, parts };
}

describe('TcpStream', () => {
  test('gives the same bytes for any order, with copies and overlaps, across the wrap of numbers', () => {
    const property = fc.property(SEGMENTED, fc.infiniteStream(fc.nat()), ({ isn, sizes }, random) => {
      const { text, parts } = segmentsOf(isn, sizes);
      const pick = (limit: number): number => (random.next().value ?? 0) % limit;
      const overlaps = Array.from({ length: 10 }, () => {
        const from = pick(text.length);
        return part(isn + 1 + from, text.subarray(from, from + 1 + pick(80)));
      });
      const all = [...parts, ...overlaps, syn(isn), syn(isn)];
      for (let at = all.length - 1; at > 0; at--) {
        const other = pick(at + 1);
        const [a, b] = [all[at], all[other]];
        if (a !== undefined && b !== undefined) [all[at], all[other]] = [b, a];
      }
      const { heard, stream } = listen();
      for (const one of all) stream.add(one, 0);
      assert.deepEqual(heard.gaps, []);
      assert.ok(heard.runs[0]?.equals(text));
      assert.equal(stream.pendingBytes, 0);
      assert.equal(stream.hasStart, true);
    });
    fc.assert(property, { numRuns: 300 });
  });

  test('makes a dropped segment a gap of its size and joins nothing across it', () => {
    const property = fc.property(SEGMENTED, fc.nat(), ({ isn, sizes }, drop) => {
      const { text, parts } = segmentsOf(isn, sizes);
      const lost = drop % (parts.length - 1);
      const { heard, stream } = listen();
      stream.add(syn(isn), 0);
      for (const [index, one] of parts.entries()) if (index !== lost) stream.add(one, 0);
      assert.deepEqual(heard.gaps, [], 'it may still come');
      stream.acknowledge((isn + 1 + text.length) >>> 0, 0);
      stream.settle(1_000_001);
      const before = sizes.slice(0, lost).reduce((sum, size) => sum + size, 0);
      const size = sizes[lost] ?? 0;
      assert.deepEqual(heard.gaps, [{ reason: 'lost-segment', bytes: size }]);
      assert.ok(heard.runs[0]?.equals(text.subarray(0, before)));
      assert.ok(heard.runs[1]?.equals(text.subarray(before + size)));
    });
    fc.assert(property, { numRuns: 200 });
  });

  test('notices by the acknowledgement that the last segment is missing, and takes no FIN for a byte', () => {
    const { heard, stream } = listen();
    stream.add(syn(0), 0);
    stream.add(part(1, Buffer.from('abc')), 0);
    stream.acknowledge(9, 0);
    stream.settle(1_000_001);
    assert.deepEqual(heard.gaps, [{ reason: 'lost-segment', bytes: 5 }]);
    stream.add(part(9, NONE, { isFin: true }), 1_000_001);
    stream.acknowledge(10, 1_000_001);
    stream.settle(9_000_000);
    stream.close();
    assert.equal(heard.gaps.length, 1);
    assert.equal(stream.isOver, true);
  });

  test('passes over keep-alive probes and late copies', () => {
    const { heard, stream } = listen();
    stream.add(syn(0), 0);
    stream.add(part(1, Buffer.from('abc')), 0);
    stream.add(part(3, Buffer.from([0])), 0);
    stream.add(part(1, Buffer.from('abcdef')), 0);
    assert.equal(heard.runs[0]?.toString(), 'abcdef');
    assert.deepEqual(heard.gaps, []);
  });

  test('puts the first segments in order where the SYN was not captured', () => {
    const { heard, stream } = listen();
    stream.add(part(104, Buffer.from('def')), 0);
    stream.add(part(101, Buffer.from('abc')), 0);
    assert.deepEqual(heard.runs, [NONE]);
    stream.acknowledge(107, 0);
    assert.equal(heard.runs[0]?.toString(), 'abcdef');
    assert.equal(stream.hasStart, false);
  });

  test('says how many bytes a cut packet lacks, unless a whole copy is there', () => {
    const { heard, stream } = listen();
    stream.add(syn(0), 0);
    stream.add(part(4, Buffer.from('d'), { cutBytes: 2 }), 0);
    stream.add(part(4, Buffer.from('def')), 0);
    stream.add(part(1, Buffer.from('abc')), 0);
    stream.add(part(7, Buffer.from('g'), { cutBytes: 9 }), 0);
    stream.add(part(17, Buffer.from('z')), 0);
    assert.deepEqual(heard.gaps, [{ reason: 'truncated', bytes: 9 }]);
    assert.deepEqual(heard.runs.map(String), ['abcdefg', 'z']);
  });

  test('keeps no more than its limit while it waits', () => {
    const { heard, stream } = listen();
    stream.add(syn(0), 0);
    const chunk = Buffer.alloc(60_000, 1);
    for (let index = 0; index < 160; index++) stream.add(part(2 + index * chunk.length, chunk), 0);
    assert.ok(stream.pendingBytes <= 9 * 1024 * 1024, String(stream.pendingBytes));
    assert.deepEqual(heard.gaps, [{ reason: 'lost-segment', bytes: 1 }]);
  });
});
