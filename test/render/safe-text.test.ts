import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { quoteText, safeText } from '../../src/render/safe-text.ts';

void test('safeText leaves readable text of any script alone', () => {
  for (const text of ['Hello from A', 'é', '价格', 'नमस्ते', '👩', 'a-b_c#/'])
    assert.equal(safeText(text), text);
});

void test('safeText writes controls, ANSI escapes and bidirectional overrides as escapes', () => {
  assert.equal(safeText('\u001b[31mred\u001b[0m'), '\\x1b[31mred\\x1b[0m');
  assert.equal(safeText('a\nb\tc\rd\u0000'), 'a\\nb\\tc\\rd\\x00');
  assert.equal(safeText('\u009b2J'), '\\x9b2J');
  assert.equal(safeText('\u202eevil\u2066'), '\\u202eevil\\u2066');
  assert.equal(safeText('\u{e0041}'), '\\u{e0041}');
  assert.equal(safeText('\ud83d'), '\\ud83d');
});

void test('safeText never lets a control character through', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.doesNotMatch(safeText(text), /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/u);
    }),
  );
});

void test('quoteText escapes the quote and the backslash', () => {
  assert.equal(quoteText('say "hi" \\ there'), '"say \\"hi\\" \\\\ there"');
});
