import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dissect } from '../../src/dissect/registry.ts';
import type { Frame } from '../../src/model/frame.ts';
import { bare, dissectPlainly } from './plain.ts';

const UID = '7f3c1f6e-2d0b-4c5e-9d0a-1f2e3d4c5b6a';

function on(channel: string, body: unknown): Frame {
  return { via: 'subscribe', channel: Buffer.from(channel), payload: Buffer.from(JSON.stringify(body)) };
}

describe('googollee', () => {
  it('reads a broadcast, whose channel ends in the uid of its sender', () => {
    const body = { args: ['hi', { a: 1 }], opts: ['room1', 'chat'] };
    assert.deepEqual(dissectPlainly(on(`socket.io#/chat#${UID}`, body)), {
      kind: 'broadcast',
      adapter: 'googollee',
      encoding: 'json',
      key: 'socket.io',
      uid: UID,
      nsp: '/chat',
      event: 'chat',
      args: ['hi', { a: 1 }],
      rooms: ['room1'],
    });
    assert.equal(dissectPlainly(bare(JSON.stringify(body))).adapter, 'googollee');
  });

  it('knows the root namespace by its empty name, and everyone by an empty room', () => {
    const message = dissectPlainly(on(`socket.io##${UID}`, { args: null, opts: ['', 'all'] }));
    assert.deepEqual(
      [message.nsp, message.inferred, message.uid, message.args, 'rooms' in message],
      ['/', ['nsp'], UID, [], false],
    );
  });

  it('reads requests and responses', () => {
    const clear = dissectPlainly(
      on('socket.io-request#/chat', { RequestType: '1', RequestID: 'q', Room: 'r', UUID: UID }),
    );
    assert.deepEqual(clear, {
      kind: 'request',
      adapter: 'googollee',
      encoding: 'json',
      key: 'socket.io',
      type: 'clearRoom',
      typeCode: 1,
      requestId: 'q',
      uid: UID,
      nsp: '/chat',
      rooms: ['r'],
    });
    const count = dissectPlainly(
      on('socket.io-response#', { RequestType: '0', RequestID: 'q', Connections: 3 }),
    );
    assert.deepEqual(
      [count.kind, count.type, count.nsp, count.payload],
      ['response', 'roomLen', '/', { Connections: 3 }],
    );
    const rooms = dissectPlainly(
      on('socket.io-response#/', { RequestType: '2', RequestID: 'q', Rooms: ['a'] }),
    );
    assert.deepEqual([rooms.kind, rooms.payload], ['response', { Rooms: ['a'] }]);
  });

  it('leaves other JSON alone', () => {
    assert.equal(dissect(on('news', { args: [], opts: ['', 'e'] })), undefined);
    assert.equal(dissect(on(`socket.io#/#${UID}`, { args: [], opts: [] }))?.kind, 'undecoded');
  });
});
