import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeCommand } from '../../src/bytes/resp-encode.ts';
import { captureInputSync } from '../../src/capture/capture-input.ts';

const SELECT = encodeCommand(['SELECT', '0']);
const XADD = encodeCommand(['XADD', 'socket.io', '1795384775743-0', 'uid', 'u', 'type', '2', 'data', '{}']);

describe('AofCapture', () => {
  test('reads stream entries with their ids, and the time from the id, else from #TS lines', () => {
    const set = encodeCommand(['SET', 'sio:session:abc', 'x']);
    const file = Buffer.concat([SELECT, Buffer.from('#TS:1795384700\r\n'), set, XADD]);
    const frames = captureInputSync(file).flatMap((one) => (one.is === 'frame' ? [one.frame] : []));
    assert.deepEqual(
      frames.map(({ via, command, time, entry }) => [via, command, time, entry?.id]),
      [
        ['aof', 'SET', 1_795_384_700_000_000, undefined],
        ['aof', 'XADD', 1_795_384_775_743_000, '1795384775743-0'],
      ],
    );
  });

  test('says that the end is cut off, wherever it is', () => {
    for (let cut = 1; cut < XADD.length; cut++) {
      const captured = captureInputSync(Buffer.concat([SELECT, XADD.subarray(0, cut)]));
      assert.deepEqual(captured, [
        { is: 'other', command: 'SELECT' },
        { is: 'gap', gap: { via: 'aof', reason: 'truncated' } },
      ]);
    }
  });

  test('refuses an RDB preamble with a word about what to take instead', () => {
    const [refused] = captureInputSync(Buffer.concat([Buffer.from('REDIS0010\xfa', 'latin1'), SELECT]));
    assert.match(refused?.is === 'unframed' ? refused.unframed.message : '', /RDB.*incr\.aof/);
  });
});
