import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { runCli } from '../support/cli.ts';

const WORDS =
  '"publish" "socket.io#/#" "\\x93\\xa66n0BWC\\x83\\xa4type\\x02\\xa4data\\x92\\xacchat message\\xacHello from A\\xa3nsp\\xa1/\\x83\\xa6except\\x91\\xb4S1H5pJcm8Kun5lOoAAAA\\xa5rooms\\xc4\\xa5flags\\x81\\xa9broadcast\\xc3"';
const LINE = `1487000000.123456 [0 127.0.0.1:50550] ${WORDS}`;
const HEX =
  '93a6366e3042574383a47479706502a46461746192ac63686174206d657373616765ac48656c6c6f2066726f6d2041a36e7370a12f83a665786365707491b453314835704a636d384b756e356c4f6f41414141a5726f6f6d73c4a5666c61677381a962726f616463617374c3';

interface Fields {
  readonly [name: string]: unknown;
}

let directory = '';

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sio-inspect-decode-'));
});

after(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function recordsOf(args: readonly string[], input = ''): Promise<Fields[]> {
  const run = await runCli(['decode', '--json', ...args], { input });
  return run.stdout
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Fields);
}

/** What the owner of the blog post wants to read, whichever way the line was pasted. */
function assertIsBlogMessage(record: Fields | undefined): void {
  assert.equal(record?.uid, '6n0BWC');
  assert.equal(record.event, 'chat message');
  assert.deepEqual(record.args, ['Hello from A']);
  assert.equal(record.nsp, '/');
  assert.deepEqual(record.except, ['S1H5pJcm8Kun5lOoAAAA']);
  assert.equal('rooms' in record, false);
  assert.deepEqual(record.flags, { broadcast: true });
  assert.equal(record.encoding, 'msgpack-js');
}

void test('decode reads the blog post as MONITOR text, as quoted words and as a hex dump', async () => {
  assertIsBlogMessage((await recordsOf([], `OK\n${LINE}\n`))[0]);
  assertIsBlogMessage((await recordsOf([], WORDS))[0]);
  assertIsBlogMessage((await recordsOf(['--channel', 'socket.io#/#'], HEX))[0]);
});

void test('decode numbers all files as one capture and keeps the time of MONITOR', async () => {
  const [a, b] = [join(directory, 'a.txt'), join(directory, 'b.txt')];
  await writeFile(a, `${LINE}\n1487000001.000001 [0 127.0.0.1:50550] "set" "x" "1"\n`);
  await writeFile(b, `${LINE}\n`);
  const records = await recordsOf([a, b]);
  assert.deepEqual(
    records.map(({ seq }) => seq),
    [1, 2],
  );
  assert.equal(records[0]?.time, '2017-02-13T15:33:20.123456Z');
  assert.equal(records[0].client, '127.0.0.1:50550');
});

void test('decode filters without renumbering', async () => {
  const join2 = LINE.replace('chat message', 'other event!');
  const records = await recordsOf(['--event', 'chat*'], `${join2}\n${LINE}\n`);
  assert.deepEqual(
    records.map(({ seq }) => seq),
    [2],
  );
});

void test('decode shows a single message as a card and several as lines', async () => {
  const card = await runCli(['decode'], { input: WORDS });
  assert.match(card.stdout, /^ {2}event +"chat message"$/m);
  const lines = await runCli(['decode'], { input: `${LINE}\n${LINE}\n` });
  assert.equal(lines.stdout.trimEnd().split('\n').length, 2);
  assert.match(lines.stdout, /→ all but 1 socket +chat message/);
});

void test('decode ends with 1 when something was not understood, and loses none of it', async () => {
  const run = await runCli(['decode', '--json', '--channel', 'socket.io#/#'], { input: '68656c6c6f\n' });
  assert.equal(run.code, 1);
  const record = JSON.parse(run.stdout) as Fields;
  assert.equal(record.kind, 'undecoded');
  assert.equal(record.raw, 'aGVsbG8=');
  assert.match(run.stderr, /1 of 1 not understood/);
});

void test('decode refuses a paste that has lost bytes, and says what to do instead', async () => {
  const run = await runCli(['decode', '--json'], { input: '<Buffer 93 a6 36 6e ... 206 more bytes>' });
  assert.equal(run.code, 1);
  assert.equal((JSON.parse(run.stdout) as { error: Fields }).error.code, 'lost-bytes');
});

void test('decode names the file that it cannot read, and ends with 2', async () => {
  const run = await runCli(['decode', join(directory, 'missing.txt')]);
  assert.equal(run.code, 2);
  assert.match(run.stderr, /missing\.txt: there is no such file/);
  assert.equal(run.stdout, '');
  assert.equal((await runCli(['decode', directory])).code, 2);
});

void test('decode names an unknown option and suggests the near one', async () => {
  const run = await runCli(['decode', '--jsn']);
  assert.equal(run.code, 2);
  assert.match(run.stderr, /unknown option '--jsn'[^]*--json/);
});

void test('an unknown command is answered with the near one', async () => {
  const run = await runCli(['monitr']);
  assert.equal(run.code, 2);
  assert.match(run.stderr, /no command "monitr"\. Did you mean "monitor"/);
});

void test('a reader that closes the pipe ends decode quietly with 0', async () => {
  const file = join(directory, 'many.txt');
  await writeFile(file, `${LINE}\n`.repeat(50_000));
  const script =
    'set -o pipefail; "$0" --import tsx src/cli/main.ts decode --json "$1" | head -1; echo "code ${PIPESTATUS[0]}"';
  const child = spawn('bash', ['-c', script, process.execPath, file]);
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => (out += String(chunk)));
  child.stderr.on('data', (chunk) => (err += String(chunk)));
  await new Promise((resolve) => child.on('close', resolve));
  assert.equal(out.split('\n').length, 3);
  assert.match(out, /code 0/);
  assert.equal(err, '');
});

void test('input without Socket.IO traffic is said to be so', async () => {
  const run = await runCli(['decode'], { input: '1487000000.123456 [0 127.0.0.1:1] "get" "x"\n' });
  assert.equal(run.code, 0);
  assert.match(run.stderr, /no Socket\.IO message.*GET/);
});

test('decode cuts lines to the width of a terminal, and leaves them whole in a pipe', async () => {
  const event = 'e'.repeat(150);
  const input = `1795376207.468501 [0 127.0.0.1:49376] "subscribe" "socket.io-request#/#" "socket.io#/#${event}#"\n`;
  const [cut, whole] = await Promise.all([
    runCli(['decode'], { input: input.repeat(2), env: { COLUMNS: '80' } }),
    runCli(['decode'], { input: input.repeat(2), env: { COLUMNS: undefined } }),
  ]);
  assert.match(cut.stdout, /… \+\d+ B/);
  assert.ok(whole.stdout.includes(event), whole.stdout);
});

void test('a file that cannot be read to its end ends with 2 and one message', async () => {
  const file = join(directory, 'junk.txt');
  await writeFile(file, Buffer.alloc(70 * 1024 * 1024, 'A'));
  const tooLong = /^sio-inspect: cannot read \S+junk\.txt: .*longer than the 64 MB .*\n$/;
  for (const [args, expected] of [
    [['decode', file], tooLong],
    [['explain', file], tooLong],
    [['doctor', file], tooLong],
    // Linux answers EIO for its first page.
    [
      ['decode', '/proc/self/mem'],
      /^sio-inspect: cannot read \/proc\/self\/mem: the system refuses it \(EIO\)\.\n$/,
    ],
  ] as const) {
    const { code, stdout, stderr } = await runCli(args);
    assert.deepEqual([code, stdout], [2, ''], stderr);
    assert.match(stderr, expected);
  }
});

void test('decode says of a recording with nothing but a header that it holds no message, not that it is empty', async () => {
  const { Recorder } = await import('../../src/recording/recorder.ts');
  const [bare, empty] = [join(directory, 'bare.rec'), join(directory, 'empty.rec')];
  const recorder = await Recorder.open({ file: bare, header: { tool: 'test', source: { via: ['text'] } } });
  await recorder.close();
  await writeFile(empty, '');
  assert.match(
    (await runCli(['decode', bare])).stderr,
    /no Socket\.IO message in \S+bare\.rec\.\s+It\s+holds\s+no\s+message\./,
  );
  assert.match(
    (await runCli(['decode', empty])).stderr,
    /no Socket\.IO message in \S+empty\.rec\.\s+It\s+is\s+empty\./,
  );
});
