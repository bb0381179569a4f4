import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faults } from '../../src/demo/faults/index.ts';
import { listFaults, tellScene, tellTitle } from '../../src/demo/faults/tell.ts';
import { textWidth } from '../../src/render/text-width.ts';
import { createTheme } from '../../src/render/theme.ts';

const theme = createTheme(0);

for (const width of [80, 120]) {
  test(`what is told of faults is broken between words at ${width} columns`, () => {
    const style = { theme, width };
    const told = faults.flatMap((fault) => [
      ...tellTitle(fault, 'redis', style),
      ...tellScene({ is: 'cured' }, fault, 'redis', style),
    ]);
    for (const line of [...listFaults(style), ...told]) assert.ok(textWidth(line) <= width, line);
  });
}

test('a log that is longer than a line goes on a little further right', () => {
  const [fault] = faults;
  assert.ok(fault !== undefined);
  const symptom = { lines: ['It says:', 'Error: aaaa bbbb cccc'], isBad: true };
  const scene = { is: 'symptom', symptom, afterCure: true } as const;
  const lines = tellScene(scene, fault, 'redis', { theme, width: 20 });
  assert.deepEqual(lines, ['   It says:', '   Error: aaaa bbbb', '     cccc']);
});
