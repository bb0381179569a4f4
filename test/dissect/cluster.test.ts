import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import notepack from 'notepack.io';
import { Memory } from '../../src/dissect/memory.ts';
import { dissect } from '../../src/dissect/registry.ts';
import type { Frame } from '../../src/model/frame.ts';
import { assertTruncationsKept, bare, dissectPlainly, frameOf } from './plain.ts';

/** Printed by MONITOR while the published packages ran. */
const LINES = {
  oldRoom: String.raw`1795376087.509182 [0 127.0.0.1:34334] "SPUBLISH" "socket.io#/#room1#" "{\"uid\":\"d1bc2214367d7030\",\"type\":3,\"data\":{\"packet\":{\"type\":2,\"data\":[\"one room\",{\"a\":1}]},\"opts\":{\"rooms\":[\"room1\"],\"except\":[],\"flags\":{}}}}"`,
  oldResponse: String.raw`1795376089.727668 [0 127.0.0.1:34354] "SPUBLISH" "socket.io#/#d1bc2214367d7030#" "{\"type\":10,\"data\":{\"requestId\":\"d08a5ae478aa0f23\",\"packet\":{\"pong\":\"q\"}}}"`,
  emit: String.raw`1795376092.183392 [0 127.0.0.1:34382] "SPUBLISH" "socket.io#/#" "{\"type\":3,\"data\":{\"packet\":{\"type\":2,\"data\":[\"hello\",\"world\",42]},\"opts\":{\"rooms\":[],\"except\":[],\"flags\":{}}},\"uid\":\"eec1d49094211575\",\"nsp\":\"/\"}"`,
  binary: String.raw`1795376092.465786 [0 127.0.0.1:34382] "SPUBLISH" "socket.io#/#" "\x84\xa4type\x03\xa4data\x82\xa6packet\x82\xa4type\x02\xa4data\x92\xa6binary\xc4\x06\x00\n\r\"\\\xff\xa4opts\x83\xa5rooms\x90\xa6except\x90\xa5flags\x80\xa3uid\xb0eec1d49094211575\xa3nsp\xa1/"`,
  onMain: String.raw`1795376092.323257 [0 127.0.0.1:34382] "SPUBLISH" "socket.io#/#" "{\"type\":3,\"data\":{\"packet\":{\"type\":2,\"data\":[\"looks like a sid\",1]},\"opts\":{\"rooms\":[\"exactly-20-chars-lon\"],\"except\":[],\"flags\":{}}},\"uid\":\"eec1d49094211575\",\"nsp\":\"/\"}"`,
  privateRoom: String.raw`1795376101.289252 [0 127.0.0.1:48302] "spublish" "myapp#/#DxBY3X4mzLbvoFLbAAAA#" "{\"type\":3,\"data\":{\"packet\":{\"type\":2,\"data\":[\"private\",\"dm\"]},\"opts\":{\"rooms\":[\"DxBY3X4mzLbvoFLbAAAA\"],\"except\":[],\"flags\":{}}},\"uid\":\"e2f28cc9ddc35157\",\"nsp\":\"/\"}"`,
  join: String.raw`1795376093.501822 [0 127.0.0.1:34382] "SPUBLISH" "socket.io#/#" "{\"type\":4,\"data\":{\"opts\":{\"rooms\":[\"room \\\"q\\\" \xc3\xa9\"],\"except\":[],\"flags\":{}},\"rooms\":[\"x1\",\"x 2#\"]},\"uid\":\"eec1d49094211575\",\"nsp\":\"/\"}"`,
  fetch: String.raw`1795376094.809793 [0 127.0.0.1:34382] "SPUBLISH" "socket.io#/#" "{\"type\":7,\"data\":{\"opts\":{\"rooms\":[],\"except\":[],\"flags\":{}},\"requestId\":\"af01b6c3255d88ac\"},\"uid\":\"eec1d49094211575\",\"nsp\":\"/\"}"`,
  nobody: String.raw`1795376094.999253 [0 127.0.0.1:34414] "SPUBLISH" "socket.io#/#eec1d49094211575#" "{\"type\":8,\"data\":{\"requestId\":\"ca60483b34bc2ea6\",\"sockets\":[]},\"uid\":\"3431788c9cc5305f\",\"nsp\":\"/\"}"`,
  ack: String.raw`1795376095.189441 [0 127.0.0.1:34414] "SPUBLISH" "socket.io#/#eec1d49094211575#" "\x84\xa4type\x0c\xa4data\x82\xa9requestId\xb0bb0e9d18bea988bd\xa6packet\x81\xa2ok\x92\xa6please\xc4\x01\a\xa3uid\xb03431788c9cc5305f\xa3nsp\xa1/"`,
  streamsEmit: String.raw`1795376120.685998 [0 127.0.0.1:50068] "PUBLISH" "socket.io#/#" "\x84\xa4type\t\xa4data\x82\xa9requestId\xb0d341cada4835035f\xa6packet\x92\xa4ping\xa1q\xa3uid\xb0a6d4f15e2d568cb3\xa3nsp\xa1/"`,
  streamsReply: String.raw`1795376120.687065 [0 127.0.0.1:50094] "PUBLISH" "socket.io#/#a6d4f15e2d568cb3#" "\x84\xa4type\n\xa4data\x82\xa9requestId\xb0d341cada4835035f\xa6packet\x81\xa4pong\xa1q\xa3uid\xb03312e5945eaef907\xa3nsp\xa1/"`,
  streamsSharded: String.raw`1795376125.288315 [0 127.0.0.1:50136] "spublish" "myapp#/#" "\x84\xa4type\a\xa4data\x82\xa4opts\x83\xa5rooms\x90\xa6except\x90\xa5flags\x80\xa9requestId\xb0a78ee637b6a96f92\xa3uid\xb0b60da54492d9e65a\xa3nsp\xa1/"`,
};

const CLASSIC = String.raw`1795376000.000000 [0 127.0.0.1:47326] "publish" "socket.io#/#" "\x93\xa6VTe3yB\x83\xa4type\x02\xa4data\x92\xa5hello\x01\xa3nsp\xa1/\x83\xa5rooms\x90\xa6except\x90\xa5flags\x80"`;
const CLASSIC_JSON = String.raw`1795376000.000000 [0 127.0.0.1:47326] "publish" "socket.io#/#" "[\"VTe3yB\",{\"type\":2,\"data\":[\"hello\",1],\"nsp\":\"/\"},{\"rooms\":[],\"except\":[],\"flags\":{}}]"`;

const EMPTY_SELECTION = { rooms: [], except: [], flags: {} };
const SHARDED = { adapter: 'redis-sharded', version: '@socket.io/redis-adapter ≥ 8.3' };
const STREAMS = { adapter: 'redis-streams', version: '@socket.io/redis-streams-adapter ≥ 0.3' };

/** notepack.io's types say `any`. */
const encodeNotepack: (value: unknown) => Uint8Array = notepack.encode;

function published(command: string, channel: string, body: unknown): Frame {
  return {
    via: 'monitor',
    command,
    channel: Buffer.from(channel),
    payload: typeof body === 'string' ? Buffer.from(body) : encodeNotepack(body),
  };
}

describe('cluster, sharded adapter', () => {
  it('takes the namespace of 8.2 from the channel', () => {
    assert.deepEqual(dissectPlainly(LINES.oldRoom), {
      kind: 'broadcast',
      adapter: 'redis-sharded',
      version: '@socket.io/redis-adapter 8.2.x',
      encoding: 'json',
      key: 'socket.io',
      typeCode: 3,
      uid: 'd1bc2214367d7030',
      nsp: '/',
      room: 'room1',
      packetType: 2,
      event: 'one room',
      args: [{ a: 1 }],
      rooms: ['room1'],
      except: [],
      flags: {},
      inferred: ['version'],
    });
  });

  it('reads a response of 8.2, which says neither sender nor namespace, and takes the uid in the channel for no room', () => {
    assert.deepEqual(dissectPlainly(LINES.oldResponse), {
      kind: 'response',
      adapter: 'redis-sharded',
      version: '@socket.io/redis-adapter 8.2.x',
      encoding: 'json',
      key: 'socket.io',
      type: 'SERVER_SIDE_EMIT_RESPONSE',
      typeCode: 10,
      nsp: '/',
      requestId: 'd08a5ae478aa0f23',
      payload: { packet: { pong: 'q' } },
      inferred: ['version'],
    });
  });

  it('reads JSON and msgpack of one server', () => {
    const common = {
      kind: 'broadcast',
      ...SHARDED,
      key: 'socket.io',
      typeCode: 3,
      uid: 'eec1d49094211575',
      nsp: '/',
      packetType: 2,
      ...EMPTY_SELECTION,
      inferred: ['version'],
    };
    assert.deepEqual(dissectPlainly(LINES.emit), {
      ...common,
      encoding: 'json',
      event: 'hello',
      args: ['world', 42],
    });
    assert.deepEqual(dissectPlainly(LINES.binary), {
      ...common,
      encoding: 'msgpack',
      event: 'binary',
      args: [{ hex: '000a0d225cff' }],
    });
  });

  it('names a room only where the channel narrows to one', () => {
    const onMain = dissectPlainly(LINES.onMain);
    assert.deepEqual([onMain.room, onMain.rooms], [undefined, ['exactly-20-chars-lon']]);
    const direct = dissectPlainly(LINES.privateRoom);
    assert.deepEqual([direct.key, direct.room], ['myapp', 'DxBY3X4mzLbvoFLbAAAA']);
  });

  it('tells the rooms to join from the rooms that are meant', () => {
    const { rooms, payload, kind, type, typeCode } = dissectPlainly(LINES.join);
    assert.deepEqual([kind, type, typeCode], ['request', 'SOCKETS_JOIN', 4]);
    assert.deepEqual(rooms, ['room "q" é']);
    assert.deepEqual(payload, { rooms: ['x1', 'x 2#'] });
  });

  it('reads a question, an answer, and an acknowledgement with binary', () => {
    const fetch = dissectPlainly(LINES.fetch);
    assert.deepEqual(
      [fetch.kind, fetch.type, fetch.requestId, fetch.payload],
      ['request', 'FETCH_SOCKETS', 'af01b6c3255d88ac', undefined],
    );
    const nobody = dissectPlainly(LINES.nobody);
    assert.deepEqual(
      [nobody.kind, nobody.room, nobody.uid, nobody.payload],
      ['response', undefined, '3431788c9cc5305f', { sockets: [] }],
    );
    assert.deepEqual(dissectPlainly(LINES.ack), {
      kind: 'response',
      ...SHARDED,
      encoding: 'msgpack',
      key: 'socket.io',
      type: 'BROADCAST_ACK',
      typeCode: 12,
      uid: '3431788c9cc5305f',
      nsp: '/',
      requestId: 'bb0e9d18bea988bd',
      payload: { packet: { ok: ['please', { hex: '07' }] } },
      inferred: ['adapter', 'version'],
    });
  });

  it('takes a broadcast that asks for acknowledgements for a request, all its fields kept', () => {
    const data = {
      packet: { type: 2, data: ['please', 1] },
      requestId: 'bb0e9d18bea988bd',
      opts: { rooms: ['a'], except: ['b'], flags: { timeout: 500 } },
    };
    const body = JSON.stringify({ type: 3, data, uid: 'eec1d49094211575', nsp: '/chat' });
    assert.deepEqual(dissectPlainly(published('SPUBLISH', 'socket.io#/chat#', body)), {
      kind: 'request',
      ...SHARDED,
      encoding: 'json',
      key: 'socket.io',
      type: 'BROADCAST',
      typeCode: 3,
      uid: 'eec1d49094211575',
      nsp: '/chat',
      packetType: 2,
      event: 'please',
      args: [1],
      rooms: ['a'],
      except: ['b'],
      flags: { timeout: 500 },
      requestId: 'bb0e9d18bea988bd',
      inferred: ['version'],
    });
  });

  it('keeps what it has no name for, inside and outside of data', () => {
    const body = JSON.stringify({
      type: 6,
      data: { opts: { rooms: ['a'], note: 1 }, close: true, why: 'x' },
      uid: 7,
      nsp: '/',
      trace: 'abc',
    });
    const message = dissectPlainly(published('SPUBLISH', 'socket.io#/#', body));
    assert.equal(message.uid, undefined);
    assert.deepEqual(message.payload, { note: 1, close: true, why: 'x', uid: 7, trace: 'abc' });
  });

  it('loses nothing where data and envelope have a field of one name', () => {
    const body = { type: 6, data: { close: true, why: 'inner' }, uid: 'u', nsp: '/', why: 'outer' };
    const message = dissectPlainly(published('SPUBLISH', 'socket.io#/#', JSON.stringify(body)));
    assert.deepEqual(message.payload, { close: true, why: 'inner', envelope: body });
  });

  it('reads a prefix that ends like a classic request channel', () => {
    const message = dissectPlainly(
      published('SPUBLISH', 'my-request#/#room1#', frameOf(LINES.emit).payload?.toString() ?? ''),
    );
    assert.deepEqual([message.key, message.nsp, message.adapter], ['my-request', '/', 'redis-sharded']);
  });

  it('spells nothing for the sender: a key of the Go port stays as it is', () => {
    const body = JSON.stringify({
      type: 11,
      data: { requestId: 'r', clientcount: 2 },
      uid: 'u',
      nsp: '/',
    });
    const message = dissectPlainly(published('SPUBLISH', 'socket.io#/#0123456789abcdef#', body));
    assert.deepEqual([message.type, message.payload], ['BROADCAST_CLIENT_COUNT', { clientcount: 2 }]);
  });
});

describe('cluster, pub/sub of the streams adapter', () => {
  it('reads a request and its answer', () => {
    assert.deepEqual(dissectPlainly(LINES.streamsEmit), {
      kind: 'request',
      ...STREAMS,
      encoding: 'msgpack',
      key: 'socket.io',
      type: 'SERVER_SIDE_EMIT',
      typeCode: 9,
      uid: 'a6d4f15e2d568cb3',
      nsp: '/',
      event: 'ping',
      args: ['q'],
      requestId: 'd341cada4835035f',
      inferred: ['version'],
    });
    const reply = dissectPlainly(LINES.streamsReply);
    assert.deepEqual(
      [reply.kind, reply.room, reply.payload],
      ['response', undefined, { packet: { pong: 'q' } }],
    );
  });

  it('knows useShardedPubSub by what the sharded adapter would have written as JSON', () => {
    const message = dissectPlainly(LINES.streamsSharded);
    assert.deepEqual(
      [message.adapter, message.version, message.inferred, message.key],
      [STREAMS.adapter, STREAMS.version, ['adapter', 'version'], 'myapp'],
    );
  });

  it('remembers which adapter a sender has, where binary makes both write alike', () => {
    const memory = new Memory();
    dissect(frameOf(LINES.streamsEmit), { memory });
    const data = { requestId: 'r', packet: ['x', Buffer.from([1])] };
    const ask = published('SPUBLISH', 'socket.io#/#', { type: 9, data, uid: 'a6d4f15e2d568cb3', nsp: '/' });
    assert.equal(dissectPlainly(ask, { memory }).adapter, 'redis-streams');
    assert.equal(dissectPlainly(ask).adapter, 'redis-sharded');
    const stored = new Memory();
    const entry = '1.000000 [0 lua] "XADD" "events" "*" "uid" "a6d4f15e2d568cb3" "nsp" "/" "type" "2"';
    dissect(frameOf(entry), { memory: stored });
    assert.equal(dissectPlainly(ask, { memory: stored }).adapter, 'redis-streams');
  });

  it('is told apart from classic traffic on the same channel, message by message', () => {
    const memory = new Memory();
    const adapters = [CLASSIC, LINES.streamsEmit, CLASSIC_JSON, LINES.streamsReply, CLASSIC].map(
      (line) => dissectPlainly(line, { memory }).adapter,
    );
    assert.deepEqual(adapters, ['redis', 'redis-streams', 'redis', 'redis-streams', 'redis']);
  });

  it('leaves answers of the classic adapter on its channels alone', () => {
    const answer = JSON.stringify({ type: 6, requestId: 'abc', data: { opts: {}, close: true } });
    const message = dissectPlainly(published('PUBLISH', 'socket.io-response#/#', answer));
    assert.deepEqual([message.adapter, message.type], ['redis', 'SERVER_SIDE_EMIT']);
  });

  it("takes a stranger's map for nobody's message", () => {
    const strange = JSON.stringify({ type: 4, data: { rooms: ['kitchen'] } });
    assert.equal(dissect(published('PUBLISH', 'orders', strange)), undefined);
    assert.equal(
      dissect(published('PUBLISH', 'orders', JSON.stringify({ type: 99, uid: 'u', nsp: '/' }))),
      undefined,
    );
  });
});

describe('cluster, anywhere', () => {
  it('infers the adapter of a pasted payload', () => {
    const seen = (line: string): unknown => {
      const { adapter, inferred, nsp, key } = dissectPlainly(bare(frameOf(line).payload ?? ''));
      return [adapter, inferred, nsp, key];
    };
    assert.deepEqual(seen(LINES.emit), ['redis-sharded', ['adapter', 'version'], '/', undefined]);
    assert.deepEqual(seen(LINES.oldResponse), [
      'redis-sharded',
      ['adapter', 'version'],
      undefined,
      undefined,
    ]);
    assert.deepEqual(seen(LINES.streamsEmit), ['redis-streams', ['adapter', 'version'], '/', undefined]);
    assert.deepEqual(seen(LINES.binary), ['redis-sharded', ['adapter', 'version'], '/', undefined]);
  });

  it('gives each code its kind and name', () => {
    const cases: [number, object | undefined, string, string | undefined][] = [
      [1, undefined, 'cluster', 'INITIAL_HEARTBEAT'],
      [2, undefined, 'cluster', 'HEARTBEAT'],
      [3, { packet: { type: 2, data: ['e'] } }, 'broadcast', undefined],
      [4, { rooms: ['a'] }, 'request', 'SOCKETS_JOIN'],
      [5, { opts: {} }, 'request', 'SOCKETS_LEAVE'],
      [6, { close: true }, 'request', 'DISCONNECT_SOCKETS'],
      [7, { requestId: 'r' }, 'request', 'FETCH_SOCKETS'],
      [8, { requestId: 'r', sockets: [] }, 'response', 'FETCH_SOCKETS_RESPONSE'],
      [9, { packet: ['e'] }, 'request', 'SERVER_SIDE_EMIT'],
      [10, { requestId: 'r' }, 'response', 'SERVER_SIDE_EMIT_RESPONSE'],
      [11, { requestId: 'r', clientCount: 0 }, 'response', 'BROADCAST_CLIENT_COUNT'],
      [12, { requestId: 'r' }, 'response', 'BROADCAST_ACK'],
      [13, undefined, 'cluster', 'ADAPTER_CLOSE'],
    ];
    for (const [code, data, kind, type] of cases) {
      for (const command of ['SPUBLISH', 'SMESSAGE', 'PUBLISH', 'PMESSAGE', 'MESSAGE']) {
        const frame = published(command, 'p#/#', { type: code, data, uid: 'u', nsp: '/' });
        const message = dissectPlainly(frame);
        assert.deepEqual([message.kind, message.type, message.typeCode], [kind, type, code], command);
      }
    }
  });

  it('says why a message of the wrong shape is none, and where', () => {
    const cases: [unknown, RegExp][] = [
      [{ type: 14, data: {} }, /no message type 14/],
      [{ type: 3, data: [] }, /BROADCAST has no map as data/],
      [{ type: 3, data: { packet: { type: 2 } } }, /no list as data/],
      [{ type: 9, data: { packet: {} } }, /no list as packet/],
      [{ type: 4, data: { rooms: [], opts: 5 } }, /options are no map/],
      [{ type: 8, data: {} }, /carries no requestId/],
      [{ type: 2 }, /no sender/],
      [{ type: '3' }, /no number as type/],
      [[1], /array stands where a map should/],
    ];
    for (const [body, why] of cases) {
      const message = dissect(published('SPUBLISH', 'socket.io#/#', JSON.stringify(body)));
      assert.equal(message?.kind, 'undecoded');
      const tried = message.error?.tried.find(({ as }) => as.includes('ClusterAdapter'));
      assert.match(tried?.why ?? '', why);
    }
  });

  it('keeps every truncation as undecoded', () => {
    for (const line of Object.values(LINES)) assertTruncationsKept(line);
  });

  it('reads deep and hostile maps without harm', () => {
    const deep = `{"type":10,"data":{"requestId":"r","packet":${'['.repeat(5000)}`;
    assert.equal(dissect(published('SPUBLISH', 'a#/#', deep))?.error?.code, 'too-deep');
    const proto = '{"type":10,"data":{"requestId":"r","__proto__":{"polluted":1}},"uid":"u","nsp":"/"}';
    const message = dissect(published('SPUBLISH', 'a#/#', proto));
    assert.equal(message?.payload?.[0]?.[0], '__proto__');
    assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false);
  });
});
