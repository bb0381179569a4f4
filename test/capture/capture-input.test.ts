import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { captureInput, captureInputSync } from '../../src/capture/capture-input.ts';
import { decodeCapture } from '../../src/index.ts';
import type { Captured } from '../../src/model/frame.ts';

const HEADER =
  '{"sioInspectRecording":1,"tool":"t","startedAt":"","source":{"via":[]}}\n{"origin":0,"via":"subscribe"}\n';
const FRAMES = Array.from(
  { length: 40 },
  (_, index) => `{"t":${index + 1},"o":0,"c":"PMESSAGE","ch":"socket.io#/#","n":5,"p":"kwD/CiI="}\n`,
);
/** Two members, as ours are written. */
const FIRST = gzipSync(HEADER + FRAMES.slice(0, 20).join(''));
const FILE = Buffer.concat([FIRST, gzipSync(FRAMES.slice(20).join(''))]);

async function* inOne(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  yield bytes;
}

/** What comes of an input and what is said of it, by both ways. */
async function readBoth(bytes: Uint8Array): Promise<readonly (readonly [readonly Captured[], string[]])[]> {
  const said: [string[], string[]] = [[], []];
  const batches: Captured[] = [];
  for await (const batch of captureInput(inOne(bytes), { onNote: (note) => said[0].push(note) }))
    batches.push(...batch);
  const whole = captureInputSync(bytes, { onNote: (note) => said[1].push(note) });
  return [
    [batches, said[0]],
    [whole, said[1]],
  ];
}

function gapsOf(items: readonly Captured[]): readonly string[] {
  return items.flatMap((item) => (item.is === 'gap' ? [item.gap.reason] : []));
}

describe('captureInput of gzip', () => {
  it('gives a recording that is cut off anywhere exactly one gap, at its end, whichever way it is read', async () => {
    for (let cut = 12; cut < FILE.length; cut++) {
      // Where a member ends, nothing says that there was more.
      const expected = cut === FIRST.length ? [] : ['truncated'];
      for (const [items, notes] of await readBoth(FILE.subarray(0, cut))) {
        assert.deepEqual(gapsOf(items), expected, `cut at ${cut}`);
        assert.equal(items.at(-1)?.is === 'gap', expected.length > 0, `cut at ${cut}`);
        assert.equal(
          notes.includes('the gzip data is damaged (it ends in the middle): read up to there'),
          expected.length > 0,
        );
      }
    }
  });

  it('says of a damaged file that it is, and reads what lies before', async () => {
    const broken = Buffer.from(FILE);
    // The checksum of the second member.
    broken[broken.length - 8] = (broken[broken.length - 8] ?? 0) ^ 0xff;
    const [, [whole, notes] = [[], []]] = await readBoth(broken);
    assert.equal(whole.filter(({ is }) => is === 'frame').length, FRAMES.length);
    assert.deepEqual(gapsOf(whole), ['truncated']);
    assert.match(notes.join('\n'), /damaged \(incorrect data check\): read up to there, or up to 256 kB/);
    for (const [items] of await readBoth(broken)) {
      assert.deepEqual(gapsOf(items), ['truncated']);
      assert.ok(items.every(({ is }) => is === 'frame' || is === 'gap'));
    }
  });

  it('lets the library say that a file is cut off', () => {
    const records = decodeCapture(FILE.subarray(0, -4)).map((record) => ({ ...record }));
    assert.deepEqual(
      [records.length, records.at(-1)],
      [
        FRAMES.length + 1,
        { v: 1, seq: FRAMES.length + 1, kind: 'gap', via: 'recording', reason: 'truncated' },
      ],
    );
  });
});
