import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encode } from '@msgpack/msgpack';
import { dissect } from '../../src/dissect/registry.ts';
import type { Frame } from '../../src/model/frame.ts';
import { bare, dissectPlainly } from './plain.ts';

const NODE = 'AAAAAAAAAAAAAAAB';
const ID = 'AAAAAAAAAAAAAAAC';

function on(channel: string, body: unknown): Frame {
  return {
    via: 'shard',
    command: 'SMESSAGE',
    channel: Buffer.from(channel),
    payload: Buffer.from(encode(body)),
  };
}

function request(body: unknown): Record<string, unknown> {
  return dissectPlainly(on('socket.io-request#/chat#', body));
}

/** rmp-serde writes the text as a list of numbers. */
function text(value: unknown, attachments: unknown = null): unknown[] {
  return [0, [...Buffer.from(JSON.stringify(value))], attachments];
}

describe('socketioxide', () => {
  it('reads a broadcast: the event out of its list of bytes, its selection, its flags', () => {
    const body = [
      NODE,
      ID,
      0,
      ['/chat', 2, text(['hello', 'wörld', { a: 1 }]), null, null],
      null,
      [5, ['r1'], ['r2'], 'S', null],
    ];
    const expected = {
      kind: 'broadcast',
      adapter: 'socketioxide',
      encoding: 'msgpack',
      typeCode: 0,
      uid: NODE,
      requestId: ID,
      nsp: '/chat',
      packetType: 2,
      event: 'hello',
      args: ['wörld', { a: 1 }],
      rooms: ['r1'],
      except: ['r2'],
      flags: { local: true, volatile: true },
      payload: { sid: 'S' },
    };
    assert.deepEqual(request(body), { ...expected, key: 'socket.io' });
    assert.deepEqual(dissectPlainly(bare(encode(body))), expected);
  });

  it('puts attachments into the text, and reads what the msgpack parser wrote', () => {
    const placeholder = { _placeholder: true, num: 0 };
    const packet = ['/', 5, text(['file', placeholder], [Buffer.from([1, 2])]), 7, null];
    const message = request([NODE, ID, 1, packet, null, [0, [], [], null, null]]);
    assert.deepEqual(
      [message.kind, message.type, message.args, message.ackId, message.nsp],
      ['request', 'BroadcastWithAck', [{ hex: '0102' }], 7, '/'],
    );
    const inner = [...encode({ type: 2, nsp: '/', data: ['ping', 1] })];
    const msgpack = request([NODE, ID, 0, ['/', 2, [1, inner, null], null, null], null, null]);
    assert.deepEqual([msgpack.event, msgpack.args], ['ping', [1]]);
  });

  it('numbers its requests in its own way', () => {
    const types = [2, 3, 4, 5, 6, 20, 21].map((code) => {
      const message = request([NODE, ID, code, null, code === 4 || code === 5 ? ['x'] : null, null]);
      assert.equal(message.typeCode, code);
      return `${String(message.kind)} ${String(message.type)} ${JSON.stringify(message.payload ?? {})}`;
    });
    assert.deepEqual(types, [
      'request DisconnectSockets {}',
      'request AllRooms {}',
      'request AddSockets {"rooms":["x"]}',
      'request DelSockets {"rooms":["x"]}',
      'request FetchSockets {}',
      'cluster Heartbeat {}',
      'cluster InitHeartbeat {}',
    ]);
  });

  it('reads responses', () => {
    const channel = `socket.io-response#/#${NODE}#`;
    const answers: [number, unknown, string, unknown][] = [
      [
        0,
        ['sid', { Ok: [0, [91, 93], null] }],
        'BroadcastAck',
        { sid: 'sid', result: { Ok: [0, [91, 93], null] } },
      ],
      [1, 3, 'BroadcastAckCount', { count: 3 }],
      [2, ['a'], 'AllRooms', { rooms: ['a'] }],
      [3, [['id', 'node', '/']], 'FetchSockets', { sockets: [['id', 'node', '/']] }],
    ];
    for (const [code, value, type, payload] of answers) {
      const message = dissectPlainly(on(channel, [ID, [NODE, [code, value]]]));
      assert.deepEqual(
        [message.kind, message.adapter, message.type, message.requestId, message.uid, message.payload],
        ['response', 'socketioxide', type, ID, NODE, payload],
      );
    }
  });

  it('says why a list of six is none of its requests', () => {
    const message = dissect(on('socket.io-request#/#', [NODE, ID, 9, null, null, null]));
    assert.equal(message?.kind, 'undecoded');
    assert.ok(
      message.error?.tried.some(({ as, why }) => as.includes('socketioxide') && why.includes('type')),
    );
    const data = [0, [0x7b], null];
    const broken = request([NODE, ID, 0, ['/', 2, data, null, null], null, null]);
    assert.deepEqual(broken.payload, { data });
    assert.equal((broken.findings as { code: string }[])[0]?.code, 'unread-packet-data');
  });
});
