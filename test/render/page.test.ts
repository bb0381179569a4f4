import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { rules } from '../../src/doctor/rules/index.ts';
import { writePage } from '../../src/render/page.ts';
import { textWidth } from '../../src/render/text-width.ts';
import { createTheme } from '../../src/render/theme.ts';

const plain = createTheme(0);

describe('writePage', () => {
  test('headings, lists, code and links of a page become text', () => {
    const page = '# name\n\nUse `a b`, see [other](other.md).\n\n- **One.** First\n\n    npx x  y\n';
    const lines = ['name', '', 'Use a b, see other.', '', '  - One. First', '', '    npx x  y'];
    assert.equal(writePage(page, { theme: plain, columns: Number.POSITIVE_INFINITY }), lines.join('\n'));
  });

  test('breaks lines between words, below the beginning of a list item, and not within code', () => {
    const page = 'aaaa `bb cc` dddd\n- eeee ffff gggg';
    assert.deepEqual(writePage(page, { theme: plain, columns: 12 }).split('\n'), [
      'aaaa bb cc',
      'dddd',
      '  - eeee',
      '    ffff',
      '    gggg',
    ]);
  });

  for (const file of readdirSync('docs/rules')) {
    test(`${file} has no Markdown left, and no line that is too wide but code`, () => {
      const markdown = readFileSync(`docs/rules/${file}`, 'utf8');
      const lines = writePage(markdown, { theme: plain, columns: 80 }).split('\n');
      const code = /^ {4}/;
      for (const line of lines) {
        assert.doesNotMatch(line, /^#|`|\*\*|\]\(/);
        assert.ok(code.test(line) || textWidth(line) <= 80, line);
      }
    });
  }

  test('every rule has its page', () => {
    const pages = readdirSync('docs/rules').map((file) => file.replace(/\.md$/, ''));
    assert.deepEqual(pages.sort(), rules.map(({ name }) => name).sort());
  });
});
