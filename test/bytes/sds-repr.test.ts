import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { DecodeError } from '../../src/bytes/decode-error.ts';
import { quoteBytes, readQuoted } from '../../src/bytes/sds-repr.ts';
import { type PrivateRedis, startPrivateRedis } from '../../src/demo/private-redis.ts';
import { waitFor } from '../support/wait.ts';

const read = (text: string, offset = 0): ReturnType<typeof readQuoted> =>
  readQuoted(Buffer.from(text, 'latin1'), offset);

describe('quoteBytes', () => {
  it('writes the short escapes of Redis, and two lower-case digits for the rest', () => {
    const bytes = Buffer.from('a"\\\n\r\t\x07\x08\x00\x0b\x0c\x1b\x7f\xc3\xa9\'', 'latin1');
    assert.equal(quoteBytes(bytes), String.raw`"a\"\\\n\r\t\a\b\x00\x0b\x0c\x1b\x7f\xc3\xa9'"`);
  });

  it('writes the empty argument as two quotes', () => {
    assert.equal(quoteBytes(new Uint8Array()), '""');
  });
});

describe('readQuoted', () => {
  it('gives back any bytes that were quoted, and where the text goes on', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.string(), (bytes, before) => {
        const prefix = Buffer.from(before);
        const quoted = quoteBytes(bytes);
        const text = Buffer.concat([prefix, Buffer.from(`${quoted} "next"`)]);
        const result = readQuoted(text, prefix.length);
        assert.deepEqual([...result.bytes], [...bytes]);
        assert.equal(result.next, prefix.length + quoted.length);
        assert.equal(result.unknownEscapeAt, undefined);
      }),
    );
  });

  it("reads Dragonfly's quoted apostrophe and upper-case digits", () => {
    assert.equal(
      read(String.raw`"it\'s\xFF"`).bytes.toString(),
      Buffer.from("it's\xff", 'latin1').toString(),
    );
  });

  it('keeps escapes that Redis does not write, and says where the first one is', () => {
    const result = read(String.raw`"ab\q\xZ1\x4"`);
    assert.equal(Buffer.from(result.bytes).toString(), String.raw`ab\q\xZ1\x4`);
    assert.equal(result.unknownEscapeAt, 3);
  });

  it('keeps an unknown escape where the lengths of others make up for it', () => {
    const result = read(String.raw`"\q"`);
    assert.equal(Buffer.from(result.bytes).toString(), String.raw`\q`);
    assert.equal(result.unknownEscapeAt, 1);
  });

  it('keeps raw bytes above 0x7e', () => {
    assert.deepEqual([...read('"\x93\xff"').bytes], [0x93, 0xff]);
  });

  it('fails at the opening quote when the closing one is missing, at every cut', () => {
    const text = String.raw`"a\x93\"\\b\n"`;
    for (let length = 1; length < text.length; length++) {
      assert.throws(
        () => read(text.slice(0, length)),
        (error) => error instanceof DecodeError && error.code === 'truncated' && error.offset === 0,
        text.slice(0, length),
      );
    }
  });

  it('reads random text to an argument or to a DecodeError', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('"', '\\', 'x', 'n', 'q', '0', 'f', 'é')), (characters) => {
        const text = Buffer.from(`"${characters.join('')}`, 'latin1');
        try {
          const result = readQuoted(text, 0);
          assert.equal(text[result.next - 1], 0x22);
          assert.ok(result.bytes.length <= text.length - 2);
        } catch (error) {
          assert.ok(error instanceof DecodeError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('reads 20 MB in linear time', () => {
    const bytes = Buffer.alloc(5_000_000, '\x93a\xff"');
    const text = Buffer.from(quoteBytes(bytes));
    const started = performance.now();
    assert.ok(bytes.equals(readQuoted(text, 0).bytes));
    assert.ok(performance.now() - started < 2000);
  });
});

describe("Redis' own MONITOR", () => {
  let redis: PrivateRedis;
  before(async () => {
    redis = await startPrivateRedis();
  });
  after(() => redis.stop());

  it('prints all 256 bytes as quoteBytes does, and readQuoted gives them back', async () => {
    const every = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const socket = connect(redis.port, '127.0.0.1');
    await once(socket, 'connect');
    let said = '';
    socket.setEncoding('latin1').on('data', (text: string) => {
      said += text;
    });
    socket.write('MONITOR\r\n');
    await waitFor('+OK', () => (said.includes('+OK') ? true : undefined));
    const sender = connect(redis.port, '127.0.0.1');
    sender.write(
      Buffer.concat([Buffer.from('*3\r\n$7\r\nPUBLISH\r\n$1\r\nc\r\n$256\r\n'), every, Buffer.from('\r\n')]),
    );
    const line = await waitFor('the PUBLISH', () =>
      said.split('\r\n').find((text) => text.includes('PUBLISH')),
    );
    sender.destroy();
    socket.destroy();
    const argument = line.slice(line.indexOf('"c" ') + 4);
    assert.equal(argument, quoteBytes(every));
    assert.deepEqual([...read(argument).bytes], [...every]);
  });
});
