import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { encode } from '@msgpack/msgpack';
import { captureInputSync } from '../../src/capture/capture-input.ts';
import { decodeCapture } from '../../src/index.ts';
import type { Captured } from '../../src/model/frame.ts';
import type { InspectRecord, Json } from '../../src/model/record.ts';
import { redact } from '../../src/redact/redact-frame.ts';
import { parseRedaction, REDACTED } from '../../src/redact/redaction.ts';
import { Inspector } from '../../src/session/inspector.ts';
import { record } from '../recording/captured.ts';

const folders = readdirSync('fixtures', { withFileTypes: true })
  .filter((dialect) => dialect.isDirectory())
  .flatMap(({ name }) => readdirSync(join('fixtures', name)).map((one) => join('fixtures', name, one)))
  .filter((folder) => existsSync(join(folder, 'input.monitor')));

function redactAll(items: readonly Captured[], words: readonly string[]): string {
  const redaction = parseRedaction(words);
  const inspector = new Inspector();
  return record(items.map((item) => redact(item, inspector.observe(item), redaction)));
}

function frame(payload: Uint8Array | string, channel = 'socket.io#/#', command = 'PUBLISH'): Captured {
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
  return { is: 'frame', frame: { via: 'monitor', command, channel: Buffer.from(channel), payload: bytes } };
}

function broadcast(args: readonly unknown[], opts: object = {}): Buffer {
  return Buffer.from(encode(['6n0BWC', { type: 2, data: ['login', ...args], nsp: '/' }, opts]));
}

/** Redacts one message; the record that is read back. */
function redacted(item: Captured, ...words: string[]): InspectRecord {
  const [one, ...more] = decodeCapture(redactAll([item], words));
  assert.equal(more.length, 0);
  assert.ok(one);
  return one;
}

const MARKS = new Set(
  [
    REDACTED,
    { $binary: { base64: Buffer.from(REDACTED).toString('base64'), subType: '00' } },
    { $undefined: true },
  ].map((mark) => JSON.stringify(mark)),
);

/** Messages whose values have no place of their own in the bytes: JSON within msgpack, or put together from parts. */
function mayGo({ kind, encoding, adapter, findings, payload }: InspectRecord): boolean {
  const isPutTogether = adapter === 'socketioxide' || (adapter === 'python' && payload?.binary === true);
  return kind === 'undecoded' || encoding === 'pickle' || isPutTogether || findings !== undefined;
}

function texts(value: Json | undefined): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null
    ? Object.values(value).flatMap((one: Json) => texts(one))
    : [];
}

describe('fixtures, redacted', () => {
  for (const folder of folders) {
    const input = readFileSync(join(folder, 'input.monitor'));
    for (const mode of ['args', 'data']) {
      void test(`${folder}: --redact ${mode} keeps what each message is, and none of its values`, () => {
        const before = decodeCapture(input);
        const recording = redactAll(captureInputSync(input), [mode]);
        const after = decodeCapture(recording);
        assert.equal(after.length, before.length);
        before.forEach((was, index) => {
          const is = after[index];
          assert.ok(is);
          if (is.kind === 'gap') {
            assert.ok(mayGo(was), JSON.stringify(was));
            return;
          }
          for (const field of [
            'kind',
            'type',
            'uid',
            'nsp',
            'event',
            'requestId',
            'encoding',
            'adapter',
          ] as const)
            assert.equal(
              is[field],
              was[field],
              `${field} of ${JSON.stringify(was)} became ${JSON.stringify(is)}`,
            );
          assert.equal(is.args?.length, was.args?.length);
          for (const arg of is.args ?? []) assert.ok(MARKS.has(JSON.stringify(arg)), JSON.stringify(is));
          if (mode === 'data')
            assert.deepEqual(
              is.rooms,
              was.rooms?.map(() => REDACTED),
            );
          else assert.deepEqual(is.rooms, was.rooms);
        });
      });
    }
  }
});

void test('redact args leaves no text of any argument, answer, handshake or session in the file', () => {
  const secret = 'hunter2-é';
  const sockets = [
    { id: 'A', rooms: ['A', 'x'], handshake: { auth: { token: secret } }, data: { name: secret } },
  ];
  const items = [
    frame(broadcast([secret, { [secret]: [secret] }, Buffer.from(secret)])),
    frame(broadcast([], { flags: { broadcast: true, note: secret } })),
    frame(JSON.stringify({ requestId: 'r1', sockets }), 'socket.io-response#/#'),
    frame(JSON.stringify({ type: 9, requestId: 'r2', packet: [secret] }), 'socket.io-response#/#'),
    frame(JSON.stringify({ type: 6, uid: 'u', data: ['event', secret] }), 'socket.io-request#/#'),
    frame(
      JSON.stringify({ type: 3, data: { packet: { type: 2, data: ['e', secret] }, opts: {}, x: secret } }),
      'socket.io#/#',
      'SPUBLISH',
    ),
    frame(
      Buffer.from(encode({ sid: 'S', pid: secret, rooms: ['x'], data: secret })).toString('base64'),
      `sio:session:${secret}`,
      'SET',
    ),
    frame(`no message: ${secret}`),
    frame(`a stranger's: ${secret}`, 'news'),
    frame(
      JSON.stringify({ method: 'emit', event: 'e', data: [secret], namespace: '/', room: 'x' }),
      'socketio',
    ),
    // Only the last of two equal keys is in the message.
    frame(`{"type":6,"uid":"u","data":["e","${secret}"],"data":["e","x"]}`, 'socket.io-request#/#'),
    {
      is: 'unframed',
      unframed: { via: 'text', raw: Buffer.from(secret), code: 'unframed', message: 'no line' },
    },
  ] satisfies Captured[];
  const recording = redactAll(items, ['args']);
  const plain = Buffer.concat(
    [...recording.matchAll(/"(?:p|b|raw)":"([^"]*)"/g)].flatMap(([, text = '']) => {
      const bytes = Buffer.from(text, 'base64');
      return [bytes, Buffer.from(bytes.toString('latin1'), 'base64')];
    }),
  );
  for (const bytes of [Buffer.from(recording), plain]) assert.equal(bytes.includes('hunter2'), false);
  assert.match(plain.toString('latin1'), /\[redacted\]/);
  const records = decodeCapture(recording);
  assert.deepEqual(texts(records[2]?.payload?.sockets), ['A', 'A', 'x', REDACTED, REDACTED]);
  assert.deepEqual(
    records.map(({ kind }) => kind),
    [
      'broadcast',
      'broadcast',
      'response',
      'response',
      'request',
      'broadcast',
      'cluster',
      'gap',
      'gap',
      'broadcast',
      'gap',
      'undecoded',
    ],
  );
});

void test('redact data removes the names of rooms as well, also from the channel', () => {
  const item = frame(
    broadcast(['x'], { rooms: ['secret-room'], except: ['sid'] }),
    'socket.io#/#secret-room#',
  );
  const is = redacted(item, 'data');
  assert.deepEqual([is.rooms, is.except, is.room, is.event], [[REDACTED], [REDACTED], REDACTED, 'login']);
  assert.doesNotMatch(redactAll([item], ['data']), /secret/);
});

void test('redact PATH removes just what it leads to, each byte beside it unchanged', () => {
  const payload = broadcast([{ password: 'hunter2', user: 'a' }, [1, { password: 3 }]]);
  const is = redacted(frame(payload), 'args.0.password', 'args.1.*.password');
  assert.deepEqual(is.args, [{ password: REDACTED, user: 'a' }, [1, { password: REDACTED }]]);
  assert.deepEqual(redacted(frame(payload), 'args.7', 'payload.nothing').args, [
    { password: 'hunter2', user: 'a' },
    [1, { password: 3 }],
  ]);
});

void test('redact keeps the telltales of msgpack-js', () => {
  const blog = Buffer.from(
    '93a6366e3042574383a47479706502a46461746192ac63686174206d657373616765ac48656c6c6f2066726f6d2041a36e7370a12f83a665786365707491b453314835704a636d384b756e356c4f6f41414141a5726f6f6d73c4a5666c61677381a962726f616463617374c3',
    'hex',
  );
  const is = redacted(frame(blog), 'args');
  assert.equal(is.encoding, 'msgpack-js');
  assert.deepEqual([is.args, is.event, is.flags], [[REDACTED], 'chat message', { broadcast: true }]);
});

void test('parseRedaction refuses a path that leads nowhere', () => {
  for (const word of ['uid', 'argss', 'args..x', ''])
    assert.throws(() => parseRedaction([word]), /nothing that can be removed/);
});
