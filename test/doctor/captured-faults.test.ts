import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
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

/** What one version of each adapter and emitter wrote, whatever it can write: healthy, but for the room 7 of `io.to(7)`. */
const HEALTHY = ['classic', 'sharded', 'streams', 'emitter'].flatMap((dialect) =>
  readdirSync(`fixtures/${dialect}`)
    .map((name) => `fixtures/${dialect}/${name}/input.monitor`)
    .filter((file) => existsSync(file)),
);

void test('nothing but its number as a room is found in what a single version writes', async () => {
  assert.ok(HEALTHY.length > 40);
  for (const file of HEALTHY) {
    const found = namesOf(await examineText(readFileSync(file)));
    assert.deepEqual(
      found.filter((name) => name !== 'bad-room'),
      [],
      file,
    );
  }
});

void test('version-skew is found where all versions share one channel', async () => {
  const report = await examineText(readFileSync('fixtures/mixed/one-channel/input.monitor'), 'version-skew');
  const about = report.cases[0]?.culprits.map((culprit) => culprit.about?.split(',')[0]);
  assert.deepEqual(about, [
    'adapter 7 or older',
    'adapter 7 or older',
    'adapter 7 or older',
    'adapter 8',
    'adapter 8',
  ]);
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
