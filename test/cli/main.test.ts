import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { commands } from '../../src/cli/commands/index.ts';
import { textWidth } from '../../src/render/text-width.ts';
import { runCli } from '../support/cli.ts';

void test('--version prints the version of the package', async () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  for (const option of ['--version', '-V']) {
    const run = await runCli([option]);
    assert.equal(run.stdout, `${version}\n`);
    assert.equal(run.code, 0);
  }
});

void test('--help lists every command, also when nothing is asked', async () => {
  const help = await runCli(['--help']);
  assert.equal(help.code, 0);
  for (const { name } of commands) assert.match(help.stdout, new RegExp(`^ {2}${name} `, 'm'));
  assert.equal((await runCli([])).stdout, help.stdout);
});

void test('every command explains itself with examples, by --help and by help', async () => {
  for (const { name } of commands) {
    const run = await runCli([name, '--help']);
    assert.equal(run.code, 0, run.stderr);
    assert.match(run.stdout, new RegExp(`^Usage: sio-inspect ${name}`));
    assert.match(run.stdout, /Examples:/);
  }
  assert.equal((await runCli(['help', 'decode'])).stdout, (await runCli(['decode', '--help'])).stdout);
});

void test('help fits a terminal of 80 columns, broken between words', async () => {
  const calls = [['--help'], ...commands.map(({ name }) => [name, '--help'])];
  const [whole, ...rest] = await Promise.all(calls.map((args) => runCli(args, { env: { COLUMNS: '80' } })));
  assert.ok(whole);
  for (const { stdout } of [whole, ...rest])
    assert.deepEqual(
      stdout.split('\n').filter((line) => textWidth(line) > 80),
      [],
    );
  assert.match(
    rest.map(({ stdout }) => stdout).join(''),
    /whether the servers count each other right\. Only/,
  );
  assert.match(whole.stdout, /On call: +npx sio-inspect doctor/);
});

void test('a time longer than a timer can wait is refused, and not over at once', async () => {
  for (const [args, option] of [
    [['monitor', '--for', '577h'], '--for'],
    [['record', 'x.rec', '--rotate-time', '1000h'], '--rotate-time'],
  ] as const) {
    const { code, stderr } = await runCli(args);
    assert.equal(code, 2);
    assert.match(stderr, new RegExp(`^sio-inspect: option '${option} <time>' .* 24 days \\(576h\\) at most`));
  }
});
