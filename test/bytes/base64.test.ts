import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { base64Length, decodeBase64 } from '../../src/bytes/base64.ts';
import { ByteBlock } from '../../src/bytes/byte-block.ts';

/** The bytes that stand for `lengthBytes` of them in a text between others, or undefined when they do not. */
function decode(text: string, lengthBytes: number): Buffer | undefined {
  const { view } = new ByteBlock(Buffer.from(`xx${text}yyyy`, 'latin1'));
  const target = new ByteBlock(Buffer.alloc(lengthBytes + 4));
  return decodeBase64(view, 2, target, lengthBytes) ? target.bytes.subarray(0, lengthBytes) : undefined;
}

void test('decodeBase64 reads back what Node encodes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const text = Buffer.from(bytes).toString('base64');
      assert.equal(base64Length(bytes.length), text.length);
      assert.deepEqual(decode(text, bytes.length), Buffer.from(bytes));
    }),
  );
});

void test('decodeBase64 refuses any other byte at any place, and another length', () => {
  for (const length of [1, 2, 3, 4, 5, 6]) {
    const text = Buffer.alloc(length, 0xab).toString('base64');
    for (let at = 0; at < text.length; at++) {
      for (const odd of ['-', '_', ' ', '\n', '"', '\u00ff', ...(text[at] === '=' ? ['A'] : ['='])]) {
        const broken = text.slice(0, at) + odd + text.slice(at + 1);
        assert.equal(decode(broken, length), undefined, broken);
      }
    }
  }
  assert.equal(decode('q6s=', 3), undefined);
  assert.equal(decode('q6ur', 2), undefined);
  assert.equal(decode('qw==', 2), undefined);
});
