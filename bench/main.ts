import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { BenchOptions } from './bench-options.ts';
import { benchBurst } from './burst.ts';
import { benchMemory } from './memory.ts';
import { benchOffline } from './offline.ts';
import { describeMachine, type Section, writeReport, writeTable } from './report.ts';
import { benchSlowDown } from './slow-down.ts';

const PARTS: ReadonlyMap<string, (options: BenchOptions) => Promise<Section>> = new Map([
  ['a', benchBurst],
  ['b', benchOffline],
  ['c', benchSlowDown],
  ['d', benchMemory],
]);
const REPORT = fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    repeat: { type: 'string' },
  },
});
const wanted = positionals.length === 0 ? [...PARTS.keys()] : positionals;
const repeat = Number(values.repeat ?? (values.quick ? 1 : 10));
if (!Number.isInteger(repeat) || repeat < 1 || !wanted.every((part) => PARTS.has(part))) {
  process.stderr.write('Usage: npm run bench -- [a|b|c|d …] [--quick] [--repeat N]\n');
  process.exit(2);
}
await bench();

async function bench(): Promise<void> {
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  execFileSync('npm', ['run', 'build'], { stdio: ['ignore', 2, 2] });
  const directory = await mkdtemp(join(tmpdir(), 'sio-inspect-bench-'));
  const sections: Section[] = [];
  try {
    for (const [name, part] of PARTS) {
      if (!wanted.includes(name)) continue;
      const section = await part({ directory, isQuick: values.quick, repeat, say });
      sections.push(section);
      process.stdout.write(`\n${section.title}\n\n${writeTable(section)}\n\n`);
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  if (values.quick || sections.length < PARTS.size) {
    say('docs/benchmarks.md is written when all parts have run in full.');
    return;
  }
  await writeFile(REPORT, writeReport(sections, describeMachine(), new Date()));
  say('docs/benchmarks.md is written.');
}
