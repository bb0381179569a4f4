import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { frameFromCommand } from '../../src/capture/command.ts';
import type { Captured, Frame } from '../../src/model/frame.ts';

const origin = { via: 'monitor', time: 1_600_000_000_000_001, client: '127.0.0.1:5', db: 0 } as const;

const run = (...words: string[]): Captured =>
  frameFromCommand(
    origin,
    words.map((word) => Buffer.from(word, 'latin1')),
  );

function frame(...words: string[]): Frame {
  const captured = run(...words);
  assert.equal(captured.is, 'frame');
  return captured.frame;
}

const text = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : Buffer.from(bytes).toString('latin1');

describe('frameFromCommand', () => {
  it('reads a PUBLISH in any case, and keeps where it was seen', () => {
    const { channel, payload, ...rest } = frame('publish', 'socket.io#/#', '\x93\xff');
    assert.equal(text(channel), 'socket.io#/#');
    assert.equal(text(payload), '\x93\xff');
    assert.deepEqual(rest, { ...origin, command: 'PUBLISH' });
    assert.equal(frame('SPUBLISH', 'c', 'p').command, 'SPUBLISH');
  });

  it('keeps an empty channel and an empty payload', () => {
    const { channel, payload } = frame('PUBLISH', '', '');
    assert.deepEqual([channel?.length, payload?.length], [0, 0]);
  });

  it('reads deliveries: the channel of a pmessage is not its pattern', () => {
    const delivery = frame('pmessage', 'socket.io*', 'socket.io#/#', 'x');
    assert.deepEqual(
      [delivery.command, text(delivery.channel), text(delivery.payload)],
      ['PMESSAGE', 'socket.io#/#', 'x'],
    );
    assert.equal(frame('message', 'c', 'p').command, 'MESSAGE');
    assert.equal(frame('smessage', 'c', 'p').command, 'SMESSAGE');
  });

  it('reads XADD behind every option, and takes the data field as payload', () => {
    const fields = ['uid', 'ab', 'data', '{}', 'type', '3'];
    for (const options of [
      ['*'],
      ['MAXLEN', '~', '10000', '*'],
      ['maxlen', '=', '10', '*'],
      ['MAXLEN', '10', '*'],
      ['NOMKSTREAM', 'MINID', '~', '17-0', 'LIMIT', '5', '*'],
      ['KEEPREF', '17-*'],
    ]) {
      const added = frame('xadd', 'socket.io', ...options, ...fields);
      assert.equal(text(added.channel), 'socket.io');
      assert.equal(text(added.payload), '{}');
      assert.equal(added.entry?.id, undefined);
      assert.deepEqual(
        added.entry?.fields.map(([name, value]) => [text(name), text(value)]),
        [
          ['uid', 'ab'],
          ['data', '{}'],
          ['type', '3'],
        ],
      );
    }
    assert.equal(frame('XADD', 's', '1795376348469-0', ...fields).entry?.id, '1795376348469-0');
  });

  it('has no payload for an entry without a data field', () => {
    const added = frame('XADD', 's', '*', 'uid', 'x', 'nsp', '/', 'type', '2');
    assert.equal(added.payload, undefined);
    assert.equal(added.entry?.fields.length, 3);
  });

  it('lists the channels of subscriptions; an UNSUBSCRIBE may have none', () => {
    assert.deepEqual(frame('SUBSCRIBE', 'a', 'b').channels?.map(text), ['a', 'b']);
    assert.deepEqual(frame('unsubscribe').channels, []);
    for (const command of ['PSUBSCRIBE', 'SSUBSCRIBE', 'PUNSUBSCRIBE', 'SUNSUBSCRIBE']) {
      assert.equal(frame(command.toLowerCase(), 'a').command, command);
    }
  });

  it('takes sessions that are written or taken, and no other keys', () => {
    const written = frame('SET', 'sio:session:abc', 'value', 'PX', '120000');
    assert.deepEqual([text(written.channel), text(written.payload)], ['sio:session:abc', 'value']);
    const taken = frame('GETDEL', 'sio:session:abc');
    assert.deepEqual(
      [taken.command, text(taken.channel), taken.payload],
      ['GETDEL', 'sio:session:abc', undefined],
    );
    assert.equal(text(frame('DEL', 'other', 'sio:session:abc').channel), 'sio:session:abc');
    assert.deepEqual(run('SET', 'k', 'v'), { is: 'other', command: 'SET' });
    assert.deepEqual(run('DEL', 'k'), { is: 'other', command: 'DEL' });
  });

  it('counts other commands and wrong arities by name, cut to 32 characters', () => {
    assert.deepEqual(run('get', 'sio:session:abc'), { is: 'other', command: 'GET' });
    for (const words of [
      ['PUBLISH', 'c'],
      ['PUBLISH', 'c', 'p', 'q'],
      ['PMESSAGE', 'c', 'p'],
      ['SUBSCRIBE'],
      ['SET', 'sio:session:x'],
      ['XADD', 's', '*', 'uid'],
      ['XADD', 's', '*'],
      ['XADD', 's', 'nonsense', 'a', 'b'],
      ['XADD', 's', 'MAXLEN'],
      ['XADD'],
    ]) {
      assert.deepEqual(run(...words), { is: 'other', command: words[0] });
    }
    assert.deepEqual(run('x'.repeat(5000)), { is: 'other', command: 'X'.repeat(32) });
    assert.deepEqual(run(), { is: 'other', command: '' });
  });
});
