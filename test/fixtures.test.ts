import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { differences, type Fields } from '../scripts/fixtures/compare.ts';
import { readMonitorLine } from '../src/bytes/monitor-line.ts';
import { decodeCapture, decodePayload } from '../src/index.ts';

const ROOT = 'fixtures';
/** What a form of the same message cannot tell is not compared: a dump has neither command nor channel. */
const CARRIER = ['command', 'client', 'db', 'channel', 'key'];

const cases = readdirSync(ROOT)
  .flatMap((dialect) => readdirSync(join(ROOT, dialect)).map((name) => join(ROOT, dialect, name)))
  .filter((folder) => existsSync(join(folder, 'expected.json')))
  .sort();

function inputsOf(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.startsWith('input.'))
    .map((name) => join(folder, name));
}

function expectedOf(folder: string): Fields[] {
  return JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Fields[];
}

function without(fields: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}

test('there are fixtures', () => {
  assert.ok(cases.length > 0);
});

describe('decodeCapture says what the sender sent', () => {
  for (const folder of cases) {
    for (const file of inputsOf(folder)) {
      test(file, () => {
        const forms = inputsOf(folder).length > 1;
        const simplify = (fields: Fields): Fields => (forms ? without(fields, CARRIER) : fields);
        const expected = expectedOf(folder).map(simplify);
        const records = decodeCapture(readFileSync(file)).map(simplify);
        const found = expected.flatMap((truth, index) =>
          differences(records[index], truth).map((line) => `record ${index + 1}: ${line}`),
        );
        assert.deepEqual(found, []);
        assert.equal(records.length, expected.length);
      });
    }
  }
});
