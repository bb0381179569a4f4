import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encode } from '@msgpack/msgpack';
import { dissectPlainly } from './plain.ts';

/** What rase/socket.io-emitter does with binary: `da` becomes `d8`, `db` becomes `d9`, everywhere. */
function damage(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.map((byte) => (byte === 0xda ? 0xd8 : byte === 0xdb ? 0xd9 : byte)));
}

/** A text of 218 bytes: its 16-bit length is `00 da`, which the hack damages. PHP's msgpack has no str8. */
function packet(text: string): Buffer {
  const modern = Buffer.from(
    encode([
      { type: 5, data: ['file', text], nsp: '/' },
      { rooms: ['r'], flags: [] },
    ]),
  );
  const at = modern.indexOf(Buffer.from([0xd9, text.length]));
  return Buffer.concat([
    modern.subarray(0, at),
    Buffer.from([0xda, 0, text.length]),
    modern.subarray(at + 2),
  ]);
}

describe('phpBinary', () => {
  it('reads a damaged packet the other way round, and says that bytes are lost', () => {
    const text = 'x'.repeat(218);
    const message = dissectPlainly({
      via: 'subscribe',
      channel: Buffer.from('socket.io#emitter'),
      payload: damage(packet(text)),
    });
    assert.deepEqual(
      [message.kind, message.event, message.args, message.rooms],
      ['broadcast', 'file', [text], ['r']],
    );
    const codes = (message.findings as { code: string }[]).map((finding) => finding.code);
    assert.ok(codes.includes('php-binary-hack'));
  });

  it('leaves to the classic broadcast what is still whole', () => {
    const message = dissectPlainly({
      via: 'subscribe',
      channel: Buffer.from('socket.io#emitter'),
      payload: damage(packet('y'.repeat(100))),
    });
    assert.deepEqual([message.kind, message.event, message.encoding], ['broadcast', 'file', 'msgpack-js']);
    assert.ok(!JSON.stringify(message.findings).includes('php-binary-hack'));
  });
});

describe('zishang520/socket.io (Go)', () => {
  it('is the Node wire without zeros, and with its own spelling of the count', () => {
    const asked = dissectPlainly({
      via: 'subscribe',
      channel: Buffer.from('socket.io-request#/#'),
      payload: Buffer.from('{"uid":"Ab12Cd","requestId":"q1","opts":{}}'),
    });
    assert.deepEqual(
      [asked.type, asked.typeCode, asked.inferred],
      ['SOCKETS', 0, ['type', 'typeCode', 'version']],
    );
    const count = dissectPlainly({
      via: 'subscribe',
      channel: Buffer.from('socket.io-response#/#Ab12Cd#'),
      payload: Buffer.from('{"type":8,"requestId":"q1","clientcount":2}'),
    });
    assert.deepEqual([count.type, count.payload], ['BROADCAST_CLIENT_COUNT', { clientcount: 2 }]);
  });
});
