import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { sayClassic, writeRecording } from '../doctor/write-capture.ts';
import { runCli } from '../support/cli.ts';

const CLASSIC = fileURLToPath(
  new URL('../../fixtures/classic/redis-adapter-8.3/input.monitor', import.meta.url),
);
const SHARDED = fileURLToPath(
  new URL('../../fixtures/sharded/redis-adapter-8.3-dynamic/input.monitor', import.meta.url),
);

/** A request to two others of whom one answers, and a message after the time is over. */
const SHORT = [
  `1795376000.000000 [0 127.0.0.1:1001] "PUBLISH" "socket.io-request#/#" "{\\"uid\\":\\"AAAAAA\\",\\"requestId\\":\\"q1\\",\\"type\\":5,\\"opts\\":{\\"rooms\\":[],\\"except\\":[]}}"`,
  `1795376000.002000 [0 127.0.0.1:1002] "PUBLISH" "socket.io-response#/#" "{\\"requestId\\":\\"q1\\",\\"sockets\\":[]}"`,
  `1795376000.004000 [0 127.0.0.1:1003] "PUBLISH" "socket.io-request#/#" "{\\"uid\\":\\"CCCCCC\\",\\"type\\":4,\\"opts\\":{\\"rooms\\":[\\"vip\\"],\\"except\\":[]},\\"close\\":true}"`,
  `1795376006.000000 [0 127.0.0.1:1003] "PUBLISH" "socket.io-request#/#" "{\\"uid\\":\\"CCCCCC\\",\\"type\\":2,\\"opts\\":{\\"rooms\\":[],\\"except\\":[]},\\"rooms\\":[\\"vip\\"]}"`,
].join('\n');

void test('follow ID shows the request, each reply with its latency and sender, and the verdict', async () => {
  const { code, stdout } = await runCli(['follow', '--utc', 'dCZ787', CLASSIC]);
  assert.equal(code, 0);
  const lines = stdout.trimEnd().split('\n');
  assert.equal(lines.length, 4, stdout);
  assert.match(lines[0] ?? '', /roTAVo {2,}\? SERVER_SIDE_EMIT dCZ787/);
  assert.match(lines[1] ?? '', /✓ SERVER_SIDE_EMIT dCZ787/);
  assert.match(lines[2] ?? '', /\+0\.5 ms from 127\.0\.0\.1:43156/);
  assert.match(
    lines[3] ?? '',
    /✓ SERVER_SIDE_EMIT dCZ787 complete as far as is known: 1 server answered, slowest 0\.5 ms/,
  );
});

void test('follow --event with --json writes the records and a line for the thread', async () => {
  const { stdout } = await runCli(['follow', '--json', '--event', 'needack', SHARDED]);
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const threads = lines.filter((line) => 'thread' in line);
  assert.ok(threads.length >= 2, stdout);
  for (const thread of threads) {
    const [count] = thread['clientCounts'] as {
      uid: string;
      clients: number;
      latencyMicros: number;
      seq: number;
    }[];
    assert.equal(count?.uid, 'e622c0f939c3bb63');
    assert.equal(count.clients, 1);
    assert.ok(count.latencyMicros > 0 && count.latencyMicros < 20_000);
    assert.ok(lines.some((line) => line['seq'] === count.seq && line['type'] === 'BROADCAST_CLIENT_COUNT'));
    assert.ok(lines.some((line) => line['seq'] === thread['request'] && line['event'] === 'needack'));
  }
});

void test('follow says who is missing once the time is over', async () => {
  const { stdout, code } = await runCli(['follow', 'q1', '-'], { input: SHORT });
  assert.equal(code, 0);
  assert.match(
    stdout,
    /✗ REMOTE_FETCH q1 timed out after 5000 ms: 1 server answered, slowest 2\.0 ms; missing: CCCCCC \(127\.0\.0\.1:1003\); how many there are was only heard, not counted/,
  );
});

void test('follow judges a recording by what Redis said when it was recorded', async () => {
  const request = JSON.stringify({ uid: 'aaaaaa', requestId: 'q1', type: 5 });
  const answer = JSON.stringify({ requestId: 'q1', sockets: [] });
  const lines = [
    { at: 1, client: '10.0.0.1:1', words: ['publish', 'socket.io-request#/#', request] },
    { at: 1.002, client: '10.0.0.2:1', words: ['publish', 'socket.io-response#/#aaaaaa#', answer] },
  ];
  const uids = ['aaaaaa', 'bbbbbb', 'cccccc'];
  const follow = (count: number) =>
    runCli(['follow', 'q1', '-'], { input: writeRecording(lines, [{ at: 0, uids: uids.slice(0, count) }]) });
  assert.match((await follow(2)).stdout, /✓ REMOTE_FETCH q1 complete: 1 of 1 server answered/);
  assert.match((await follow(3)).stdout, /REMOTE_FETCH q1 .*1 of 2 servers answered/);
});

void test('follow accuses no server of what a subscriber that is none leaves open', async () => {
  const request = JSON.stringify({ uid: 'aaaaaa', requestId: 'q1', type: 5 });
  const answer = JSON.stringify({ requestId: 'q1', sockets: [] });
  const [first, ...rest] = ['10.0.0.2:1', '10.0.0.3:1', '10.0.0.4:1'].map((client, index) => ({
    at: 2.002 + index / 1000,
    client,
    words: ['publish', 'socket.io-response#/#aaaaaa#', answer],
  }));
  assert.ok(first !== undefined);
  const asked = { at: 2, client: '10.0.0.1:1', words: ['publish', 'socket.io-request#/#', request] };
  const after = sayClassic({ at: 8, uid: 'aaaaaa', client: '10.0.0.1:1' });
  const looks = [{ at: 0, uids: ['aaaaaa', 'bbbbbb', 'cccccc', 'dddddd'], counted: 5 }];
  const all = writeRecording([asked, first, ...rest, after], looks);
  const { stdout } = await runCli(['follow', 'q1', '-'], { input: all });
  assert.match(
    stdout,
    /✗ REMOTE_FETCH q1 timed out after 5000 ms: 3 of 3 servers answered, slowest 4\.0 ms; missing: 1 subscriber that is counted and is no server$/m,
  );
  const json = await runCli(['follow', '--json', 'q1', '-'], { input: all });
  const thread = JSON.parse(json.stdout.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>;
  assert.equal(thread['expected'], 4);
  assert.deepEqual(thread['missing'], { servers: 1, who: [], notServers: 1 });
  const short = await runCli(['follow', 'q1', '-'], {
    input: writeRecording([asked, first, after], looks),
  });
  assert.match(
    short.stdout,
    /: 1 of 3 servers answered, slowest 2\.0 ms; missing: 2 servers, among bbbbbb, cccccc, dddddd \(their replies do not say who sent them\), and 1 subscriber that is counted and is no server$/m,
  );
  const unlisted = sayClassic({ at: 1, uid: 'eeeeee', client: '10.0.0.5:1' });
  const unsure = await runCli(['follow', 'q1', '-'], {
    input: writeRecording([unlisted, asked, first, ...rest, after], looks),
  });
  assert.match(
    unsure.stdout,
    /: 3 of 4 servers answered, slowest 4\.0 ms; missing: 1 subscriber that is counted and that nothing names$/m,
  );
});

void test('follow --room finds what goes to a room and who joins it', async () => {
  const { stdout } = await runCli(['follow', '--json', '--room', 'vip', '-'], { input: SHORT });
  assert.deepEqual(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { type: string }).type),
    ['REMOTE_DISCONNECT', 'REMOTE_JOIN'],
  );
});

void test('follow --sid shows the whole thread when only a reply names the socket', async () => {
  const { stdout } = await runCli(['follow', '--json', '--sid', 'gKIpchrKTokbI8nzAAAB', SHARDED]);
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { kind?: string; type: string; requestId?: string });
  const response = lines.find(({ type }) => type === 'FETCH_SOCKETS_RESPONSE');
  assert.ok(response, stdout);
  assert.ok(lines.some(({ kind, requestId }) => kind === 'request' && requestId === response.requestId));
});

void test('follow wants to know what, and says when nothing of it was seen', async () => {
  const usage = await runCli(['follow']);
  assert.equal(usage.code, 2);
  assert.match(usage.stderr, /say what to follow/);
  const nothing = await runCli(['follow', 'zzzz', CLASSIC]);
  assert.equal(nothing.code, 0);
  assert.equal(nothing.stdout, '');
  assert.match(nothing.stderr, /nothing of it was seen/);
});

void test('follow asks for the request where a file is all that it is given', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sio-inspect-follow-'));
  try {
    const file = join(directory, 'bug.rec');
    await writeFile(file, SHORT);
    const { code, stdout, stderr } = await runCli(['follow', file]);
    assert.equal(code, 2);
    assert.equal(stdout, '');
    assert.equal(
      stderr.replaceAll(/\s+/g, ' '),
      `sio-inspect: ${file} is a file: say which request to follow in it, or --uid, --room, --sid or --event. `,
    );
    const named = await runCli(['follow', '--uid', 'CCCCCC', file]);
    assert.equal(named.code, 0, named.stderr);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
