import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LineCutter } from '../../../src/session/ahead/line-cutter.ts';

void test('LineCutter gives whole lines as soon as they have come, and loses nothing, however the text is cut', () => {
  const pieces = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '\n') }));
  fc.assert(
    fc.property(pieces, (chunks) => {
      const cutter = new LineCutter();
      let come = '';
      let given = '';
      for (const chunk of chunks) {
        come += chunk;
        given += Buffer.concat(cutter.push(Buffer.from(chunk))).toString();
        assert.equal(given, come.slice(0, come.lastIndexOf('\n') + 1));
      }
      assert.equal(given + cutter.end().toString(), come);
    }),
  );
});
