import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode } from '@msgpack/msgpack';
import type { Frame } from '../../src/model/frame.ts';
import type { Observed } from '../../src/model/observed.ts';
import { PrettyLines } from '../../src/render/pretty.ts';
import { createTheme } from '../../src/render/theme.ts';
import { textWidth } from '../../src/render/text-width.ts';
import { Inspector } from '../../src/session/inspector.ts';

const NOON = Date.UTC(2026, 10, 22, 12, 4, 31, 482) * 1000;

function observe(channel: string, payload: unknown, more: Partial<Frame> = {}): Observed {
  const bytes =
    payload instanceof Uint8Array
      ? payload
      : typeof payload === 'string'
        ? Buffer.from(payload)
        : encode(payload);
  const frame: Frame = {
    via: 'subscribe',
    time: NOON,
    command: 'PMESSAGE',
    channel: Buffer.from(channel),
    payload: bytes,
    ...more,
  };
  const observed = new Inspector().observe({ is: 'frame', frame });
  assert.ok(observed);
  return observed;
}

function lines(columns = 120, full = false): PrettyLines {
  return new PrettyLines({ theme: createTheme(0), columns, full, utc: true });
}

function broadcast(event: string, args: unknown[], opts: object, nsp = '/'): Observed {
  return observe(`socket.io#${nsp}#`, [
    '6n0BWC',
    { type: 2, data: [event, ...args], nsp },
    { rooms: [], except: [], flags: {}, ...opts },
  ]);
}

void test('a broadcast says when, who, to whom, what, and how large', () => {
  const line = lines().write(
    broadcast('chat message', ['Hello from A'], { except: ['S1H5pJcm8Kun5lOoAAAA'] }),
  );
  assert.match(line, /^12:04:31\.482 {2}6n0BWC +→ all but 1 socket +chat message {2}"Hello from A" +\d+ B$/);
});

void test('the target is said in words', () => {
  const target = (opts: object, nsp?: string): string =>
    / → (.*?) {2,}e/.exec(
      ` ${lines()
        .write(broadcast('e', [], opts, nsp))
        .slice(23)}`,
    )?.[1] ?? '';
  assert.equal(target({}), 'everyone');
  assert.equal(target({}, '/admin'), 'all of /admin');
  assert.equal(target({ rooms: ['user:42'] }), 'room user:42');
  assert.equal(target({ rooms: ['S1H5pJcm8Kun5lOoAAAA'] }), 'socket S1H5pJcm8Kun5lOoAAAA');
  assert.equal(target({ rooms: ['a', 'b', 'c', 'd'] }), 'rooms a, b, c and 1 more');
  assert.equal(target({ rooms: ['a'], except: ['b'] }), 'room a but b');
});

void test('values are shown as in JavaScript, binary by its size, secrets not at all', () => {
  const line = lines(200).write(
    broadcast(
      'e',
      [{ id: 42, 'odd key': [true, null] }, Buffer.alloc(2000), { auth: { token: 'secret' } }],
      {},
    ),
  );
  assert.match(line, /\{id: 42, "odd key": \[true, null\]\}, <2\.0 kB binary>, \{auth: <hidden>\}/);
  assert.doesNotMatch(line, /secret/);
});

void test('flags stand behind the values', () => {
  assert.match(
    lines().write(broadcast('e', [1], { flags: { volatile: true, timeout: 500 } })),
    /1 {2}volatile timeout: 500/,
  );
});

void test('no line exceeds the terminal, and what is cut is counted', () => {
  for (const columns of [60, 80, 120]) {
    for (const text of ['x'.repeat(500), '价格'.repeat(200), 'e\u0301'.repeat(300)]) {
      const written = lines(columns).write(
        broadcast('chat message', [text, { nested: [text] }], { flags: { volatile: true } }),
      );
      for (const line of written.split('\n'))
        assert.ok(textWidth(line) <= columns, `${textWidth(line)} > ${columns}: ${line}`);
      assert.match(written, /… \+[\d.]+ k?B/);
    }
  }
});

void test('with full nothing is cut', () => {
  assert.match(lines(60, true).write(broadcast('e', ['x'.repeat(500)], {})), /"x{500}"/);
});

void test('requests say what they ask, replies what they bring', () => {
  const ask = observe(
    'socket.io-request#/#',
    '{"uid":"P_5jgi","requestId":"YjT7ul","type":5,"opts":{"rooms":[],"except":[]}}',
  );
  assert.match(lines().write(ask), /P_5jgi +\? REMOTE_FETCH YjT7ul +who is in \//);
  const reply = observe('socket.io-response#/#', '{"requestId":"YjT7ul","sockets":[{"id":"a"},{"id":"b"}]}');
  assert.match(lines().write(reply), /✓ REMOTE_FETCH YjT7ul +2 sockets/);
});

void test('what cannot be decoded says why, and shows its bytes', () => {
  assert.match(
    lines(200).write(observe('socket.io#/#', 'hello')),
    /✗ not decodable on socket\.io#\/#: .*68 65 6c 6c 6f +5 B$/,
  );
});

void test('a gap says how much is missing, for how long and why', () => {
  const gap: Observed = {
    is: 'gap',
    seq: 1,
    gap: { via: 'subscribe', reason: 'disconnected', from: NOON, to: NOON + 1_500_000, missed: 3 },
  };
  assert.match(lines().write(gap), /⚠ gap: 3 messages missed in 1\.5 s \(disconnected\)/);
});

void test('findings stand below the line', () => {
  const [, finding] = lines()
    .write(broadcast('e', [], { rooms: [7] }))
    .split('\n');
  assert.match(finding ?? '', /^ {4}! "rooms" holds the number 7/);
});

void test('names of a payload cannot steer the terminal', () => {
  const written = lines(200).write(broadcast('\u001b[31mred', ['\u202eevil\u0007'], { rooms: ['a\nb'] }));
  assert.doesNotMatch(written, /[\u0000-\u001f\u202e]/u);
});

test('PrettyLines counts all bytes of a huge value as cut, and writes all of it when told to', () => {
  const huge = broadcast('big', ['A'.repeat(3_000_000), 'B'.repeat(2_000_000)], {});
  assert.match(lines(100).write(huge), /"A+… \+5\.0 MB {2}5\.0 MB$/);
  const whole = lines(100, true).write(huge);
  assert.ok(whole.includes(`"${'A'.repeat(3_000_000)}", "${'B'.repeat(2_000_000)}"`));
});
