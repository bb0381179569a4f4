import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { encode } from '@msgpack/msgpack';
import { Redis } from 'ioredis';
import { quoteBytes } from '../../src/bytes/sds-repr.ts';
import { type PrivateRedis, startPrivateRedis } from '../../src/demo/private-redis.ts';
import { decodeCapture } from '../../src/index.ts';
import { sayClassic, writeRecording } from '../doctor/write-capture.ts';
import { runCli, startCli } from '../support/cli.ts';

const SECRET = 'hunter2-swordfish';

let directory = '';
let first: PrivateRedis;
let second: PrivateRedis;
let publisher: Redis;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sio-inspect-record-'));
  [first, second] = await Promise.all([startPrivateRedis(), startPrivateRedis()]);
  publisher = new Redis(first.url);
});

after(async () => {
  publisher.disconnect();
  await Promise.all([first.stop(), second.stop()]);
  await rm(directory, { recursive: true, force: true });
});

function broadcast(index: number): Buffer {
  const packet = { type: 2, data: ['login', { password: SECRET, index }], nsp: '/' };
  return Buffer.from(encode(['6n0BWC', packet, { rooms: [`room ${index % 3}`], flags: {} }]));
}

/** What is published while `record` runs: every message once, in order, and one that nobody can read. */
async function publishAll(): Promise<void> {
  for (let index = 0; index < 30; index++) {
    await publisher.publish('socket.io#/#', broadcast(index));
    await publisher.spublish(
      'socket.io#/#',
      JSON.stringify({
        uid: 'e622c0f939c3bb63',
        nsp: '/',
        type: 3,
        data: { opts: {}, packet: { type: 2, data: ['e', SECRET] } },
      }),
    );
    await publisher.xadd(
      'socket.io',
      '*',
      'uid',
      'e622c0f939c3bb63',
      'nsp',
      '/',
      'type',
      '3',
      'data',
      JSON.stringify({ opts: { rooms: [] }, packet: { type: 2, data: ['s', SECRET] } }),
    );
  }
  await publisher.publish('socket.io#/#', `not a message ${SECRET}`);
}

async function recordWhile(
  url: string,
  file: string,
  more: readonly string[],
  act: () => Promise<unknown>,
  count: number,
): Promise<void> {
  const running = startCli([
    'record',
    file,
    '--url',
    url,
    '--via',
    'monitor',
    '--count',
    String(count),
    ...more,
  ]);
  const end = running.finished();
  await running.until(/read-only/);
  const redis = new Redis(url);
  try {
    // MONITOR has begun when Redis lists it.
    while (!String(await redis.client('LIST')).includes('cmd=monitor')) await new Promise(setImmediate);
  } finally {
    redis.disconnect();
  }
  await act();
  const { code, stdout, stderr } = await end;
  assert.equal(code, 0, stderr);
  assert.equal(stdout, '');
}

interface Fields {
  readonly [name: string]: unknown;
}

function recordsIn(file: string): Fields[] {
  return decodeCapture(readFileSync(file)).map((record) => ({ ...record }));
}

/** Without what another time and another place must change. */
function timeless(record: Fields): Fields {
  const { seq, time, client, ...rest } = record;
  assert.ok(typeof seq === 'number' && typeof time === 'string' && typeof client === 'string');
  return { ...rest, node: undefined, entryId: undefined };
}

void test('what was recorded redacted and replayed elsewhere is the same but for time, and no secret is in the file', async () => {
  const [whole, safe, again] = ['whole.rec', 'safe.rec.gz', 'again.rec'].map((name) =>
    join(directory, name),
  ) as [string, string, string];
  await recordWhile(first.url, whole, [], publishAll, 91);
  await recordWhile(first.url, safe, ['--redact', 'args'], publishAll, 91);
  const plain = execFileSync('gzip', ['-dc', safe]);
  const unpacked = [...plain.toString('latin1').matchAll(/"p":"([^"]*)"/g)].map(([, text = '']) =>
    Buffer.from(text, 'base64'),
  );
  assert.equal(unpacked.length, 60);
  for (const bytes of [plain, ...unpacked]) assert.equal(bytes.includes('hunter2'), false);
  assert.match(plain.toString(), /^\{"sioInspectRecording":1,.*"redisVersion":"\d.*"redaction":\["args"\]/);
  assert.match(plain.toString(), /^\{"look":.*"groups":/m);
  assert.doesNotMatch(plain.toString(), /"clients"|"address"/, "who is connected is nobody else's business");
  assert.match(readFileSync(whole, 'utf8'), /^\{"look":.*"clients":/m);
  assert.equal(recordsIn(whole).filter(({ kind }) => kind === 'broadcast').length, 90);

  await recordWhile(
    second.url,
    again,
    [],
    async () => {
      const run = await runCli(['replay', safe, '--into', second.url, '--speed', 'max']);
      assert.equal(run.code, 0, run.stderr);
      assert.match(
        run.stderr,
        /90 published; not sent: 1 missing in the capture itself \(gaps, removed payloads\)/,
      );
    },
    90,
  );
  const messages = recordsIn(safe).filter(({ kind }) => kind === 'broadcast');
  assert.deepEqual(recordsIn(again).map(timeless), messages.map(timeless));
});

void test('monitor --record prints and records the same, and filters hold for both', async () => {
  const file = join(directory, 'both.rec');
  const running = startCli([
    'monitor',
    '--url',
    first.url,
    '--json',
    '--event',
    'wanted',
    '--count',
    '2',
    '--record',
    file,
  ]);
  const end = running.finished();
  let isDone = false;
  void end.then(() => {
    isDone = true;
  });
  while (!isDone)
    for (const event of ['wanted', 'other'])
      await publisher.publish(
        'socket.io#/#',
        Buffer.from(encode(['u', { type: 2, data: [event, 1], nsp: '/' }, {}])),
      );
  const { stdout } = await end;
  const printed = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Fields);
  const recorded = recordsIn(file);
  assert.equal(recorded.length, 2);
  const common = ({ time, event, args, channel, node }: Fields): unknown => ({
    time,
    event,
    args,
    channel,
    node,
  });
  assert.deepEqual(recorded.map(common), printed.map(common));
  assert.deepEqual(
    recorded.map(({ via, recordedVia }) => [via, recordedVia]),
    [
      ['recording', 'subscribe'],
      ['recording', 'subscribe'],
    ],
  );
});

void test('decode reads a recording as it reads the MONITOR text of the same commands', async () => {
  const text = Array.from(
    { length: 20 },
    (_, index) =>
      `1487000000.${String(index).padStart(6, '0')} [0 127.0.0.1:50550] "publish" "socket.io#/#" ${quoteBytes(broadcast(index))}\n`,
  ).join('');
  const { Recorder } = await import('../../src/recording/recorder.ts');
  const { captureInputSync } = await import('../../src/capture/capture-input.ts');
  const file = join(directory, 'text.rec');
  const recorder = await Recorder.open({ file, header: { tool: 'test', source: { via: ['text'] } } });
  for (const item of captureInputSync(Buffer.from(text))) recorder.add(item);
  await recorder.close();
  const packed = join(directory, 'text.rec.gz');
  await writeFile(packed, gzipSync(readFileSync(file)));
  const expected = await runCli(['decode', '--json'], { input: text });
  for (const name of [file, packed]) {
    const { stdout, stderr, code } = await runCli(['decode', '--json', name]);
    assert.equal(code, 0);
    assert.equal(stderr, '');
    assert.equal(
      stdout.replaceAll('"via":"recording","recordedVia":"monitor"', '"via":"monitor"'),
      expected.stdout,
    );
  }
});

void test('record answers what it cannot do with one message', async () => {
  const taken = join(directory, 'taken.rec');
  await writeFile(taken, 'precious');
  const cases: readonly (readonly [string[], RegExp])[] = [
    [['record', taken, '--url', first.url], /taken\.rec.*nothing is overwritten/],
    [['record', join(directory, 'no', 'a.rec'), '--url', first.url], /no such directory/],
    [['record', join(directory, 'x.rec'), '--redact', 'uid'], /--redact.*args\.0\.password/],
    [['monitor', '--no-args'], /--record FILE/],
    [['replay', taken], /--into/],
  ];
  for (const [args, expected] of cases) {
    const { code, stderr } = await runCli(args);
    assert.equal(code, 2, stderr);
    assert.match(stderr, expected);
  }
  assert.equal(readFileSync(taken, 'utf8'), 'precious');
});

void test('replay refuses a Redis in which servers of others live', async () => {
  const file = join(directory, 'foreign.rec');
  await writeFile(file, '{"sioInspectRecording":1}\n');
  const server = new Redis(second.url);
  await server.psubscribe('socket.io#/#*');
  await server.subscribe('socket.io-request#/#', 'socket.io-response#/#');
  const refused = await runCli(['replay', file, '--into', second.url]);
  assert.equal(refused.code, 3);
  assert.match(refused.stderr, /Somebody's Socket\.IO servers live in the Redis/);
  assert.equal((await runCli(['replay', file, '--into', second.url, '--force'])).code, 0);
  server.disconnect();
});

void test('replay publishes nothing where a server listens by pattern only, and says by which connection', async () => {
  const file = join(directory, 'pattern.rec');
  const payload = broadcast(0);
  await writeFile(
    file,
    `{"sioInspectRecording":1}\n{"origin":0,"via":"subscribe"}\n{"t":1,"o":0,"c":"PMESSAGE","ch":"socket.io#/#","n":${payload.length},"p":"${payload.toString('base64')}"}\n`,
  );
  const server = new Redis(second.url, { connectionName: 'old-server' });
  const heard: string[] = [];
  server.on('pmessage', (_pattern, channel: string) => heard.push(channel));
  await server.psubscribe('socket.io#/#*');
  const replay = ['replay', file, '--into', second.url, '--speed', 'max'];
  const refused = await runCli(replay);
  assert.equal(refused.code, 3, refused.stderr);
  assert.match(refused.stderr, /connection 127\.0\.0\.1:\d+ "old-server" {2}PSUBSCRIBE\n/);
  assert.deepEqual(heard, []);
  const forced = await runCli([...replay, '--force']);
  assert.match(forced.stderr, /1 published/);
  assert.deepEqual(heard, ['socket.io#/#']);
  server.disconnect();
});

void test('replay counts what it does not send by its reason, and sends all that it can when forced', async () => {
  const file = join(directory, 'odd.rec');
  const lines = [
    '{"sioInspectRecording":1}',
    '{"origin":0,"via":"subscribe"}',
    '{"t":1,"o":0,"c":"PMESSAGE","ch":"socket.io#/#","n":5,"p":"kwD/CiI="}',
    '{"t":2,"o":0,"c":"PUBLISH","ch":"socket.io-request#/#","n":5,"p":"kwD/CiI="}',
    '{"t":3,"o":0,"c":"PMESSAGE","ch":"socket.io#/#","removed":120}',
    '{"t":4,"o":0,"c":"PMESSAGE","ch":"news","n":5,"p":"kwD/CiI="}',
    '{"t":5,"o":0,"c":"SET","ch":"sio:session:a","n":5,"p":"kwD/CiI="}',
    '{"unframed":{"via":"subscribe","raw":"kwD/CiI=","code":"unframed","message":"x"}}',
    '{"other":[["GET",2]]}',
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  const server = new Redis(second.url, { connectionName: 'sio-inspect' });
  const heard: string[] = [];
  server.on('pmessageBuffer', (_pattern, channel: Buffer, payload: Buffer) =>
    heard.push(`${channel.toString()} ${payload.toString('base64')}`),
  );
  await server.psubscribe('*');
  const replay = ['replay', file, '--into', second.url, '--speed', 'max'];
  const rest =
    '1 that nobody publishes (subscriptions, sessions, payloads without a channel), 1 that could not be read, so that no command is known, 1 missing in the capture itself (gaps, removed payloads), 3 of no adapter.\n';
  const plain = await runCli(replay);
  assert.deepEqual(heard, []);
  assert.ok(
    plain.stderr.endsWith(`0 published; not sent: 2 that cannot be decoded (--force sends them), ${rest}`),
    plain.stderr,
  );
  const forced = await runCli([...replay, '--force']);
  assert.deepEqual(heard, ['socket.io#/# kwD/CiI=', 'socket.io-request#/# kwD/CiI=']);
  assert.ok(forced.stderr.endsWith(`2 published; not sent: ${rest}`), forced.stderr);
  server.disconnect();
});

void test('recordings are read in the order in which they were begun, whatever the shell makes of their names', async () => {
  const [early, late] = ['parts.rec', 'parts.rec.10'].map((name) => join(directory, name)) as [
    string,
    string,
  ];
  const say = (at: number): string =>
    writeRecording([sayClassic({ at, uid: 'aaaaaa', args: [at] })], [], {
      startedAt: new Date((1_795_390_000 + at) * 1000).toISOString(),
    });
  await writeFile(early, gzipSync(say(1)));
  await writeFile(late, say(2));
  const { stdout } = await runCli(['decode', '--json', late, early]);
  const args = stdout
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { args: unknown }).args);
  assert.deepEqual(args, [[1], [2]]);
});

void test('what only a part was recorded of says by which options', async () => {
  const file = join(directory, 'part.rec');
  await recordWhile(first.url, file, ['--event', 'login', '--not-kind', 'response'], publishAll, 30);
  const { stderr } = await runCli(['decode', file]);
  assert.match(stderr, /holds only what fits --event login --not-kind response/);
});
