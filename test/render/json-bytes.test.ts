import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteBlock } from '../../src/bytes/byte-block.ts';
import {
  MOST_PER_BYTE,
  STEP,
  TimeWriter,
  writeDouble,
  writeInteger,
  writeJsonText,
} from '../../src/render/json-bytes.ts';
import { formatTime } from '../../src/render/json-lines.ts';
import { quoteJson } from '../../src/render/json-value.ts';

/** What `write` puts behind the first byte of some memory. */
function written(write: (target: ByteBlock, to: number) => number, bytes = 64): string | undefined {
  const target = new ByteBlock(Buffer.alloc(bytes + 1));
  const end = write(target, 1);
  return end === -1 ? undefined : target.bytes.toString('utf8', 1, end);
}

function quoted(bytes: Uint8Array): string | undefined {
  const source = new ByteBlock(Buffer.concat([Buffer.from('>'), bytes, Buffer.alloc(STEP, '"')]));
  const room = bytes.length * MOST_PER_BYTE + 2 + STEP;
  return written((target, to) => writeJsonText(source, 1, 1 + bytes.length, target, to), room);
}

void test('writeJsonText writes any text as quoteJson does', () => {
  const odd = [
    '"',
    '\\',
    '\n',
    '\u0000',
    '\u007f',
    '\u0085',
    '\u00a0',
    '\u061c',
    '\u200e',
    '\u202a',
    '\u202e',
  ];
  const character = fc.oneof(
    fc.constantFrom(
      'a',
      'b',
      ' ',
      ...odd,
      '\u2065',
      '\u2066',
      '\u2069',
      '\u2028',
      '\ufffd',
      '\ufeff',
      '🎉',
      '\ud7ff',
    ),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  );
  fc.assert(
    fc.property(fc.array(character, { maxLength: 20 }), (characters) => {
      const text = characters.join('');
      assert.equal(quoted(Buffer.from(text)), quoteJson(text));
    }),
    { numRuns: 2000 },
  );
});

void test('writeJsonText writes every single character as quoteJson does', () => {
  for (let code = 0; code <= 0xffff; code++) {
    if (code >= 0xd800 && code <= 0xdfff) continue;
    const text = String.fromCharCode(code);
    if (quoted(Buffer.from(text)) !== quoteJson(text)) assert.fail(`U+${code.toString(16)}`);
  }
});

void test('writeJsonText refuses just what is no UTF-8', () => {
  const byte = fc.oneof(
    fc.constantFrom(0x41, 0x80, 0xbf, 0xc1, 0xc2, 0xe0, 0xa0, 0xed, 0x9f, 0xf0, 0x90, 0xf4, 0x8f, 0xf5),
    fc.nat({ max: 255 }),
  );
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 6 }), (numbers) => {
      const bytes = Uint8Array.from(numbers);
      const expected = isUtf8(bytes) ? quoteJson(Buffer.from(bytes).toString()) : undefined;
      assert.equal(quoted(bytes), expected);
    }),
    { numRuns: 5000 },
  );
});

void test('writeInteger writes safe integers as String does', () => {
  const edges = [0, 9, 10, 99, 100, 999, 1000, 9999, 10_000, 999_999_999, 1e9, 2 ** 31, 1e15, 2 ** 53 - 1];
  fc.assert(
    fc.property(fc.oneof(fc.constantFrom(...edges), fc.maxSafeInteger()), (size) => {
      for (const value of [size, size === 0 ? 0 : -size])
        assert.equal(
          written(({ bytes }, to) => writeInteger(value, bytes, to)),
          String(value),
        );
    }),
  );
});

void test('writeDouble writes finite numbers as String does, prices above all', () => {
  const price = fc.integer({ min: -1e12, max: 1e12 }).map((cents) => cents / 100);
  const sum = fc.tuple(price, price).map(([one, other]) => one + other);
  fc.assert(
    fc.property(fc.oneof(price, sum, fc.double({ noNaN: true, noDefaultInfinity: true })), (value) => {
      if (Object.is(value, -0)) return;
      assert.equal(
        written(({ bytes }, to) => writeDouble(value, bytes, to)),
        String(value),
      );
    }),
    { numRuns: 5000 },
  );
});

void test('TimeWriter writes times as formatTime does, in any order', () => {
  const time = fc.oneof(
    fc.integer({ min: -1e15, max: 8.6e15 }),
    fc.integer({ min: 1_795e12, max: 1_795e12 + 3e6 }),
  );
  const writer = new TimeWriter();
  fc.assert(
    fc.property(time, (micros) => {
      assert.equal(
        written(({ bytes }, to) => writer.write(micros, bytes, to)),
        formatTime(micros),
      );
    }),
    { numRuns: 1000 },
  );
});
