import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { captureTextSync } from '../../src/capture/text/capture-text.ts';
import type { Captured, Frame } from '../../src/model/frame.ts';
import { writeRecord } from '../../src/render/json-lines.ts';
import { Inspector } from '../../src/session/inspector.ts';
import { QuickRecords } from '../../src/session/quick-records.ts';

/** Writes every frame both ways, and answers how many took the short one. */
function compare(frames: readonly Frame[]): number {
  const quick = new QuickRecords();
  const inspector = new Inspector();
  let short = 0;
  let seq = 0;
  for (const frame of frames) {
    const line = quick.write(frame, seq + 1);
    const observed = inspector.observe({ is: 'frame', frame });
    if (observed?.is !== 'message') {
      assert.equal(line, undefined);
      continue;
    }
    seq = observed.seq;
    if (line === undefined) {
      quick.learn(observed.message);
    } else {
      short++;
      assert.deepEqual(JSON.parse(line), JSON.parse(writeRecord(observed)));
    }
  }
  return short;
}

function framesOf(captured: readonly Captured[]): Frame[] {
  return captured.flatMap((item) => (item.is === 'frame' ? [item.frame] : []));
}

void test('QuickRecords writes every message of the fixtures as the long way does, however often it comes', () => {
  const files = readdirSync('fixtures', { recursive: true, withFileTypes: true }).filter(
    ({ name }) => name === 'input.monitor',
  );
  let short = 0;
  for (const { parentPath, name } of files) {
    const frames = framesOf(captureTextSync(readFileSync(`${parentPath}/${name}`), {}));
    short += compare([...frames, ...frames, ...[...frames].reverse()]);
  }
  assert.ok(short > 500, `${short} took the short way`);
});

void test('QuickRecords agrees with the long way on generated broadcasts of one sender and channel', () => {
  const room = fc.constantFrom('a', 'b', 'lobby #1', 'é');
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom(
        null,
        true,
        false,
        0,
        -1,
        -0,
        127,
        128,
        -33,
        65_536,
        2 ** 31,
        2 ** 40,
        1.5,
        Number.NaN,
        '$binary',
        '__proto__',
      ),
      fc.string({ unit: 'binary', maxLength: 50 }),
      fc.uint8Array({ maxLength: 4 }),
      fc.array(tie('any'), { maxLength: 5 }),
      fc.dictionary(
        fc.oneof(fc.string({ maxLength: 5 }), fc.constantFrom('$date', '__proto__', 'é')),
        tie('any'),
        { maxKeys: 4 },
      ),
    ),
  })).any;
  const opts = fc.record(
    {
      rooms: fc.array(fc.oneof(room, fc.constant(7)), { maxLength: 2 }),
      except: fc.array(room, { maxLength: 2 }),
      flags: fc.dictionary(fc.constantFrom('volatile', 'broadcast'), fc.boolean()),
    },
    { requiredKeys: [] },
  );
  const message = fc.tuple(
    fc.constantFrom('abcdef', 'emitter', 'a-b_cd'),
    fc.constantFrom('chat message', 'x'.repeat(40)),
    fc.array(value, { maxLength: 4 }),
    opts,
  );
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 12 }), (messages) => {
      const frames = messages.map(([uid, event, args, options], index): Frame => {
        const payload = encode([uid, { type: 2, data: [event, ...args], nsp: '/' }, options]);
        return {
          via: 'subscribe',
          time: 1_795_375_709_291_598 + index,
          node: 'n:1',
          command: 'PMESSAGE',
          channel: Buffer.from('socket.io#/#'),
          payload,
        };
      });
      compare([...frames, ...frames]);
    }),
    { numRuns: 400 },
  );
});

void test('QuickRecords takes the long way for payloads that are cut or have bytes left over', () => {
  const payload = encode([
    'abcdef',
    { type: 2, data: ['e', 'text'], nsp: '/' },
    { rooms: [], except: [], flags: {} },
  ]);
  const frame = (bytes: Uint8Array): Frame => ({
    via: 'text',
    command: 'PUBLISH',
    channel: Buffer.from('socket.io#/#'),
    payload: bytes,
  });
  assert.equal(compare([frame(payload), frame(payload)]), 1);
  const cuts = Array.from(payload, (_, length) => frame(payload.subarray(0, length)));
  assert.equal(compare([frame(payload), ...cuts, frame(Buffer.concat([payload, Buffer.from([0xc0])]))]), 0);
});
