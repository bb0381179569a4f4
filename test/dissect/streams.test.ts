import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encode } from '@msgpack/msgpack';
import { dissect } from '../../src/dissect/registry.ts';
import type { Frame } from '../../src/model/frame.ts';
import { assertTruncationsKept, dissectPlainly, frameOf } from './plain.ts';

/** Printed by MONITOR while the published packages ran. */
const LINES = {
  start:
    '1795376104.319470 [0 127.0.0.1:48342] "XADD" "socket.io" "MAXLEN" "~" "10000" "*" "uid" "9bc8f7317b2d15db" "nsp" "/" "type" "1"',
  response: String.raw`1795376106.388364 [0 127.0.0.1:48364] "XADD" "socket.io" "MAXLEN" "~" "10000" "*" "uid" "a5734417c54ba224" "nsp" "/" "type" "10" "data" "{\"requestId\":\"ffabbfd28058595f\",\"packet\":{\"pong\":\"q\"}}"`,
  emit: String.raw`1795376108.981664 [0 127.0.0.1:34854] "XADD" "socket.io" "MAXLEN" "~" "10000" "*" "uid" "8df1dccfc41dda3e" "nsp" "/" "type" "3" "data" "{\"packet\":{\"type\":2,\"data\":[\"one room\",{\"a\":1}]},\"opts\":{\"rooms\":[\"room1\"],\"except\":[],\"flags\":{}}}"`,
  binary:
    '1795376109.231544 [0 127.0.0.1:34854] "XADD" "socket.io" "MAXLEN" "~" "10000" "*" "uid" "8df1dccfc41dda3e" "nsp" "/" "type" "3" "data" "gqZwYWNrZXSCpHR5cGUCpGRhdGGSpmJpbmFyecQGAAoNIlz/pG9wdHODpXJvb21zkKZleGNlcHSQpWZsYWdzgA=="',
  close:
    '1795376112.511504 [0 127.0.0.1:34854] "XADD" "socket.io" "MAXLEN" "~" "10000" "*" "uid" "d744795e6927f8f1" "nsp" "/admin" "type" "13"',
  plaintext: String.raw`1795376127.623534 [0 127.0.0.1:57750] "XADD" "socket.io" "MAXLEN" "~" "10000" "*" "uid" "90c6b2844a3ddbe3" "nsp" "/" "type" "3" "data" "{\"packet\":{\"type\":2,\"data\":[\"binary\",{\"type\":\"Buffer\",\"data\":[0,10,13,34,92,255]}]},\"opts\":{\"rooms\":[],\"except\":[],\"flags\":{}}}"`,
};

const BOTH_OLD = '@socket.io/redis-streams-adapter 0.1.x or 0.2.x';

function entryOn(stream: string, ...fields: [string, string | Uint8Array][]): Frame {
  const bytes = fields.map(([name, value]) => [Buffer.from(name), Buffer.from(value)] as const);
  const payload = bytes.find(([name]) => name.toString() === 'data')?.[1];
  const frame: Frame = { via: 'stream', channel: Buffer.from(stream), entry: { id: '1-0', fields: bytes } };
  return payload === undefined ? frame : { ...frame, payload };
}

function broadcastOn(stream: string, nsp: string): Frame {
  const data = JSON.stringify({ packet: { type: 2, data: ['e'] }, opts: {} });
  return entryOn(stream, ['uid', 'u'], ['nsp', nsp], ['type', '3'], ['data', data]);
}

describe('streamEntry', () => {
  it('reads a broadcast: no room in the name of a stream, and nothing that tells the version', () => {
    assert.deepEqual(dissectPlainly(LINES.emit), {
      kind: 'broadcast',
      adapter: 'redis-streams',
      encoding: 'json',
      key: 'socket.io',
      typeCode: 3,
      uid: '8df1dccfc41dda3e',
      nsp: '/',
      packetType: 2,
      event: 'one room',
      args: [{ a: 1 }],
      rooms: ['room1'],
      except: [],
      flags: {},
    });
  });

  it('reads base64 of msgpack, and says so in the body', () => {
    const message = dissectPlainly(LINES.binary);
    assert.deepEqual([message.encoding, message.args], ['msgpack', [{ hex: '000a0d225cff' }]]);
    const body = dissect(frameOf(LINES.binary))?.body;
    assert.equal(body?.wrapped, 'base64');
    assert.equal(body.root.length, body.bytes.length);
    assert.equal(body.bytes[0], 0x82);
    assert.equal(dissect(frameOf(LINES.emit))?.body?.wrapped, undefined);
  });

  it('shows the buffers of onlyPlaintext as they are stored', () => {
    assert.deepEqual(dissectPlainly(LINES.plaintext).args, [
      { type: 'Buffer', data: [0, 10, 13, 34, 92, 255] },
    ]);
  });

  it('reads heartbeats and the end of an adapter, which have no data', () => {
    assert.deepEqual(dissectPlainly(LINES.start), {
      kind: 'cluster',
      adapter: 'redis-streams',
      version: BOTH_OLD,
      key: 'socket.io',
      type: 'INITIAL_HEARTBEAT',
      typeCode: 1,
      uid: '9bc8f7317b2d15db',
      nsp: '/',
      inferred: ['version'],
    });
    const close = dissectPlainly(LINES.close);
    assert.deepEqual(
      [close.kind, close.type, close.nsp, close.version],
      ['cluster', 'ADAPTER_CLOSE', '/admin', '@socket.io/redis-streams-adapter 0.2.x'],
    );
  });

  it('reads an answer that 0.1 and 0.2 put into the stream', () => {
    const message = dissectPlainly(LINES.response);
    assert.deepEqual(
      [message.kind, message.type, message.requestId, message.version, message.payload],
      ['response', 'SERVER_SIDE_EMIT_RESPONSE', 'ffabbfd28058595f', BOTH_OLD, { packet: { pong: 'q' } }],
    );
  });

  it('keeps further fields of the entry, also those that are no text', () => {
    const frame = entryOn(
      's',
      ['uid', 'u'],
      ['nsp', '/'],
      ['type', '2'],
      ['trace', 'abc'],
      ['raw', Buffer.from([0xff])],
    );
    const payload = dissect(frame)?.payload ?? [];
    assert.deepEqual(
      payload.map(([name, value]) => [name, value.type === 'str' ? value.value : value.type]),
      [
        ['trace', 'abc'],
        ['raw', '\ufffd'],
      ],
    );
    const raw = payload[1]?.[1];
    assert.deepEqual(raw?.type === 'str' && raw.bytes && [...raw.bytes], [0xff]);
  });

  it('joins the streams of streamCount under their common name', () => {
    const seen = dissectPlainly(broadcastOn('socket.io-3', '/'));
    assert.deepEqual(
      [seen.key, seen.version, seen.findings],
      ['socket.io', '@socket.io/redis-streams-adapter ≥ 0.3', undefined],
    );
    const named = dissectPlainly(broadcastOn('orders-1', '/'), { keys: ['orders-1'] });
    assert.deepEqual([named.key, named.version], ['orders-1', undefined]);
  });

  it('warns of a stream that no server reads', () => {
    const lost = dissect(broadcastOn('socket.io--3', '/my-namespace'));
    assert.equal(lost?.key, 'socket.io');
    assert.deepEqual(
      lost.findings?.map(({ code, severity }) => [code, severity]),
      [['unread-stream', 'warning']],
    );
    const innocent = dissect(broadcastOn('socket.io--3', '/chat'));
    assert.equal(innocent?.findings, undefined, 'the hash of /chat is positive: that is just a name');
  });

  it("leaves entries alone that are somebody else's", () => {
    assert.equal(dissect(entryOn('orders', ['id', '7'])), undefined);
    assert.equal(dissect(entryOn('orders', ['uid', 'u'], ['type', '3'])), undefined);
    assert.equal(dissect(entryOn('orders', ['uid', 'u'], ['nsp', '/'], ['type', '99'])), undefined);
    assert.equal(dissect(entryOn('socketio', ['id', '7'])), undefined, "python's channel is no stream");
  });

  it("shows every field of what cannot be read on an adapter's stream", () => {
    const frame = entryOn('socket.io', ['id', '7'], ['data', 'what']);
    assert.deepEqual(dissectPlainly(frame), {
      kind: 'undecoded',
      key: 'socket.io',
      raw: Buffer.from('what'),
      error: {
        code: 'wrong-shape',
        message: 'Not a stream entry {uid, nsp, type, data}: the entry has no field "nsp".',
        tried: [{ as: 'stream entry {uid, nsp, type, data}', why: 'the entry has no field "nsp"' }],
      },
      payload: { id: '7' },
    });
    const named = dissect(entryOn('mine', ['id', '7']), { keys: ['mine'] });
    assert.equal(named?.kind, 'undecoded');
  });

  it('places what is wrong in the stored text, not in the bytes that it stands for', () => {
    const fields = (data: string): Frame =>
      entryOn('socket.io', ['uid', 'u'], ['nsp', '/'], ['type', '3'], ['data', data]);
    const notBase64 = dissect(fields('gqZw!WNr'))?.error;
    assert.deepEqual([notBase64?.code, notBase64?.offset], ['bad-base64', 4]);
    const cut = dissect(fields(Buffer.from([0x81, 0xa1, 0x61, 0xa3, 0x61]).toString('base64')))?.error;
    assert.deepEqual([cut?.code, cut?.offset], ['truncated', 5]);
    const big = encode({ packet: { type: 2, data: ['e', 2n ** 63n] } }, { useBigInt64: true });
    const at = Buffer.from(big).indexOf(0xcf);
    const finding = dissect(fields(Buffer.from(big).toString('base64')))?.findings?.[0];
    assert.deepEqual([finding?.code, finding?.offset], ['big-integer', Math.floor((at * 4) / 3)]);
  });

  it('says what a message lacks', () => {
    const lacking = (type: string): string | undefined =>
      dissect(entryOn('socket.io', ['uid', 'u'], ['nsp', '/'], ['type', type]))?.error?.message;
    assert.match(lacking('3') ?? '', /BROADCAST has no map as data/);
    assert.match(lacking('14') ?? '', /no message type 14/);
    assert.match(lacking('three') ?? '', /no number as type/);
  });

  it('keeps every truncation as undecoded', () => {
    for (const line of [LINES.response, LINES.emit, LINES.binary, LINES.plaintext])
      assertTruncationsKept(line);
  });
});
