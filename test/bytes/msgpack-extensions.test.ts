import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import notepack from 'notepack.io';
import { decodeMsgpack } from '../../src/bytes/msgpack.ts';
import type { Value } from '../../src/model/value.ts';
import { plain } from './plain.ts';

/** notepack.io's types say `any`. */
const encodeNotepack: (value: unknown) => Uint8Array = notepack.encode;

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const read = (text: string): Value => decodeMsgpack(hex(text));

function date(text: string): [number, number, number] | string {
  const value = read(text);
  return value.type === 'date' ? [value.code, value.seconds, value.nanos] : value.type;
}

function extension(text: string): [number, string | undefined, string, unknown] | string {
  const value = read(text);
  if (value.type !== 'ext') return value.type;
  const inner = value.inner && plain(value.inner);
  return [value.code, value.name, Buffer.from(value.bytes).toString('hex'), inner];
}

const bin = (text: string): string => {
  const value = read(text);
  return value.type === 'bin' ? Buffer.from(value.bytes).toString('hex') : value.type;
};

describe('readExtension, timestamps (code −1)', () => {
  it('reads the three forms', () => {
    assert.deepEqual(date('d6 ff 00 00 00 01'), [-1, 1, 0]);
    assert.deepEqual(date('d6 ff ff ff ff ff'), [-1, 2 ** 32 - 1, 0]);
    assert.deepEqual(date('d7 ff 00 00 00 04 00 00 00 02'), [-1, 2, 1]);
    assert.deepEqual(date('d7 ff ee 6b 27 ff ff ff ff ff'), [-1, 2 ** 34 - 1, 999_999_999]);
    assert.deepEqual(date('c7 0c ff 1d cd 65 00 ff ff ff ff ff ff ff ff'), [-1, -1, 500_000_000]);
    assert.deepEqual(date('c7 0c ff 00 00 00 00 00 00 00 00 00 00 00 00'), [-1, 0, 0]);
  });

  it('reads every date that notepack.io 3 and @msgpack/msgpack write', () => {
    fc.assert(
      fc.property(fc.date({ noInvalidDate: true }), (value) => {
        assert.deepEqual(plain(decodeMsgpack(encode(value))), value);
        assert.deepEqual(plain(decodeMsgpack(encodeNotepack(value))), value);
      }),
    );
  });

  it('leaves an extension what is no date', () => {
    assert.equal(date('d7 ff ff ff ff fc 00 00 00 00'), 'ext', 'more nanoseconds than a second has');
    assert.equal(date('c7 0c ff 3b 9a ca 00 00 00 00 00 00 00 00 00'), 'ext');
    assert.equal(date('d4 ff 00'), 'ext');
    assert.equal(date('c7 00 ff'), 'ext');
  });

  it('leaves an extension what JavaScript has no date for, to the millisecond', () => {
    assert.deepEqual(date('c7 0c ff 00 00 00 00 00 00 07 db a8 21 80 00'), [-1, 8.64e12, 0]);
    assert.equal(date('c7 0c ff 00 0f 42 40 00 00 07 db a8 21 80 00'), 'ext');
    assert.equal(date('c7 0c ff 00 00 00 00 00 00 07 db a8 21 80 01'), 'ext');
    assert.deepEqual(date('c7 0c ff 00 00 00 00 ff ff f8 24 57 de 80 00'), [-1, -8.64e12, 0]);
    assert.equal(date('c7 0c ff 3b 9a c9 ff ff ff f8 24 57 de 7f ff'), 'ext');
    assert.equal(date('c7 0c ff 00 00 00 00 7f ff ff ff ff ff ff ff'), 'ext');
  });
});

describe('readExtension, notepack.io 1 and 2 (code 0)', () => {
  it('reads undefined, a date, and an ArrayBuffer', () => {
    assert.equal(read('d4 00 00').type, 'undefined');
    assert.deepEqual(date('d7 00 00 00 00 00 00 00 03 e9'), [0, 1, 1_000_000]);
    assert.deepEqual(date('d7 00 ff ff ff ff ff ff ff ff'), [0, -1, 999_000_000]);
    assert.equal(bin('c7 03 00 01 02 03'), '010203');
    assert.equal(bin('c8 00 01 00 07'), '07');
    assert.equal(bin('c9 00 00 00 00 00'), '');
    assert.equal(bin('c7 08 00 00 00 00 00 00 00 03 e9'), '00000000000003e9', 'eight bytes, but no date');
    assert.equal(bin('c7 01 00 00'), '00', 'one byte, but not undefined');
  });

  it('leaves an extension what they never wrote', () => {
    assert.deepEqual(extension('d4 00 01'), [0, undefined, '01', undefined]);
    assert.deepEqual(extension('d5 00 01 02'), [0, undefined, '0102', undefined]);
    assert.deepEqual(extension('d7 00 7f ff ff ff ff ff ff ff')[0], 0, 'no date of JavaScript');
  });
});

describe('readExtension, msgpack-lite', () => {
  it('reads dates: a msgpack number of milliseconds', () => {
    assert.deepEqual(date('d4 0d 05'), [13, 0, 5_000_000]);
    assert.deepEqual(date('c7 09 0d cb 42 78 00 00 00 00 00 00'), [13, 1_649_267_441, 664_000_000]);
    const [code, seconds] = date('c7 09 0d cb 7f f8 00 00 00 00 00 00');
    assert.deepEqual([code, seconds], [13, Number.NaN]);
    assert.equal(date('d5 0d a1 61'), 'ext', 'a text is no number');
    assert.equal(date('c7 09 0d cb 43 e0 00 00 00 00 00 00'), 'ext', 'no date of JavaScript');
    assert.equal(date('c7 09 0d cb 3f e0 00 00 00 00 00 00'), 'ext', 'half a millisecond would be rounded');
  });

  it('names the objects that it wraps, and reads what is inside', () => {
    const names = new Map<number, string>([
      [0x01, 'EvalError'],
      [0x02, 'RangeError'],
      [0x03, 'ReferenceError'],
      [0x04, 'SyntaxError'],
      [0x05, 'TypeError'],
      [0x06, 'URIError'],
      [0x0a, 'RegExp'],
      [0x0b, 'Boolean'],
      [0x0c, 'String'],
      [0x0e, 'Error'],
      [0x0f, 'Number'],
    ]);
    for (const [code, name] of names) {
      const byte = code.toString(16).padStart(2, '0');
      assert.deepEqual(extension(`d5 ${byte} 91 07`), [code, name, '9107', [7]]);
    }
    const regexp = decodeMsgpack(hex('c7 05 0a 92 a1 61 a1 69'));
    assert.ok(regexp.type === 'ext' && regexp.inner?.type === 'array');
    assert.deepEqual(plain(regexp.inner), ['a', 'i']);
    assert.deepEqual([regexp.inner.offset, regexp.inner.length], [3, 5]);
  });

  it('leaves a plain extension what does not hold exactly one value', () => {
    assert.deepEqual(extension('d5 0b c3 c3'), [0x0b, undefined, 'c3c3', undefined]);
    assert.deepEqual(extension('d4 0b 91'), [0x0b, undefined, '91', undefined]);
    assert.deepEqual(extension('d4 0b c1'), [0x0b, undefined, 'c1', undefined]);
    assert.deepEqual(extension('c7 00 0b'), [0x0b, undefined, '', undefined]);
  });

  it('takes buffers and views of bytes for binary, and names the arrays of numbers', () => {
    for (const code of ['12', '19', '1a', '1b', '1d']) assert.equal(bin(`d5 ${code} 01 ff`), '01ff');
    const names = new Map<string, string>([
      ['11', 'Int8Array'],
      ['13', 'Int16Array'],
      ['14', 'Uint16Array'],
      ['15', 'Int32Array'],
      ['16', 'Uint32Array'],
      ['17', 'Float32Array'],
      ['18', 'Float64Array'],
    ]);
    for (const [code, name] of names)
      assert.deepEqual(extension(`d7 ${code} 00 00 00 00 00 00 f8 3f`).slice(0, 3), [
        Number.parseInt(code, 16),
        name,
        '000000000000f83f',
      ]);
  });

  it('leaves every other code a plain extension', () => {
    for (let code = -128; code < 128; code++) {
      const value = decodeMsgpack(Buffer.from([0xd5, code & 0xff, 0xff, 0xff]));
      if (value.type !== 'ext') continue;
      assert.deepEqual([value.code, value.length], [code, 4]);
      if (code < 0 || code > 0x18) assert.equal(value.name, undefined);
    }
  });
});
