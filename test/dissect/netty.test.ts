import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dissect } from '../../src/dissect/registry.ts';
import type { Frame } from '../../src/model/frame.ts';
import { bare, dissectPlainly } from './plain.ts';

const PACKAGE = 'com.corundumstudio.socketio.store.pubsub';

function on(channel: string, payload: string | Uint8Array): Frame {
  return { via: 'subscribe', channel: Buffer.from(channel), payload: Buffer.from(payload) };
}

const DISPATCH = `{"@class":"${PACKAGE}.DispatchMessage","nodeId":-4611686018427387905,"room":"r1","namespace":"/chat","packet":{"@class":"com.corundumstudio.socketio.protocol.Packet","type":"MESSAGE","subType":"EVENT","ackId":null,"name":"hello","nsp":"/chat","data":["java.util.Arrays$ArrayList",["a",1]]}}`;

describe('netty', () => {
  it('reads a dispatch of the JSON codec', () => {
    const expected = {
      kind: 'broadcast',
      adapter: 'netty',
      encoding: 'json',
      uid: '-4611686018427387905',
      nsp: '/chat',
      packetType: 2,
      event: 'hello',
      args: ['a', 1],
      rooms: ['r1'],
      payload: { type: 'MESSAGE', ackId: null, nsp: '/chat' },
    };
    const { findings, ...message } = dissectPlainly(on('dispatch', DISPATCH));
    assert.deepEqual(message, expected);
    assert.ok(Array.isArray(findings));
    assert.equal(dissectPlainly(bare(DISPATCH)).adapter, 'netty');
  });

  it('tells joining from leaving by the channel', () => {
    const body = `{"@class":"${PACKAGE}.JoinLeaveMessage","nodeId":7,"sessionId":"s","room":"r","namespace":""}`;
    for (const channel of ['join', 'leave']) {
      const message = dissectPlainly(on(channel, body));
      assert.deepEqual(
        [message.kind, message.type, message.uid, message.nsp, message.payload],
        ['request', channel, '7', '/', { sessionId: 's', room: 'r' }],
      );
    }
    const connect = dissectPlainly(bare(`{"@class":"${PACKAGE}.ConnectMessage","nodeId":7,"sessionId":"s"}`));
    assert.deepEqual([connect.kind, connect.type], ['cluster', 'connect']);
  });

  it('recognises Kryo and Java serialization by the class name, and shows their texts', () => {
    const kryo = Buffer.concat([
      Buffer.from([1, 0]),
      Buffer.from(`${PACKAGE}.DispatchMessage`),
      Buffer.from('\x81room-one\x01\x02'),
    ]);
    const message = dissect(on('dispatch', kryo));
    assert.equal(message?.kind, 'undecoded');
    assert.equal(message.adapter, 'netty');
    assert.equal(message.error?.code, 'redisson-codec');
    assert.deepEqual(message.raw, kryo);
    assert.match(message.findings?.[0]?.message ?? '', /"room-one"/);
    const java = Buffer.concat([
      Buffer.from('aced00057372', 'hex'),
      Buffer.from(`${PACKAGE}.JoinLeaveMessage`),
    ]);
    assert.match(dissect(on('join', java))?.error?.message ?? '', /Java serialization/);
  });

  it('leaves a stranger alone who uses the same words', () => {
    assert.equal(dissect(on('join', 'alice')), undefined);
    assert.equal(dissect(on('dispatch', Buffer.from('aced0005740003616263', 'hex'))), undefined);
    assert.equal(dissect(on('leave', '{"user":1}')), undefined);
  });
});
