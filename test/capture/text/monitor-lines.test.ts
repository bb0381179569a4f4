import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteBlock } from '../../../src/bytes/byte-block.ts';
import { quoteBytes } from '../../../src/bytes/sds-repr.ts';
import { captureTextSync } from '../../../src/capture/text/capture-text.ts';
import { MonitorLines } from '../../../src/capture/text/monitor-lines.ts';
import { makeFrame } from '../../../src/recording/glance.ts';

const bytes = fc.uint8Array({ maxLength: 40 });
const line = fc
  .tuple(
    fc.constantFrom('127.0.0.1:50550', '[::1]:41914', 'unix:/tmp/a b].sock', 'lua'),
    fc.constantFrom('publish', 'PUBLISH', 'SPUBLISH'),
    fc.oneof(fc.constant(Buffer.from('socket.io#/#')), bytes),
    bytes,
    fc.constantFrom('\n', '\r\n'),
  )
  .map(
    ([client, command, channel, payload, end]) =>
      `1795375709.291598 [3 ${client}] "${command}" ${quoteBytes(channel)} ${quoteBytes(payload)}${end}`,
  );

function read(lines: MonitorLines, text: string): unknown {
  return lines.read(new ByteBlock(Buffer.from(text, 'latin1')), 0) ? plain(makeFrame(lines)) : undefined;
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function readSlowly(text: string): unknown {
  const [captured] = captureTextSync(Buffer.from(text, 'latin1'));
  return captured?.is === 'frame' ? plain(captured.frame) : undefined;
}

void test('MonitorLines reads publishes as the long way does, the first of a middle and those after it', () => {
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 4 }), (texts) => {
      const lines = new MonitorLines();
      for (const text of [...texts, ...texts]) {
        // Something follows: what compares words looks a little beyond a middle.
        assert.deepEqual(read(lines, `${text}OK\n`), readSlowly(text));
        assert.equal(lines.end, text.length);
      }
    }),
  );
});

void test('MonitorLines reads no line that is cut anywhere', () => {
  const text = '1795375709.291598 [0 127.0.0.1:50550] "publish" "socket.io#/#" "\\x93\\n\\"abc"\n';
  const lines = new MonitorLines();
  assert.notEqual(read(lines, text), undefined);
  for (let length = 0; length < text.length; length++)
    assert.equal(read(lines, text.slice(0, length)), undefined, `cut at ${length}`);
});

void test('MonitorLines leaves what is unusual to the long way, also behind a middle that it knows', () => {
  const usual = '1795375709.291598 [0 127.0.0.1:50550] "publish" "socket.io#/#" ';
  const lines = new MonitorLines();
  assert.notEqual(read(lines, `${usual}"abc"\n`), undefined);
  for (const odd of [
    `${usual}"\\q"\n`,
    `${usual}"\\x9"\n`,
    `${usual}"é"\n`,
    `${usual}"abc" "more"\n`,
    `${usual}"abc\n`,
    `${usual}abc"\n`,
    `+${usual}"abc"\n`,
    `1795375709.29159x [0 127.0.0.1:50550] "publish" "socket.io#/#" "abc"\n`,
    '1795375709.291598 [0 127.0.0.1:50550] "publish" "soc\\qket.io#/#" "abc"\n',
    '1795375709.291598 [0 127.0.0.1:50550] "get" "key"\n',
    '1795375709.291598 [0 127.0.0.1:50550] "publish""socket.io#/#" "abc"\n',
  ])
    assert.equal(read(lines, `${odd}OK\n`), undefined, odd);
});
