import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { rules } from '../../src/doctor/rules/index.ts';
import { diagnoseCapture } from '../../src/session/diagnose-capture.ts';
import type { OfflineInput } from '../../src/session/offline.ts';
import {
  examineText,
  type Line,
  namesOf,
  sayClassic,
  saySharded,
  subscribeClassic,
  whyUnchecked,
  writeMonitor,
} from './write-capture.ts';

const SHARDED = '0123456789abcdef';

/** Numbers from 1 on. */
function upTo(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

async function check(rule: string, lines: readonly Line[], isFound: boolean): Promise<void> {
  const report = await examineText(writeMonitor(lines), rule);
  assert.deepEqual(namesOf(report), isFound ? [rule] : []);
  assert.equal(whyUnchecked(report, rule), undefined, 'it was checked');
}

describe('cross-talk', () => {
  const production = upTo(3).map((at) => sayClassic({ at, uid: 'aaaaaa' }));
  const staging = (db: number, uid = 'bbbbbb') =>
    upTo(3).map((at) => sayClassic({ at: at + 0.5, uid, db, event: 'test' }));

  test('is found where servers of one key have different databases', () =>
    check('cross-talk', [...production, ...staging(1)], true));

  test('is not found with one database, or where keys differ', async () => {
    await check('cross-talk', [...production, ...staging(0)], false);
    const apart = upTo(3).map((at) => sayClassic({ at, uid: 'bbbbbb', db: 1, key: 'staging' }));
    await check('cross-talk', [...production, ...apart], false);
  });

  test('is not found where an emitter, or a connection that changes its database, has another one', async () => {
    await check('cross-talk', [...production, ...staging(1, 'emitter')], false);
    const roaming = [sayClassic({ at: 0, uid: 'bbbbbb', db: 0 }), ...staging(1)];
    await check('cross-talk', [...production, ...roaming], false);
  });

  test('is not found by a single message', () =>
    check('cross-talk', [...production, ...staging(1).slice(0, 1)], false));

  test('is less sure where both sides send the same events', async () => {
    const same = upTo(3).map((at) => sayClassic({ at: at + 0.5, uid: 'bbbbbb', db: 1 }));
    const [apart, alike] = await Promise.all(
      [staging(1), same].map((other) => examineText(writeMonitor([...production, ...other]), 'cross-talk')),
    );
    assert.deepEqual([apart?.cases[0]?.sure, alike?.cases[0]?.sure], ['sure', 'likely']);
  });

  test('is not checked where nobody sees the databases', async () => {
    const text = '"pmessage","*","socket.io#/#","hello"\n';
    const report = await examineText(
      `"psubscribe","*",1\n${text}`,
      'cross-talk',
      'subscription-churn',
      'private-room-lost',
    );
    for (const rule of ['cross-talk', 'subscription-churn', 'private-room-lost'])
      assert.equal(whyUnchecked(report, rule), 'needs a capture by MONITOR');
  });
});

describe('rules about unanswered requests', () => {
  const request = (at: number, uid: string): Line => ({
    at,
    words: ['publish', 'socket.io-request#/#', JSON.stringify({ uid, requestId: `r${at}`, type: 5 })],
  });
  const answer = (at: number, uid: string): Line => ({
    at: at + 0.001,
    words: ['publish', `socket.io-response#/#${uid}#`, JSON.stringify({ requestId: `r${at}`, sockets: [] })],
  });
  const asked = upTo(4).flatMap((at) => {
    const uid = at % 2 === 0 ? 'aaaaaa' : 'bbbbbb';
    return [request(at * 10, uid), answer(at * 10, uid)];
  });

  test('timeout-silent-server is not said to hold where a third server may have been silent from the start', async () => {
    const report = await examineText(writeMonitor(asked), 'timeout-silent-server', 'half-open-connection');
    assert.match(
      whyUnchecked(report, 'timeout-silent-server') ?? '',
      /how many servers there are: --expect N/,
    );
    assert.equal(whyUnchecked(report, 'half-open-connection'), undefined, 'a server that speaks was heard');
  });

  test('none is said to hold where nobody has asked', async () => {
    const rules = ['timeout-silent-server', 'half-open-connection', 'late-reply', 'handler-missing'];
    const said = upTo(3).map((at) => sayClassic({ at, uid: 'aaaaaa' }));
    const report = await examineText(writeMonitor(said), ...rules);
    for (const rule of rules) assert.match(whyUnchecked(report, rule) ?? '', /no request .* was seen/, rule);
  });

  test('deaf-requester is not said to hold by MONITOR text: only Redis tells who is subscribed', async () => {
    const report = await examineText(writeMonitor(asked), 'deaf-requester');
    assert.match(whyUnchecked(report, 'deaf-requester') ?? '', /^needs a live Redis, or a recording/);
  });
});

test('a line that our own ending cuts off is not called unreadable', async () => {
  const text = writeMonitor(upTo(3).map((at) => sayClassic({ at, uid: 'aaaaaa' })));
  const enough = new AbortController();
  async function* chunks(): AsyncIterable<Buffer> {
    yield await Promise.resolve(Buffer.from(text.slice(0, -40)));
    enough.abort();
  }
  async function* inputs(): AsyncIterable<OfflineInput> {
    yield await Promise.resolve({ name: 'capture.txt', chunks: chunks() });
  }
  const report = await diagnoseCapture(inputs(), { rules, enough: enough.signal });
  assert.deepEqual([report.messages, report.unread, report.gaps], [2, 0, 0]);
  assert.deepEqual(report.notes, ['Interrupted: it was not read to its end.']);
});

describe('double-emit', () => {
  const emits = (rooms: readonly string[]): readonly Line[] =>
    upTo(4).flatMap((at) => ['aaaaaa', 'bbbbbb'].map((uid) => sayClassic({ at, uid, args: [at], rooms })));

  test('says to whom it goes: to everybody, or to the clients of the same rooms only', async () => {
    const [all, rooms] = await Promise.all(
      [emits([]), emits(['vip'])].map((lines) => examineText(writeMonitor(lines), 'double-emit')),
    );
    assert.match(all?.cases[0]?.sentence ?? '', /the same "news" to everybody within/);
    assert.match(rooms?.cases[0]?.sentence ?? '', /the same "news" to the same rooms within/);
  });
});

describe('subscription-churn', () => {
  const pass = (command: string, room: number, at: number): Line => ({
    at,
    words: [command, `socket.io#/#call ${room}#`],
  });
  const lives = upTo(30).flatMap((room) => [
    pass('ssubscribe', room, room / 10),
    pass('sunsubscribe', room, room / 10 + 0.05),
  ]);

  test('is found where rooms come and go', () => check('subscription-churn', lives, true));

  test('is not found where a server starts and subscribes to many rooms', () =>
    check(
      'subscription-churn',
      upTo(300).map((room) => pass('ssubscribe', room, room / 1000)),
      false,
    ));

  test('is not found where more is said than subscribed', () =>
    check(
      'subscription-churn',
      [...lives, ...upTo(61).map((number) => saySharded({ at: number / 20, uid: SHARDED }))],
      false,
    ));

  test('is not found where it takes its time', () =>
    check(
      'subscription-churn',
      lives.map((line) => ({ ...line, at: line.at * 10 })),
      false,
    ));

  test("is not found where servers' own channels come and go", () =>
    check(
      'subscription-churn',
      upTo(30).flatMap((number) => {
        const channel = `socket.io#/#${number.toString(16).padStart(16, '0')}#`;
        return [
          { at: number / 10, words: ['ssubscribe', channel] },
          { at: number / 10 + 0.05, words: ['sunsubscribe', channel] },
        ];
      }),
      false,
    ));
});

describe('reply-fanout', () => {
  const uids = (count: number) => upTo(count).map((number) => `server${number}`.slice(-6));
  const capture = (servers: number, { own = false, type = 8, seconds = 1 } = {}): readonly Line[] => [
    ...uids(servers).flatMap((uid) => subscribeClassic(uid, `10.0.0.1:${uid}`)),
    ...upTo(100).map((number): Line => {
      const body = { type, requestId: `request${number}`, clientCount: 0 };
      return {
        at: (number / 100) * seconds,
        words: ['publish', `socket.io-response#/#${own ? 'asking#' : ''}`, JSON.stringify(body)],
      };
    }),
  ];

  test('is found where all of many servers get each answer', () => check('reply-fanout', capture(8), true));

  test('is not found with a few servers, with seldom answers, or where answers go to the one who asked', async () => {
    await check('reply-fanout', capture(4), false);
    await check('reply-fanout', capture(8, { seconds: 60 }), false);
    await check('reply-fanout', capture(8, { own: true }), false);
  });

  test('is not found by answers to serverSideEmit(), which go to all in any case', () =>
    check('reply-fanout', capture(8, { type: 6 }), false));
});

describe('private-room-lost', () => {
  const servers: readonly Line[] = [
    { at: 0, words: ['ssubscribe', 'socket.io#/#'] },
    { at: 0, words: ['ssubscribe', `socket.io#/#${SHARDED}#`] },
  ];
  const sid = (letter: string): string => `${letter.repeat(16)}AAAB`;
  const say = (room: string, at: number) => saySharded({ at, uid: SHARDED, rooms: [room] });

  test('is found where nobody has subscribed to the channel of a socket', () =>
    check('private-room-lost', [...servers, ...upTo(3).map((at) => say(sid('x'), at))], true));

  test('is not found where a server listens, even after the socket has left', async () => {
    const join: Line = { at: 0.5, words: ['ssubscribe', `socket.io#/#${sid('x')}#`] };
    const leave: Line = { ...join, at: 2.5, words: ['sunsubscribe', `socket.io#/#${sid('x')}#`] };
    const said = upTo(6).map((at) => say(sid('x'), at));
    await check('private-room-lost', [...servers, join, ...said], false);
    await check('private-room-lost', [...servers, join, leave, ...said], false);
  });

  test('is not found where a few of many sockets have left before anything was seen', async () => {
    const joined = upTo(6).map((at): Line => ({
      at: 0.1,
      words: ['ssubscribe', `socket.io#/#${sid(`${at}`)}#`],
    }));
    const said = upTo(6).map((at) => say(sid(`${at}`), at));
    const stale = upTo(3).map((at) => say(sid('x'), at));
    await check('private-room-lost', [...servers, ...joined, ...said, ...stale], false);
  });

  test('is not found by rooms that are no sockets', () =>
    check('private-room-lost', [...servers, ...upTo(5).map((at) => say('conversation-1234567', at))], false));

  test('is not checked where servers subscribed before the capture began', async () => {
    const report = await examineText(
      writeMonitor(upTo(3).map((at) => say(sid('x'), at))),
      'private-room-lost',
    );
    assert.deepEqual(namesOf(report), []);
    assert.match(whyUnchecked(report, 'private-room-lost') ?? '', /needs to know who is subscribed/);
  });
});
