import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';

/** What each layer may import, as in docs/architecture.md. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  model: [],
  bytes: ['model'],
  redis: ['model', 'bytes'],
  recording: ['model', 'bytes'],
  redact: ['model', 'bytes'],
  capture: ['model', 'bytes', 'redis', 'recording'],
  dissect: ['model', 'bytes'],
  filter: ['model'],
  analyse: ['model'],
  explain: ['model', 'bytes', 'dissect'],
  doctor: ['model', 'bytes', 'redis', 'analyse'],
  render: ['model', 'bytes', 'analyse', 'explain', 'doctor'],
  session: [
    'model',
    'bytes',
    'redis',
    'recording',
    'capture',
    'dissect',
    'filter',
    'analyse',
    'explain',
    'doctor',
    'render',
  ],
  demo: [
    'model',
    'bytes',
    'redis',
    'capture',
    'dissect',
    'filter',
    'analyse',
    'explain',
    'doctor',
    'render',
    'session',
  ],
};

/** Only these may know the terminal, the environment or the process (docs/architecture.md). */
const MAY_TOUCH_PROCESS = ['cli', 'demo'];
const MAY_USE_COLOUR = ['src/render/theme.ts'];

interface Source {
  readonly file: string;
  readonly layer: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const sources: readonly Source[] = readdirSync('src', { recursive: true })
  .map((name) => `src/${String(name).replaceAll('\\', '/')}`)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => {
    const text = readFileSync(file, 'utf8');
    const imports = [...text.matchAll(/(?:from|import\()\s*'([^']+)'/g)].map(([, name]) => name ?? '');
    return { file, layer: file.split('/')[1] ?? '', text, imports };
  });

void test('layers import only what stands before them', () => {
  const wrong = sources.flatMap(({ file, layer, imports }) => {
    const allowed = ALLOWED[layer];
    if (allowed === undefined) return [];
    return imports
      .filter((name) => name.startsWith('.'))
      .map((name) => normalize(join(dirname(file), name)).split('/')[1] ?? '')
      .filter((other) => other !== layer && !allowed.includes(other))
      .map((other) => `${file} imports ${other}`);
  });
  assert.deepEqual(wrong, []);
});

void test('every folder of src is a layer with a rule', () => {
  const folders = new Set(sources.map(({ layer }) => layer).filter((layer) => !layer.endsWith('.ts')));
  assert.deepEqual(
    [...folders].filter((layer) => layer !== 'cli' && ALLOWED[layer] === undefined),
    [],
  );
});

void test('below the command line nothing reads argv, the environment or a terminal, or exits', () => {
  const wrong = sources
    .filter(({ layer }) => !MAY_TOUCH_PROCESS.includes(layer))
    .filter(({ text }) =>
      /process\.(?:argv|env|exit|exitCode|stdin|stdout|stderr)\b|console\./.test(withoutComments(text)),
    )
    .map(({ file }) => file);
  assert.deepEqual(wrong, []);
});

void test('colour is known in one file', () => {
  const wrong = sources
    .filter(
      ({ file, text }) =>
        !MAY_USE_COLOUR.includes(file) && /from 'chalk'/.test(text) && !/import type/.test(text),
    )
    .map(({ file }) => file);
  assert.deepEqual(wrong, []);
});

void test('no file has an exact subscription in it, but for the adapters of the demo and its Redis', () => {
  const wrong = sources
    .filter(({ layer }) => layer === 'capture' || layer === 'redis' || layer === 'cli')
    .filter(({ text }) => /'S?SUBSCRIBE'|\.s?subscribe\(/.test(withoutComments(text)))
    .filter(({ file }) => file !== 'src/capture/command.ts')
    .map(({ file }) => file);
  assert.deepEqual(wrong, []);
});

function withoutComments(text: string): string {
  return text.replace(/\/\*[^]*?\*\//g, '').replace(/\/\/.*$/gm, '');
}
