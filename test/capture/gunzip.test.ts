import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { gunzip } from '../../src/capture/gunzip.ts';

const FIRST = Buffer.from(Array.from({ length: 60 }, (_, n) => `line ${n * n}\n`).join(''));
const SECOND = Buffer.from('and another member\n');
/** A file that was written in two blocks, as ours are. */
const FILE = Buffer.concat([gzipSync(FIRST), gzipSync(SECOND)]);
const WHOLE = Buffer.concat([FIRST, SECOND]).toString();

async function* inChunks(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) {
    yield bytes.subarray(at, at + size);
    await Promise.resolve();
  }
}

async function read(
  bytes: Buffer,
  size = bytes.length,
): Promise<{ readonly text: string; readonly damage: readonly string[] }> {
  const parts: Uint8Array[] = [];
  const damage: string[] = [];
  for await (const part of gunzip(inChunks(bytes, size), (why) => damage.push(why))) parts.push(part);
  return { text: Buffer.concat(parts).toString('latin1'), damage };
}

describe('gunzip', () => {
  it('reads a file of several members whole, however it is cut into chunks', async () => {
    for (const size of [1, 7, FILE.length])
      assert.deepEqual(await read(FILE, size), { text: WHOLE, damage: [] });
  });

  it('reads what is there of a file that is cut off, and says so, at every truncation', async () => {
    const end = gzipSync(FIRST).length;
    for (let length = 3; length < FILE.length; length++) {
      const { text, damage } = await read(FILE.subarray(0, length));
      assert.ok(WHOLE.startsWith(text), `${length}: ${JSON.stringify(text.slice(-40))}`);
      // Where a member ends there is nothing to tell by: it may be all that there is.
      assert.deepEqual(damage, length === end ? [] : ['it ends in the middle'], String(length));
      if (length >= end) assert.ok(text.length >= FIRST.length);
    }
  });

  it('says so where a file is damaged, and makes nothing up', async () => {
    const broken = Buffer.from(FILE);
    broken[end(broken)] = (broken[end(broken)] ?? 0) ^ 0xff;
    const { text, damage } = await read(broken);
    assert.ok(WHOLE.startsWith(text));
    assert.equal(damage.length, 1);
    assert.notEqual(damage[0], 'it ends in the middle');
  });

  it('takes no offence at zeros behind a file', async () => {
    assert.deepEqual(await read(Buffer.concat([FILE, Buffer.alloc(512)])), { text: WHOLE, damage: [] });
  });
});

/** A byte of the first member's checksum. */
function end(file: Buffer): number {
  return file.indexOf(Buffer.from([0x1f, 0x8b, 0x08]), 3) - 6;
}
