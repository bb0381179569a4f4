import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { ByteBlock } from '../../src/bytes/byte-block.ts';
import { captureTextSync } from '../../src/capture/text/capture-text.ts';
import type { Captured, Frame } from '../../src/model/frame.ts';
import { writeRecord } from '../../src/render/json-lines.ts';
import { Inspector } from '../../src/session/inspector.ts';
import { QuickRecords } from '../../src/session/quick-records.ts';

const ROOM_BYTES = 64 * 1024;

/** Lines as a printer takes them. */
class Lines {
  #block = new ByteBlock(Buffer.alloc(ROOM_BYTES));

  readonly reserve = (bytes: number): ByteBlock => {
    if (this.#block.room < bytes) this.#block = new ByteBlock(Buffer.alloc(bytes + ROOM_BYTES));
    return this.#block;
  };

  /** What was written since the last time. */
  take(): string {
    const text = this.#block.bytes.toString('utf8', 0, this.#block.used);
    this.#block.used = 0;
    return text;
  }
}

/** Writes every frame both ways, byte for byte the same, and answers how many took the short one. */
function compare(frames: readonly Frame[], keys: readonly string[] = []): number {
  const quick = new QuickRecords(keys);
  const inspector = new Inspector({ keys });
  const lines = new Lines();
  let short = 0;
  let seq = 0;
  for (const frame of frames) {
    const isShort = quick.write(frame, seq + 1, lines.reserve);
    const line = lines.take();
    const observed = inspector.observe({ is: 'frame', frame });
    if (observed?.is !== 'message') {
      assert.equal(isShort, false);
      continue;
    }
    seq = observed.seq;
    if (isShort) {
      short++;
      assert.equal(line, `${writeRecord(observed)}\n`);
    } else {
      assert.equal(line, '');
      quick.learn(observed);
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
      -(2 ** 31),
      2 ** 40,
      -(2 ** 40),
      1.5,
      19.99,
      -0.07,
      1e21,
      5e-7,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      '$binary',
      '__proto__',
      'x'.repeat(31),
      'x'.repeat(32),
      'é'.repeat(130),
    ),
    fc.double(),
    fc.maxSafeInteger(),
    fc.string({ unit: 'binary', maxLength: 50 }),
    fc.string({
      unit: fc.constantFrom('"', '\\', '\n', '\u0007', '\u007f', '\u0085', '\u202e', '\ufffd', 'a', '🎉'),
    }),
    fc.uint8Array({ maxLength: 4 }),
    fc.array(tie('any'), { maxLength: 5 }),
    fc.array(fc.nat({ max: 3 }), { minLength: 14, maxLength: 18 }),
    fc.dictionary(
      fc.oneof(fc.string({ maxLength: 5 }), fc.constantFrom('$date', '__proto__', 'é', 'k'.repeat(40))),
      tie('any'),
      { maxKeys: 4 },
    ),
  ),
})).any;

const room = fc.constantFrom('a', 'b', 'lobby #1', 'é', 'a#', '', 'r'.repeat(40), 'x","y');
const nsp = fc.constantFrom('/', '/', '/admin', '/é "', 'chat');

/** Mostly `usual`, so that the short way is taken by many. */
function mostly<T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ weight: 9, arbitrary: usual }, { weight: 1, arbitrary: odd });
}

/** The options in any order, as versions differ in it; some with what no adapter writes. */
const options = fc
  .tuple(
    mostly(
      fc.shuffledSubarray(['rooms', 'except', 'flags'], { minLength: 2 }),
      fc.shuffledSubarray(['rooms', 'except', 'flags', 'odd']),
    ),
    mostly<(string | number)[]>(fc.array(room, { maxLength: 2 }), fc.constant([7])),
    fc.array(room, { maxLength: 2 }),
    fc.dictionary(fc.constantFrom('volatile', 'broadcast', 'timeout'), fc.oneof(fc.boolean(), fc.nat())),
  )
  .map(([names, rooms, except, flags]) => {
    const all = { rooms, except, flags, odd: 1 };
    return Object.fromEntries(names.map((name) => [name, all[name as keyof typeof all]]));
  });

type NameOf = (nsp: string, rooms: readonly (string | number)[]) => string;

/** How the channel's name comes from the message, as adapters and emitters do it, and as nobody does. */
const channelOf = mostly(
  fc.constantFrom<NameOf>(
    (said) => `socket.io#${said}#`,
    (said, [only]) => `socket.io#${said}#${only === undefined ? '' : `${String(only)}#`}`,
    (said, [only = '']) => `my#key#${said}#${String(only)}#`,
  ),
  fc.constantFrom<NameOf>(
    (said, [only = '']) => `socket.io#${said}#${String(only)}`,
    (said) => `socket.io#${said}#other#`,
    () => 'socket.io#/#',
    () => 'socket.io-request#/#',
    () => 'socket.io-response#/#abcdef#',
    () => 'socket.io#emitter',
    () => 'news',
  ),
);

const message = fc.tuple(
  mostly<string | number>(
    fc.constantFrom('abcdef', 'ghijkl', 'emitter', 'a-b_cd'),
    fc.constantFrom('a"b', '', 'u'.repeat(40), 7),
  ),
  fc.tuple(
    nsp,
    mostly(fc.constant(2), fc.constantFrom(5, 0)),
    mostly<string | number>(fc.constantFrom('chat message', 'é'), fc.constantFrom('x'.repeat(40), 3)),
  ),
  fc.array(value, { maxLength: 2 }),
  options,
  channelOf,
  mostly<(packet: object) => object>(
    fc.constant((packet) => packet),
    fc.constantFrom<(packet: object) => object>(
      (packet) => ({ ...packet, id: 3 }),
      (packet) => Object.fromEntries(Object.entries(packet).reverse()),
    ),
  ),
);

const CLIENTS = ['10.0.0.1:1', '10.0.0.1:2', 'unix:/tmp/a "b".sock'];

function frameOf(
  [uid, [said, type, event], args, opts, nameOf, shape]: typeof message extends fc.Arbitrary<infer T>
    ? T
    : never,
  index: number,
): Frame {
  const rooms = Array.isArray(opts.rooms) ? opts.rooms : [];
  const client = CLIENTS[index % CLIENTS.length];
  return {
    via: index % 5 === 0 ? 'monitor' : 'subscribe',
    time: 1_795_375_709_291_598 + index * 250_000,
    node: 'n:1',
    ...(index % 2 === 0 || client === undefined ? {} : { client, db: index % 3 }),
    command: ['PMESSAGE', 'PUBLISH', 'MESSAGE', 'PUBLISH', 'SMESSAGE'][index % 5] ?? 'PUBLISH',
    channel: Buffer.from(nameOf(said, rooms)),
    payload: encode([uid, shape({ type, data: [event, ...args], nsp: said }), opts]),
  };
}

void test('QuickRecords agrees with the long way on generated broadcasts, whatever came before', () => {
  let short = 0;
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 12 }), fc.boolean(), (messages, isKeyed) => {
      const frames = messages.map(frameOf);
      short += compare([...frames, ...frames, ...frames], isKeyed ? ['my#key', 'socket.io#/#a'] : []);
    }),
    { numRuns: 600 },
  );
  assert.ok(short > 500, `${short} took the short way`);
});

void test('QuickRecords takes what it learned from one room for all rooms and namespaces of a sender', () => {
  const frames = Array.from({ length: 50 }, (_, index): Frame => {
    const [said, only] = [index % 2 === 0 ? '/' : '/admin', `user:${index}`];
    const packet = { type: 2, data: ['e', index], nsp: said };
    const payload = encode(['abcdef', packet, { rooms: [only], except: [], flags: {} }]);
    return { via: 'text', command: 'PUBLISH', channel: Buffer.from(`socket.io#${said}#${only}#`), payload };
  });
  assert.equal(compare(frames), frames.length - 1);
});

void test('QuickRecords keeps senders apart that share a uid but not a version', () => {
  const packet = { type: 2, data: ['e'], nsp: '/' };
  const orders = [
    { rooms: ['a'], flags: {}, except: [] },
    { rooms: ['a'], flags: {} },
    { rooms: ['a'], except: ['b'], flags: { volatile: true } },
  ];
  const frames = Array.from({ length: 30 }, (_, index): Frame => {
    const payload = encode(['emitter', packet, orders[index % orders.length]]);
    return { via: 'text', command: 'PUBLISH', channel: Buffer.from('socket.io#/#a#'), payload };
  });
  assert.equal(compare(frames), frames.length - orders.length);
});

void test('QuickRecords learns nothing from a message that shows its version by a value', () => {
  const frame = (arg: unknown): Frame => ({
    via: 'text',
    command: 'PUBLISH',
    channel: Buffer.from('socket.io#/#'),
    payload: encode([
      'abcdef',
      { type: 2, data: ['e', arg], nsp: '/' },
      { rooms: [], except: [], flags: {} },
    ]),
  });
  const dated = frame(new Date(0));
  assert.equal(compare([dated, dated, frame(1), frame(2), dated, frame(3)]), 2);
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
