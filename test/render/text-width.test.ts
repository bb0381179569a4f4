import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  cutToColumns,
  formatBytes,
  padRight,
  splitAtColumns,
  textWidth,
  wrapText,
} from '../../src/render/text-width.ts';

void test('textWidth counts wide characters as two columns', () => {
  assert.equal(textWidth('abc'), 3);
  assert.equal(textWidth('价格'), 4);
  assert.equal(textWidth('👩‍👩‍👧'), 2);
});

void test('padRight fills up by columns, not by characters', () => {
  assert.equal(padRight('价', 4), '价  ');
});

void test('cutToColumns leaves what fits and says how many bytes it left out', () => {
  assert.equal(cutToColumns('short', 10), 'short');
  assert.equal(cutToColumns('a'.repeat(100), 20), `${'a'.repeat(12)}… +88 B`);
});

void test('splitAtColumns never exceeds the columns and accounts for every byte', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(text, fc.integer({ min: 12, max: 60 }), (value, columns) => {
      const [shown, rest] = splitAtColumns(value, columns);
      assert.ok(textWidth(shown + rest) <= Math.max(columns, textWidth(rest) + 2));
      assert.ok(value.startsWith(shown));
      assert.equal(rest === '', shown === value);
      if (rest !== '')
        assert.equal(rest, `… +${formatBytes(Buffer.byteLength(value) - Buffer.byteLength(shown))}`);
    }),
  );
});

void test('formatBytes counts in powers of ten', () => {
  assert.deepEqual([0, 999, 1000, 2100, 40_000, 1_500_000, 4e10].map(formatBytes), [
    '0 B',
    '999 B',
    '1.0 kB',
    '2.1 kB',
    '40 kB',
    '1.5 MB',
    '40 GB',
  ]);
});

void test('wrapText breaks between words and keeps the indentation', () => {
  assert.deepEqual(wrapText('  one two three', 10), ['  one two', '  three']);
  assert.deepEqual(wrapText('short', 10), ['short']);
  assert.deepEqual(wrapText('averyveryverylongword x', 10), ['averyveryverylongword', 'x']);
});
