import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { ByteBlock } from '../../../src/bytes/byte-block.ts';
import { quoteBytes } from '../../../src/bytes/sds-repr.ts';
import { captureRecording } from '../../../src/capture/recording.ts';
import { captureText } from '../../../src/capture/text/capture-text.ts';
import type { Captured } from '../../../src/model/frame.ts';
import type { Glance } from '../../../src/recording/glance.ts';
import { writeRecord } from '../../../src/render/json-lines.ts';
import { ReadAhead, type ReadAheadOptions } from '../../../src/session/ahead/read-ahead.ts';
import { Inspector } from '../../../src/session/inspector.ts';
import { captured, record } from '../../recording/captured.ts';

const THREAD_FILE = new URL('thread-from-source.mjs', import.meta.url);
const ROOM_BYTES = 1024 * 1024;

/** What is made of a recording. */
interface Made {
  /** One record a line. */
  readonly text: string;
  readonly notes: readonly string[];
  /** How many records came from threads, and the bytes of their payloads. */
  readonly taken: { count: number; payloadBytes: number };
}

/** Short ways that are taken: none, those of one thread, or two threads as soon as that is possible. */
type Ways = 'none' | 'glance' | 'ahead';

/** As `decode --json` does it. */
async function make(
  chunks: readonly Uint8Array[],
  ways: Ways,
  capture: typeof captureRecording = captureRecording,
): Promise<Made> {
  const inspector = new Inspector();
  const block = new ByteBlock(Buffer.alloc(ROOM_BYTES));
  const [notes, taken] = [[] as string[], { count: 0, payloadBytes: 0 }];
  const options: ReadAheadOptions = {
    keys: [],
    inspector,
    reserve: (bytes) => {
      assert.ok(bytes <= block.room);
      return block;
    },
    onTaken: (count, payloadBytes) => {
      taken.count += count;
      taken.payloadBytes += payloadBytes;
    },
    aloneBytes: 0,
    threads: ways === 'ahead' ? 2 : 0,
    threadFile: THREAD_FILE,
  };
  const glance: Glance = (head, time, payload) => {
    const isTaken = inspector.writeGlance(head, time, payload, options.reserve);
    if (isTaken) options.onTaken(1, payload.used);
    return isTaken;
  };
  const short = ways === 'none' ? {} : { glance, ahead: new ReadAhead(options) };
  const onNote = (note: string): void => void notes.push(note);
  for await (const batch of capture(chunks, { onNote, ...short })) {
    for (const item of batch) {
      if (ways !== 'none' && item.is === 'frame' && inspector.writeQuickly(item.frame, options.reserve)) {
        options.onTaken(1, item.frame.payload?.length ?? 0);
        continue;
      }
      const observed = inspector.observe(item);
      if (observed !== undefined) block.used += block.bytes.write(`${writeRecord(observed)}\n`, block.used);
    }
  }
  return { text: block.bytes.toString('utf8', 0, block.used), notes, taken };
}

/** Line by line: a whole text is no message for a failed assertion. */
function assertSame(quick: Made, slow: Made): void {
  const [found, expected] = [quick.text.split('\n'), slow.text.split('\n')];
  for (const [index, line] of expected.entries()) assert.equal(found[index], line);
  assert.equal(found.length, expected.length);
  assert.deepEqual(quick.notes, slow.notes);
}

function cut(recording: Buffer, chunkBytes: number): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < recording.length; at += chunkBytes)
    chunks.push(recording.subarray(at, at + chunkBytes));
  return chunks;
}

const broadcast: fc.Arbitrary<Captured> = fc
  .tuple(
    fc.constantFrom('abcdef', 'ghijkl', 'emitter'),
    fc.constantFrom('lobby', 'é', 'user:1'),
    fc.jsonValue(),
    fc.constantFrom('10.0.0.1:1', '10.0.0.2:2', '10.0.0.3:3', undefined),
    fc.nat(1e6),
  )
  .map(([uid, room, value, client, micros]) => ({
    is: 'frame',
    frame: {
      via: 'monitor',
      time: 1_795_375_709_291_598 + micros,
      node: 'n:1',
      ...(client === undefined ? {} : { client }),
      command: 'PUBLISH',
      channel: Buffer.from(`socket.io#/#${room}#`),
      payload: encode([
        uid,
        { type: 2, data: ['chat message', value], nsp: '/' },
        { rooms: [room], except: [], flags: {} },
      ]),
    },
  }));

const items = fc.array(fc.oneof({ weight: 9, arbitrary: broadcast }, captured), {
  minLength: 100,
  maxLength: 300,
});

void test('ReadAhead makes the same of recordings that were put together as reading them line by line does', async () => {
  const total = { records: 0, taken: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.array(items, { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 100, max: 20_000 }),
      fc.constantFrom('', '{"t":17,"o":', 'no line\n'),
      async (recordings, chunkBytes, torn) => {
        const chunks = cut(Buffer.from(recordings.map(record).join(torn) + torn), chunkBytes);
        const [slow, quick] = [await make(chunks, 'none'), await make(chunks, 'ahead')];
        assertSame(quick, slow);
        total.records += slow.text.split('\n').length - 1;
        total.taken += quick.taken.count;
      },
    ),
    // Threads take a second to start: making a failure smaller would take minutes.
    { numRuns: 6, endOnFailure: true },
  );
  assert.ok(total.taken > total.records / 5, `${total.taken} of ${total.records} came from threads`);
});

/** A line of MONITOR text, or what may stand between such lines. */
const monitorLine = fc.oneof(
  {
    weight: 12,
    arbitrary: broadcast.map((item) => {
      const { time = 0, client = 'lua', channel, payload } = item.is === 'frame' ? item.frame : { time: 0 };
      const words = [Buffer.from('publish'), channel ?? Buffer.alloc(0), payload ?? Buffer.alloc(0)];
      return `${String(time).replace(/(?=.{6}$)/, '.')} [0 ${client}] ${words.map(quoteBytes).join(' ')}`;
    }),
  },
  fc.constantFrom(
    '1795375709.291598 [0 10.0.0.1:1] "GET" "key"',
    '1795375709.291598 [0 10.0.0.1:1] "SUBSCRIBE" "socket.io-request#/#" "socket.io-response#/#"',
    '1795375709.291598 [0 10.0.0.1:1] "publish" "socket.io-request#/#" "{\\"uid\\":\\"abcdef\\",\\"requestId\\":\\"a\\",\\"type\\":5}"',
    '1795375709.291598 [0 unix:/a b].sock] "publish" "socket.io#/#" "\\x93"\r',
    '1795375709.291598 [0 10.0.0.1:1] "publish" "socket.io#/#" "\\x93\\q"',
    '1795375709.291598 [0 10.0.0.1:1] "publish" "socket.io#/#" "no end',
    '1795375709.291598 [0 10.0.0.1:1] "publish" "socket.io#/#lob\\qby#" "\\x93"',
    '1795375709.291598 [0 10.0.0.1:1] "publish" "socket.io#/#" "\\x93" "more"',
    '1) "pmessage"\n2) "socket.io*"\n3) "socket.io#/#"\n4) "\\x93"',
    '1) "pmessage"\n2) "socket.io*"',
    'no line',
    '',
    'OK',
  ),
);

void test('ReadAhead and a glance make the same of MONITOR text as reading it line by line does', async () => {
  const total = { records: 0, taken: 0, glanced: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.array(monitorLine, { minLength: 200, maxLength: 500 }),
      fc.integer({ min: 100, max: 20_000 }),
      fc.constantFrom('\n', ''),
      async (lines, chunkBytes, end) => {
        // What a text is shows in its first 64 KB.
        const usual =
          `${lines.find((line) => line.includes('] "publish" "socket.io#/#lobby')) ?? ''}\n`.repeat(400);
        const chunks = cut(Buffer.from(`OK\n${usual}${lines.join('\n')}${end}`), chunkBytes);
        const slow = await make(chunks, 'none', captureText);
        const [glanced, ahead] = [
          await make(chunks, 'glance', captureText),
          await make(chunks, 'ahead', captureText),
        ];
        for (const quick of [glanced, ahead]) {
          assertSame(quick, slow);
        }
        total.records += slow.text.split('\n').length - 1;
        total.taken += ahead.taken.count;
        total.glanced += glanced.taken.count;
      },
    ),
    { numRuns: 6, endOnFailure: true },
  );
  const { records, taken, glanced } = total;
  assert.ok(glanced > records / 5, `${glanced} of ${records} were taken at a glance`);
  assert.ok(taken > records / 5, `${taken} of ${records} came from threads or at a glance`);
});

void test('ReadAhead knows where frames come from when a number of an origin is given anew in lines that other threads read', async () => {
  const payload = encode([
    'abcdef',
    { type: 2, data: ['tick'], nsp: '/' },
    { rooms: [], except: [], flags: {} },
  ]);
  const frame = `{"t":1795375709291598,"o":0,"c":"PUBLISH","ch":"socket.io#/#","n":${payload.length},"p":"${Buffer.from(payload).toString('base64')}"}\n`;
  const turns = Array.from({ length: 40 }, (_, turn) =>
    Buffer.from(`{"via":"monitor","client":"10.0.0.1:${turn}","origin":0}\n${frame.repeat(20)}`),
  );
  const header = Buffer.from('{"sioInspectRecording":1}\n');
  const { text, taken } = await make([header, ...turns.flatMap((turn) => cut(turn, 900))], 'ahead');
  const clients = [...text.matchAll(/"client":"10\.0\.0\.1:(\d+)"/g)].map(([, turn]) => Number(turn));
  assert.deepEqual(
    clients,
    turns.flatMap((_, turn) => new Array<number>(20).fill(turn)),
  );
  assert.equal(taken.payloadBytes, taken.count * payload.length);
});

void test('ReadAhead ends its threads when nobody reads on', async () => {
  const items = fc.sample(broadcast, { numRuns: 200, seed: 1 });
  const ahead = new ReadAhead({
    keys: [],
    inspector: new Inspector(),
    reserve: (bytes) => new ByteBlock(Buffer.alloc(bytes)),
    onTaken: () => undefined,
    aloneBytes: 0,
    threads: 2,
    threadFile: THREAD_FILE,
  });
  for await (const batch of captureRecording(cut(Buffer.from(record(items)), 1000), { ahead })) {
    assert.ok(batch.length >= 0);
    break;
  }
  // The file's process would not end, and the runner would say so.
});
