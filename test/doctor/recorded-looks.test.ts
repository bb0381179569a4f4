import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  examineText,
  examineTogether,
  type Line,
  namesOf,
  sayClassic,
  type Seen,
  whyUnchecked,
  writeRecording,
} from './write-capture.ts';

const THREE = ['aaaaaa', 'bbbbbb', 'cccccc'];

/** fetchSockets() at these seconds, answered by so many others from their own addresses. */
function ask(answers: number, ...seconds: readonly number[]): readonly Line[] {
  return seconds.flatMap((at): Line[] => {
    const requestId = `r${at}`;
    const request = JSON.stringify({ uid: 'aaaaaa', requestId, type: 5 });
    const answer = JSON.stringify({ requestId, sockets: [] });
    const replies = Array.from({ length: answers }, (_, index): Line => ({
      at: at + 0.01 * (index + 1),
      client: `10.0.0.${index + 2}:1`,
      words: ['publish', 'socket.io-response#/#aaaaaa#', answer],
    }));
    return [{ at, client: '10.0.0.1:1', words: ['publish', 'socket.io-request#/#', request] }, ...replies];
  });
}

/** Somebody goes on speaking, so that the capture has an end that is late enough. */
const ending = (at: number): Line => sayClassic({ at, uid: 'aaaaaa', client: '10.0.0.1:1' });
const every = (seconds: readonly number[], uids: readonly string[] = THREE): readonly Seen[] =>
  seconds.map((at) => ({ at, uids }));

describe('a silent server in a recording', () => {
  const examine = (lines: readonly Line[], looks: readonly Seen[]) =>
    examineText(writeRecording(lines, looks), 'timeout-silent-server');

  test('is found by the looks that the recording holds', async () => {
    const report = await examine([...ask(1, 1, 2, 3), ending(6)], every([0, 3.5, 7]));
    assert.deepEqual(namesOf(report), ['timeout-silent-server']);
    assert.match(report.cases[0]?.sentence ?? '', /^1 of 3 servers does not answer/);
    assert.match(report.notes.join(), /What Redis said is as it was recorded, until .*: look again before/);
  });

  test('is not found where each look finds others: nobody knows who was asked', async () => {
    const looks = [0, 2, 4, 6, 8].map((at) => ({ at, uids: ['aaaaaa', 'bbbbbb', `c${at}cccc`] }));
    const report = await examine([...ask(1, 1, 2.5, 3, 5), ending(9)], looks);
    assert.deepEqual(namesOf(report), []);
    assert.match(whyUnchecked(report, 'timeout-silent-server') ?? '', /servers came or went/);
  });

  test('is not found by what was asked before somebody left', async () => {
    const looks = [...every([0, 4], [...THREE, 'dddddd']), ...every([6, 9])];
    const report = await examine([...ask(2, 1, 2, 5, 6.5, 7), ending(10)], looks);
    assert.deepEqual(namesOf(report), []);
    assert.equal(whyUnchecked(report, 'timeout-silent-server'), undefined, 'what came later was judged');
  });

  test('is found by what was asked since the deploy', async () => {
    const looks = [...every([0, 4], ['aaaaaa', 'oldold', 'older1']), ...every([6, 9])];
    const report = await examine([...ask(2, 1, 2), ...ask(1, 6.5, 7), ending(10)], looks);
    assert.deepEqual(namesOf(report), ['timeout-silent-server']);
    assert.match(report.cases[0]?.seen.join() ?? '', /2 of 2 requests/);
  });

  test('is not found by what came after the last look: the recorder was killed, and so may servers have been', async () => {
    const report = await examine([...ask(2, 1, 2), ...ask(1, 6, 7), ending(10)], every([0, 3, 5]));
    assert.deepEqual(namesOf(report), []);
  });

  test('is not found by the count of a subscriber that came for a moment', async () => {
    const looks = [{ at: 0, uids: THREE }, { at: 2.5, uids: THREE, counted: 4 }, ...every([3.5, 8])];
    const report = await examine([...ask(2, 1, 2, 3, 4, 5), ending(9)], looks);
    assert.deepEqual(namesOf(report), []);
  });
});

test('rules that need two looks are not said to hold by one, or by two within a second', async () => {
  for (const looks of [every([1]), every([1, 1.4])]) {
    const report = await examineText(writeRecording([ending(2)], looks), 'phantom-subscriber');
    assert.match(whyUnchecked(report, 'phantom-subscriber') ?? '', /needs a longer recording/);
  }
});

test('a phantom subscriber that has come during the recording and stayed is found, one that has gone is not', async () => {
  const from = (first: number, last: number): readonly Seen[] =>
    Array.from({ length: 13 }, (_, index) => index * 10).map((at) => ({
      at,
      uids: THREE,
      counted: at >= first && at <= last ? 4 : 3,
    }));
  const found = async (looks: readonly Seen[]) =>
    namesOf(await examineText(writeRecording([ending(2)], looks), 'phantom-subscriber'));
  assert.deepEqual(await found(from(50, 120)), ['phantom-subscriber']);
  assert.deepEqual(await found(from(50, 100)), []);
});

test('a look that is none is told of, and the others are judged by', async () => {
  const text = writeRecording([...ask(1, 1, 2, 3), ending(6)], every([0, 3.5, 7]));
  const damaged = text.replace('{"end"', '{"look":{"from":"never"}}\n{"end"');
  const report = await examineText(damaged, 'timeout-silent-server');
  assert.deepEqual(namesOf(report), ['timeout-silent-server']);
  assert.match(report.notes.join(), /1 look at Redis in it could not be read/);
});

test('servers that come and go over hours are neither a crash loop nor emitting functions', async () => {
  const minutes = Array.from({ length: 361 }, (_, index) => index);
  // One stays; beside it another is started each hour, says little, and is stopped after 20 minutes.
  const looks = minutes.map((minute) => ({
    at: minute * 60,
    uids: minute % 60 >= 20 && minute % 60 < 40 ? ['aaaaaa', `extra${Math.floor(minute / 60)}`] : ['aaaaaa'],
  }));
  const said = [0, 1, 2, 3, 4, 5].map((hour) =>
    sayClassic({ at: hour * 3600 + 1500, uid: `extra${hour}`, client: '10.0.0.9:1' }),
  );
  const found = async (lines: readonly Line[], rule: string) =>
    namesOf(await examineText(writeRecording(lines, looks), rule));
  assert.deepEqual(await found(said, 'emit-only-servers'), []);
  assert.deepEqual(await found([ending(2)], 'crash-loop'), []);
});

test('servers that live for seconds, one after the other, are a crash loop in a recording, too', async () => {
  const looks = Array.from({ length: 60 }, (_, index) => index / 2).map((at) => ({
    at,
    uids: ['aaaaaa', `loop${String(Math.floor(at / 3)).padStart(2, '0')}`],
  }));
  const report = await examineText(writeRecording([ending(2)], looks), 'crash-loop');
  assert.deepEqual(namesOf(report), ['crash-loop']);
});

describe('recordings that hold less than all', () => {
  const silent = [...ask(1, 1, 2, 3), ending(6)];
  const looks = every([0, 3.5, 7]);

  test('a filtered one: what was not recorded is not taken for what has not come', async () => {
    const text = writeRecording(ask(0, 1, 2, 3), looks, { filter: ['--kind request'] });
    const report = await examineText(text);
    assert.deepEqual(namesOf(report), []);
    assert.match(
      whyUnchecked(report, 'timeout-silent-server') ?? '',
      /only a part was recorded: --kind request/,
    );
    assert.match(report.notes.join(), /holds only what fits --kind request/);
    assert.ok(
      report.held.some(({ name }) => name === 'phantom-subscriber'),
      'looks are whole',
    );
  });

  test('a redacted one: that all args are the same is no double emit', async () => {
    const said = THREE.flatMap((uid) =>
      [1, 2, 3, 4].map((at) => sayClassic({ at: at + 0.1, uid, args: ['[redacted]'] })),
    );
    const [open, redacted] = await Promise.all([
      examineText(writeRecording(said, looks), 'double-emit'),
      examineText(writeRecording(said, looks, { redaction: ['args'] }), 'double-emit'),
    ]);
    assert.deepEqual([namesOf(open), namesOf(redacted)], [['double-emit'], []]);
    assert.match(whyUnchecked(redacted, 'double-emit') ?? '', /needs what was removed: args/);
  });

  test('two of different Redis, or of the same time, are not examined as one', async () => {
    const here = writeRecording(silent, looks);
    const elsewhere = writeRecording(silent, every([8, 9, 12]), { url: 'redis://10.0.0.9:6379' });
    const meanwhile = writeRecording(silent, every([1, 4, 8]));
    await assert.rejects(examineTogether(here, elsewhere), /different Redis, 127.* and 10\.0\.0\.9:6379/);
    await assert.rejects(examineTogether(here, meanwhile), /of the same time, or not in order/);
  });

  test('two files of one recording are, the last look of the one being the first of the other', async () => {
    const first = writeRecording(silent, looks);
    const second = writeRecording([...ask(1, 8, 9), ending(13)], every([7, 10, 14]));
    const report = await examineTogether(first, second);
    assert.deepEqual(namesOf(report), ['timeout-silent-server']);
    assert.match(report.cases[0]?.seen.join() ?? '', /5 of 5 requests/);
  });
});

test('requests that lacked answers are told of where it has not lasted, or not been seen often enough', async () => {
  const tell = async (lines: readonly Line[]) => {
    const report = await examineText(writeRecording(lines, every([0, 20])));
    assert.deepEqual(namesOf(report), []);
    assert.match(whyUnchecked(report, 'timeout-silent-server') ?? '', /requests lacked answers/);
    return report.notes.join(' ');
  };
  const once = await tell([...ask(1, 1), ending(15)]);
  assert.match(once, /1 of 1 request got fewer answers than there are other servers \(1 of 2\)\. One alone/);
  const over = await tell([...ask(1, 1, 2, 3), ...ask(2, 5, 6, 7), ending(15)]);
  assert.match(over, /3 of 6 requests .*between \d\d:\d\d:\d\d and \d\d:\d\d:\d\d UTC; those after got all/);
  const answer = JSON.stringify({ requestId: 'r1', sockets: [] });
  const words = ['publish', 'socket.io-response#/#aaaaaa#', answer];
  const late = await tell([
    ...ask(1, 1),
    { at: 9, client: '10.0.0.3:1', words },
    ...ask(2, 10, 11),
    ending(15),
  ]);
  assert.match(late, /1 of 3 requests got its last answer after 8\.0 s, .* given up after 5 s/);
});

test('a scale-up and back is no crash loop: lives at the same time are not one after the other', async () => {
  const looks = Array.from({ length: 200 }, (_, index) => index * 2).map((at) => ({
    at,
    uids: at > 50 && at < 290 ? ['aaaaaa', 'bbbbbb', 'extra1', 'extra2', 'extra3'] : ['aaaaaa', 'bbbbbb'],
  }));
  assert.deepEqual(namesOf(await examineText(writeRecording([ending(2)], looks), 'crash-loop')), []);
});

test('what happens faster than Redis was looked at is not said not to happen', async () => {
  const looks = every(Array.from({ length: 60 }, (_, index) => index * 5));
  const report = await examineText(writeRecording([ending(2)], looks));
  assert.match(whyUnchecked(report, 'crash-loop') ?? '', /looked at every 5 s/);
  assert.equal(whyUnchecked(report, 'emit-only-servers'), undefined);
});

test('an emitter that goes on after the servers have left speaks into the void, one that stopped before does not', async () => {
  const looks = Array.from({ length: 60 }, (_, index) => index * 5).map((at) => ({
    at,
    uids: at < 100 ? THREE : [],
  }));
  const say = (...seconds: readonly number[]) =>
    seconds.map((at) => sayClassic({ at, uid: 'emitter', client: '10.0.0.9:1' }));
  const found = async (lines: readonly Line[]) =>
    namesOf(await examineText(writeRecording(lines, looks), 'into-the-void'));
  assert.deepEqual(await found(say(10, 20, 30)), []);
  assert.deepEqual(await found(say(10, 20, 280, 290)), ['into-the-void']);
});
