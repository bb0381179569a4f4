import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { faults } from '../../src/demo/faults/index.ts';
import { rules } from '../../src/doctor/rules/index.ts';

const SECTIONS = ['What it means', 'How it looks in logs', 'How the doctor knows', 'Cure', 'See it happen'];

void test('every rule has a page with all sections, and every page a rule', () => {
  assert.deepEqual(readdirSync('docs/rules').sort(), rules.map(({ name }) => `${name}.md`).sort());
  for (const { name, fault } of rules) {
    const page = readFileSync(`docs/rules/${name}.md`, 'utf8');
    assert.ok(page.startsWith(`# ${name}\n`), name);
    for (const section of SECTIONS) assert.ok(page.includes(`\n## ${section}\n`), `${name}: ${section}`);
    assert.ok(page.includes(`demo --fault ${fault ?? ''}`), `${name}: its fault`);
    for (const [, capture] of page.matchAll(/sio-inspect doctor (fixtures\/\S+)/g))
      assert.ok(existsSync(capture ?? ''), `${name}: ${capture ?? ''}`);
  }
});

void test('every rule names a fault that sets it off, and every fault a rule, unless Redis shows nothing of it', () => {
  for (const { name, fault } of rules) {
    assert.equal(faults.find((candidate) => candidate.name === fault)?.rule, name, name);
  }
  const known = new Set(rules.map(({ name }) => name));
  assert.deepEqual(
    faults.filter(({ rule }) => rule === undefined || !known.has(rule)).map(({ name }) => name),
    ['no-sticky-sessions'],
  );
});
