import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dissect } from '../../src/dissect/registry.ts';
import { explainMessage } from '../../src/explain/explain-message.ts';
import { type Explained, foldExplained } from '../../src/explain/fold.ts';
import type { Frame } from '../../src/model/frame.ts';
import { BLOG_LINE, explain } from './explained.ts';

function explained(frame: Frame): Explained {
  const message = dissect(frame);
  assert.ok(message);
  return { frame, message, explanation: explainMessage(frame, message) };
}

function subscription(command: string, ...names: readonly string[]): Explained {
  return explained({ via: 'monitor', command, channels: names.map((name) => Buffer.from(name)) });
}

function heartbeat(uid: string, stream = 'socket.io'): Explained {
  const fields = Object.entries({ uid, nsp: '/', type: '2' }).map(
    ([name, value]) => [Buffer.from(name), Buffer.from(value)] as const,
  );
  return explained({ via: 'monitor', command: 'XADD', channel: Buffer.from(stream), entry: { fields } });
}

describe('foldExplained', () => {
  test('tells subscriptions as one, each command and channel once with its count', () => {
    const first = subscription('SUBSCRIBE', 'socket.io#/#', 'socket.io#/#room#');
    const second = subscription('SUBSCRIBE', 'socket.io#/#');
    const third = subscription('UNSUBSCRIBE', 'socket.io#/#');
    const two = foldExplained(first, second);
    assert.ok(two);
    const three = foldExplained(two, third);
    assert.equal(three?.explanation.times, 3);
    assert.deepEqual(
      three.explanation.facts.map(({ name, value, times }) => [name, value, times]),
      [
        ['SUBSCRIBE', 'socket.io#/#', 2],
        ['SUBSCRIBE', 'socket.io#/#room#', 1],
        ['UNSUBSCRIBE', 'socket.io#/#', 1],
      ],
    );
    assert.equal(first.explanation.times, undefined, 'what was folded is as it was');
  });

  test('tells stream entries without data as one only where every field is the same', () => {
    const folded = foldExplained(heartbeat('0123456789abcdef'), heartbeat('0123456789abcdef'));
    assert.deepEqual([folded?.explanation.times, folded?.explanation.facts.length], [2, 3]);
    assert.equal(foldExplained(heartbeat('0123456789abcdef'), heartbeat('fedcba9876543210')), undefined);
    assert.equal(
      foldExplained(heartbeat('0123456789abcdef'), heartbeat('0123456789abcdef', 'other')),
      undefined,
    );
  });

  test('leaves alone what has bytes of its own, however equal', () => {
    const one = explain(BLOG_LINE, 'socket.io#/#');
    assert.equal(foldExplained(one, one), undefined);
    assert.equal(foldExplained(subscription('SUBSCRIBE', 'socket.io#/#'), one), undefined);
  });
});
