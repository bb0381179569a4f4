import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodePayload, type InspectRecord } from '../../src/index.ts';

/** Payloads captured from the real packages (docs/support-table.md lists what the fixtures hold). */
const BLOG =
  '93a6366e3042574383a47479706502a46461746192ac63686174206d657373616765ac48656c6c6f2066726f6d2041a36e7370a12f83a665786365707491b4533148357' +
  '04a636d384b756e356c4f6f41414141a5726f6f6d73c4a5666c61677381a962726f616463617374c3';

function decode(payload: string | Uint8Array, channel?: string): InspectRecord {
  const bytes = typeof payload === 'string' ? Buffer.from(payload, 'hex') : payload;
  return decodePayload(bytes, channel === undefined ? {} : { channel });
}

const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

void test('the line of the blog post decodes as msgpack-js', () => {
  const { version, inferred, ...record } = decode(BLOG, 'socket.io#/#');
  assert.deepEqual(record, {
    v: 1,
    seq: 1,
    via: 'text',
    channel: 'socket.io#/#',
    key: 'socket.io',
    adapter: 'redis',
    encoding: 'msgpack-js',
    bytes: 108,
    kind: 'broadcast',
    uid: '6n0BWC',
    nsp: '/',
    packetType: 2,
    event: 'chat message',
    args: ['Hello from A'],
    except: ['S1H5pJcm8Kun5lOoAAAA'],
    flags: { broadcast: true },
  });
  assert.match(version ?? '', /socket\.io-redis ≤ 2\.x/);
  assert.deepEqual(inferred, ['version']);
});

void test('a payload that is valid in both dialects is read as one of them, with a finding', () => {
  const both =
    '93a661626364656683a47479706502a46461746194a16592c400c401a36e7370a12f82a5726f6f6d7390a5666c61677380';
  const record = decode(both, 'socket.io#/#');
  assert.equal(record.encoding, 'msgpack');
  assert.deepEqual(
    record.findings?.map(({ code }) => code),
    ['ambiguous-encoding', 'odd-keys'],
  );
});

void test('the same with a telltale of msgpack-js is read as msgpack-js', () => {
  const telling =
    '93a661626364656683a47479706502a46461746194a16592c400c401a36e7370a12f82a5726f6f6d73c4a5666c61677380';
  assert.equal(decode(telling, 'socket.io#/#').encoding, 'msgpack-js');
});

void test('a binary of msgpack-js is not taken for an extension that nobody writes', () => {
  const fifteen =
    '93a6366e30425743 83a47479706502a464617461 92a165d8000f0102030405060708090a0b0c0d0e0f a36e7370a12f82a5726f6f6d7390a5666c61677380';
  const record = decode(fifteen.replaceAll(' ', ''), 'socket.io#/#');
  assert.equal(record.encoding, 'msgpack-js');
  assert.deepEqual(record.args, [{ $binary: { base64: 'AQIDBAUGBwgJCgsMDQ4P', subType: '00' } }]);
  assert.deepEqual(
    record.findings?.map(({ code }) => code),
    ['ambiguous-encoding'],
  );
});

void test('rooms with # are told from the namespace by the payload', () => {
  const payload =
    '93a6505f356a676983a47479706502a46461746192a57765697264a178a36e7370a12f83a5726f6f6d7391ba77656972642023726f6f6d3a20776974682073706163652fc3a9a665786365707490a5666c61677380';
  const record = decode(payload, 'socket.io#/#weird #room: with space/é#');
  assert.equal(record.room, 'weird #room: with space/é');
  assert.deepEqual(record.rooms, ['weird #room: with space/é']);
  assert.deepEqual(record.except, []);
});

void test('a key that holds # is found by the namespace that the payload says', () => {
  const payload =
    '93a6505f356a676983a47479706502a46461746191a178a36e7370a12f83a5726f6f6d7390a665786365707490a5666c61677380';
  assert.equal(decode(payload, 'my#app#/#').key, 'my#app');
});

void test('the room channel of socket.io-redis 5.0.0 has no trailing #', () => {
  const payload =
    '93a663306866333183a47479706502a46461746192a7696e20726f6f6d81a161920102a36e7370a12f82a5726f6f6d7391a5726f6f6d31a5666c61677380';
  const record = decode(payload, 'socket.io#/#room1');
  assert.equal(record.room, 'room1');
  assert.equal(record.version, 'socket.io-redis 5.0.0');
});

void test('before 0.2 the uid is in the channel, and a namespace that is left out is / by inference', () => {
  const old = decode(
    '9283a47479706502a46461746193a568656c6c6fa5776f726c642aa36e7370a12f82a5726f6f6d73c4a5666c616773c4',
    'socket.io#AqqlCw',
  );
  assert.equal(old.uid, 'AqqlCw');
  const known = decodePayload(
    Buffer.from(
      '9283a47479706502a46461746193a568656c6c6fa5776f726c642aa36e7370a12f82a5726f6f6d73c4a5666c616773c4',
      'hex',
    ),
    {
      channel: 'socket.io#AqqlCw',
      keys: ['socket.io'],
    },
  );
  assert.equal(known.uid, 'AqqlCw');
  const emitter = decode(
    '9282a47479706502a46461746192a36f6e658082a5726f6f6d7391a5726f6f6d31a5666c61677380',
    'socket.io#emitter',
  );
  assert.equal(emitter.adapter, 'emitter');
  assert.equal(emitter.nsp, '/');
  assert.ok(emitter.inferred?.includes('nsp'));
});

void test('binary that old versions replaced by placeholders is a finding', () => {
  const record = decode(
    '9284a47479706505a46461746192a36e6e6e82ac5f706c616365686f6c646572c3a36e756d00a36e7370a42f612f62ab6174746163686d656e74730382a5726f6f6d73c4a5666c616773c4',
    'socket.io#emitter',
  );
  assert.deepEqual(
    record.findings?.map(({ code }) => code),
    ['binary-lost'],
  );
  assert.deepEqual(record.payload, { attachments: 3 });
});

void test('odd selections of emitters in other languages are read, with findings', () => {
  const php = decode(
    json(['emitter', { type: 2, data: ['a'], nsp: '/' }, { rooms: { 0: 'x', 2: 'y' }, flags: [] }]),
    'socket.io#/#',
  );
  assert.deepEqual(php.rooms, ['x', 'y']);
  assert.deepEqual(php.flags, {});
  assert.deepEqual(
    php.findings?.map(({ code }) => code),
    ['odd-list', 'empty-list-as-map'],
  );
  const python = decode(
    json(['emitter', { type: 2, data: ['a'], nsp: '/' }, { rooms: '', flags: '' }]),
    'socket.io#/#',
  );
  assert.equal(python.rooms, undefined);
  assert.equal(python.flags, undefined);
  assert.deepEqual(
    python.findings?.map(({ code }) => code),
    ['empty-text', 'empty-text'],
  );
  const number = decode(
    json(['abcdef', { type: 2, data: ['a'], nsp: '/' }, { rooms: [7], except: [], flags: {} }]),
    'socket.io#/#7#',
  );
  assert.equal(number.room, '7');
  assert.deepEqual(
    number.findings?.map(({ code }) => code),
    ['bad-room'],
  );
});

void test('extra elements of the envelope and unknown keys are kept', () => {
  const record = decode(
    json(['abcdef', { type: 2, data: ['a'], nsp: '/', id: 5, extra: 1 }, { rooms: [], x: 2 }, 'more']),
    'socket.io#/#',
  );
  assert.equal(record.ackId, 5);
  assert.deepEqual(record.payload, { extra: 1, x: 2, envelope: ['more'] });
});

void test('request codes mean what their generation means by them', () => {
  const type = (body: object, channel = 'socket.io-request#/#'): string | undefined =>
    decode(json(body), channel).type;
  assert.equal(type({ requestid: 'a', type: 2 }), 'allRooms');
  assert.equal(type({ requestid: 'a', type: 5, data: null }), 'customRequest');
  assert.equal(type({ requestId: 'a', type: 5, opts: {} }), 'REMOTE_FETCH');
  assert.equal(type({ type: 2, opts: { rooms: [], except: [] }, rooms: ['x'] }), 'REMOTE_JOIN');
  assert.equal(type({ uid: 'abcdef', type: 6, data: ['hi'] }), 'SERVER_SIDE_EMIT');
  assert.equal(type({ transaction: 'x', rooms: [] }, 'socket.io-sync#request#/#'), 'clients');
});

void test('rooms to join are payload, rooms that select are rooms', () => {
  const join = decode(
    json({ type: 2, opts: { rooms: ['sel'], except: ['not'] }, rooms: ['x1', 'x2'] }),
    'socket.io-request#/#',
  );
  assert.deepEqual(join.rooms, ['sel']);
  assert.deepEqual(join.except, ['not']);
  assert.deepEqual(join.payload, { rooms: ['x1', 'x2'] });
  const sockets = decode(json({ requestId: 'a', type: 0, rooms: ['lobby'] }), 'socket.io-request#/#');
  assert.deepEqual(sockets.rooms, ['lobby']);
  assert.equal(sockets.payload, undefined);
});

void test('a broadcast with acknowledgement is a request that shows its event', () => {
  const hex =
    '85a3756964a64c6e48326358a9726571756573744964a64b6150676e43a47479706507a67061636b657483a47479706502a46461746193a76e65656461636ba6706c65617365c40107a36e7370a12fa46f70747383a5726f6f6d7390a665786365707490a5666c61677381a774696d656f7574cd02bc';
  const record = decode(hex, 'socket.io-request#/#');
  assert.equal(record.kind, 'request');
  assert.equal(record.type, 'BROADCAST');
  assert.equal(record.requestId, 'KaPgnC');
  assert.equal(record.event, 'needack');
  assert.deepEqual(record.args, ['please', { $binary: { base64: 'Bw==', subType: '00' } }]);
  assert.deepEqual(record.flags, { timeout: 700 });
});

void test('responses are named by their number, or by the one request that their body answers', () => {
  const response = (body: object, channel = 'socket.io-response#/#'): InspectRecord =>
    decode(json(body), channel);
  assert.equal(response({ type: 8, requestId: 'a', clientCount: 1 }).type, 'BROADCAST_CLIENT_COUNT');
  assert.equal(response({ requestId: 'a', sockets: ['x'] }).type, 'SOCKETS');
  assert.equal(response({ requestId: 'a', sockets: [{ id: 'x' }] }).type, 'REMOTE_FETCH');
  assert.equal(response({ requestId: 'a', sockets: [] }).type, undefined);
  assert.equal(response({ requestid: 'a' }).type, undefined);
  const own = response({ requestId: 'KbgYgM', rooms: ['r'] }, 'socket.io-response#/#7fIhbU#');
  assert.equal(own.room, undefined);
  assert.deepEqual(own.payload, { rooms: ['r'] });
  assert.deepEqual(own.inferred, ['type']);
  const sync = response({ clients: [] }, 'socket.io-sync#response#oaf7iC');
  assert.equal(sync.requestId, 'oaf7iC');
  assert.equal(sync.type, 'clients');
});

void test('what cannot be read on an adapter channel is undecoded with its bytes, the reason and what was tried', () => {
  const record = decode(Buffer.from('hello'), 'socket.io#/#');
  assert.equal(record.kind, 'undecoded');
  assert.equal(record.raw, Buffer.from('hello').toString('base64'));
  assert.equal(record.error?.code, 'trailing-bytes');
  assert.equal(record.error.offset, 1);
  assert.ok(record.error.tried.length > 0);
});

void test('an empty payload is undecoded, and says so', () => {
  assert.equal(decode(new Uint8Array(), 'socket.io#/#').error?.code, 'empty');
});
