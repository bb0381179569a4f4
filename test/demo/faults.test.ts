import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faults } from '../../src/demo/faults/index.ts';
import { playFault, type Scene } from '../../src/demo/faults/play.ts';

/** Long enough for two requests that time out after a second each. */
const LISTEN_MS = 4000;

for (const fault of faults) {
  const finders = fault.rule === undefined ? [] : [fault.rule];
  const found = fault.rule === undefined ? 'no rule' : `${fault.rule} and no other rule`;
  void test(`${fault.name}: users see it, ${found} finds it, the cure ends it`, async () => {
    const scenes: Scene[] = [];
    const flaw = await playFault(fault, {
      listenMs: LISTEN_MS,
      signal: AbortSignal.timeout(60_000),
      onScene: (scene) => scenes.push(scene),
    });
    assert.equal(flaw, undefined, JSON.stringify(scenes, null, 1));
    assert.deepEqual(
      scenes.flatMap((scene) => (scene.is === 'symptom' ? [scene.symptom.isBad] : [])),
      [true, false],
    );
    const [sick, healthy] = scenes.flatMap((scene) => (scene.is === 'diagnosis' ? [scene.report] : []));
    assert.deepEqual([...new Set(sick?.cases.map(({ rule }) => rule.name))], finders);
    assert.deepEqual(healthy?.cases, []);
    for (const found of sick?.cases ?? []) {
      assert.ok(found.seen.length > 0 && found.next.length > 0, 'it says what it rests on and what to do');
    }
  });
}

void test('a fault that is interrupted claims nothing: neither that it is there, nor that it is gone', async () => {
  const [fault] = faults.filter(({ name }) => name === 'bad-room');
  assert.ok(fault !== undefined);
  const stop = new AbortController();
  const scenes: Scene['is'][] = [];
  const played = playFault(fault, {
    listenMs: LISTEN_MS,
    signal: stop.signal,
    onScene: ({ is }) => {
      scenes.push(is);
      if (is === 'listening') stop.abort();
    },
  });
  await assert.rejects(played, { name: 'AbortError' });
  assert.deepEqual(scenes, ['staged', 'symptom', 'listening']);
});
