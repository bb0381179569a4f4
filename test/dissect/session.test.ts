import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dissect } from '../../src/dissect/registry.ts';
import { assertTruncationsKept, dissectPlainly, frameOf } from './plain.ts';

/** Printed by MONITOR: @socket.io/redis-streams-adapter 0.3.1, a client lost and back. */
const SET =
  '1795376348.682310 [0 127.0.0.1:46492] "SET" "sio:session:YiIFB67DyGr7V5kqAAAB" "hKNzaWS0ekFhMWxyT0ZYVVRTakp1ckFBQUGjcGlktFlpSUZCNjdEeUdyN1Y1a3FBQUFCpXJvb21zkrR6QWExbHJPRlhVVFNqSnVyQUFBQadyb29tIMOppGRhdGGBoW4B" "PX" "30000"';
const TAKEN = '1795376349.078497 [0 127.0.0.1:46492] "DEL" "sio:session:YiIFB67DyGr7V5kqAAAB"';

describe('session', () => {
  it("reads a session that is written: its rooms are the session's, no selection", () => {
    assert.deepEqual(dissectPlainly(SET), {
      kind: 'cluster',
      adapter: 'redis-streams',
      encoding: 'msgpack',
      type: 'SESSION',
      payload: {
        sid: 'zAa1lrOFXUTSjJurAAAA',
        pid: 'YiIFB67DyGr7V5kqAAAB',
        rooms: ['zAa1lrOFXUTSjJurAAAA', 'room é'],
        data: { n: 1 },
      },
    });
    assert.equal(dissect(frameOf(SET))?.body?.wrapped, 'base64');
  });

  it('sees a session that is taken', () => {
    for (const line of [TAKEN, TAKEN.replace('DEL', 'GETDEL')]) {
      assert.deepEqual(dissectPlainly(line), { kind: 'cluster', adapter: 'redis-streams', type: 'SESSION' });
    }
  });

  it('shows what cannot be read under a session key', () => {
    assertTruncationsKept(SET);
    const strange = dissect({ ...frameOf(SET), payload: Buffer.from('gaFhAQ==') });
    assert.deepEqual([strange?.kind, strange?.error?.code], ['undecoded', 'wrong-shape']);
  });

  it('is no session under another key', () => {
    const frame = { ...frameOf(SET), channel: Buffer.from('cache:1') };
    assert.equal(dissect(frame), undefined);
  });
});
