import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { examineText, namesOf } from './write-capture.ts';

const ROOT = 'fixtures/faults';

/** What each capture of an old version shows: the rule that finds it, and the server that is named first. */
const CAPTURED = {
  'private-room-lost': { rule: 'private-room-lost', named: /adapter 8\.2/ },
  'version-skew-classic': { rule: 'version-skew', named: /adapter 7 or older/ },
  'version-skew-sharded': { rule: 'version-skew', named: /sharded adapter 8\.2/ },
  'version-skew-streams': { rule: 'version-skew', named: /streams adapter 0\.1 or 0\.2/ },
} as const;

void test('every captured fault is known here', () => {
  assert.deepEqual(readdirSync(ROOT).sort(), Object.keys(CAPTURED).sort());
});

for (const [name, { rule, named }] of Object.entries(CAPTURED)) {
  void test(`${name}: ${rule} and no other rule finds the fault, and nothing is found in its healthy twin`, async () => {
    const fault = await examineText(readFileSync(`${ROOT}/${name}/fault.monitor`));
    assert.deepEqual(namesOf(fault), [rule]);
    const [found] = fault.cases;
    assert.match(found?.culprits[0]?.about ?? '', named);
    assert.equal(found?.sure, 'sure');
    const cured = await examineText(readFileSync(`${ROOT}/${name}/cured.monitor`));
    assert.deepEqual(namesOf(cured), []);
    assert.ok(
      cured.held.some((held) => held.name === rule),
      'it was checked, and holds',
    );
  });

  void test(`${name}: its users saw it, and saw it no more with one version`, () => {
    const source = readFileSync(`${ROOT}/${name}/SOURCE.md`, 'utf8');
    const [, sick = '', well = ''] = source.split(/^(?:fault|cured)\.monitor:/m);
    assert.match(sick, /gets (?:nothing|Array \[-1)|Error: timeout reached/);
    assert.doesNotMatch(well, /gets (?:nothing|Array \[-1)|Error/);
  });
}
