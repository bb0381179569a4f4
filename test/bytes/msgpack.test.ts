import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decode, encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import notepack from 'notepack.io';
import { DecodeError } from '../../src/bytes/decode-error.ts';
import { decodeMsgpack, hasDialectBytes, type MsgpackDialect, readMsgpack } from '../../src/bytes/msgpack.ts';
import type { Value } from '../../src/model/value.ts';
import { plain, walk } from './plain.ts';

/** notepack.io's types say `any`. */
const encodeNotepack: (value: unknown) => Uint8Array = notepack.encode;

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

function fails(bytes: Uint8Array, dialect: MsgpackDialect = 'modern'): DecodeError {
  try {
    decodeMsgpack(bytes, dialect);
  } catch (error) {
    if (error instanceof DecodeError) return error;
    throw error;
  }
  return assert.fail(`read ${Buffer.from(bytes).toString('hex')}`);
}

function attempt<T>(run: () => T): { readonly value: T } | undefined {
  try {
    return { value: run() };
  } catch {
    return undefined;
  }
}

/** Values that both encoders write without loss: no undefined, no −0, no lone surrogates, only safe integers. */
const { value: lossless } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom(null, true, false),
    fc.integer(),
    fc.maxSafeInteger().map((number) => (number === 0 ? 0 : number)),
    fc.double({ noNaN: true, noInteger: true }),
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.string({ minLength: 250, maxLength: 300 }),
    fc.uint8Array({ maxLength: 300 }),
    fc.date({ noInvalidDate: true }),
    fc.array(tie('value'), { maxLength: 20 }),
    fc.dictionary(fc.string({ unit: 'binary' }), tie('value'), { maxKeys: 20, noNullPrototype: true }),
  ),
}));

describe('decodeMsgpack, modern', () => {
  it('reads after each of the 256 lead bytes what @msgpack/msgpack reads', () => {
    const lengthen = hex('00 00 00');
    const tail = hex('01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10 11 12 13');
    for (let lead = 0; lead < 256; lead++) {
      for (let length = 0; length <= tail.length; length++) {
        // The official decoder allocates what array 32 and map 32 claim: let them claim one item.
        const claimsMuch = lead === 0xdd || lead === 0xdf;
        const start = Buffer.from([lead, ...(claimsMuch ? lengthen : [])]);
        const bytes = Buffer.concat([start, tail.subarray(0, length)]);
        const expected = attempt(() => decodeOfficially(bytes));
        const actual = attempt(() => decodeMsgpack(bytes));
        const where = bytes.toString('hex');
        assert.equal(actual === undefined, expected === undefined, where);
        if (actual === undefined || actual.value.type === 'ext' || actual.value.type === 'date') continue;
        if (isOurExtension(lead)) continue;
        assert.deepEqual(widen(plain(actual.value)), widen(expected?.value), where);
      }
    }
  });

  it('reads what notepack.io 3 and @msgpack/msgpack 3 write', () => {
    fc.assert(
      fc.property(lossless, (value) => {
        assert.deepEqual(plain(decodeMsgpack(encode(value))), value);
        assert.deepEqual(plain(decodeMsgpack(encodeNotepack(value))), value);
      }),
      { numRuns: 500 },
    );
  });

  it('reads whatever @msgpack/msgpack can read', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
        if (attempt(() => decodeOfficially(bytes)) !== undefined)
          assert.ok(
            attempt(() => decodeMsgpack(bytes)),
            Buffer.from(bytes).toString('hex'),
          );
      }),
      { numRuns: 5000 },
    );
  });

  it('shows what notepack.io 3 made of a number beyond 64 bits: its low 64 bits', () => {
    const beyond = fc.bigInt({ min: 2n ** 64n, max: 2n ** 90n }).map(Number);
    fc.assert(
      fc.property(beyond, (number) => {
        const value = plain(decodeMsgpack(encodeNotepack(number)));
        assert.equal(BigInt(value as number | bigint), BigInt.asUintN(64, BigInt(number)));
      }),
    );
  });

  it('keeps 64-bit integers exact', () => {
    const value = (text: string): unknown => plain(decodeMsgpack(hex(text)));
    assert.equal(value('cf ff ff ff ff ff ff ff ff'), 2n ** 64n - 1n);
    assert.equal(value('d3 80 00 00 00 00 00 00 00'), -(2n ** 63n));
    assert.equal(value('cf 00 1f ff ff ff ff ff ff'), Number.MAX_SAFE_INTEGER);
    assert.equal(value('cf 00 20 00 00 00 00 00 00'), 2n ** 53n);
    assert.equal(value('d3 ff e0 00 00 00 00 00 01'), Number.MIN_SAFE_INTEGER);
    assert.equal(value('d3 ff e0 00 00 00 00 00 00'), -(2n ** 53n));
  });

  it('reads floats, also those that JSON has not', () => {
    const value = (text: string): unknown => plain(decodeMsgpack(hex(text)));
    assert.ok(Object.is(value('cb 80 00 00 00 00 00 00 00'), -0));
    assert.ok(Number.isNaN(value('cb 7f f8 00 00 00 00 00 00')));
    assert.equal(value('ca ff 80 00 00'), Number.NEGATIVE_INFINITY);
    assert.equal(value('ca 3f c0 00 00'), 1.5);
  });

  it('shows a text that is not UTF-8 and keeps its bytes', () => {
    const broken = decodeMsgpack(hex('a3 61 ed a0'));
    assert.ok(broken.type === 'str' && broken.bytes !== undefined);
    assert.deepEqual([...broken.bytes], [0x61, 0xed, 0xa0]);
    assert.match(broken.value, /^a\ufffd/);
    const whole = decodeMsgpack(hex('a3 ef bf bd'));
    assert.ok(whole.type === 'str');
    assert.deepEqual([whole.value, whole.bytes], ['\ufffd', undefined]);
    const mark = decodeMsgpack(hex('a4 ef bb bf 61'));
    assert.equal(plain(mark), '\ufeffa', 'a byte order mark is text');
  });

  it('keeps keys that stand twice, are no text, or are __proto__', () => {
    const value = decodeMsgpack(hex('84 a1 61 01 a1 61 02 05 03 a9 5f 5f 70 72 6f 74 6f 5f 5f 80'));
    assert.ok(value.type === 'map');
    assert.deepEqual(
      value.entries.map(({ key }) => plain(key)),
      ['a', 'a', 5, '__proto__'],
    );
  });
});

function decodeOfficially(bytes: Uint8Array): unknown {
  return decode(new Uint8Array(bytes), { useBigInt64: true, mapKeyConverter: String });
}

/** @msgpack/msgpack knows no extension but −1. */
function isOurExtension(lead: number): boolean {
  return (lead >= 0xc7 && lead <= 0xc9) || (lead >= 0xd4 && lead <= 0xd8);
}

function widen(value: unknown): unknown {
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  if (Array.isArray(value)) return value.map(widen);
  return value;
}

describe('decodeMsgpack, msgpack-js', () => {
  it('gives each of the 256 lead bytes its meaning of then', () => {
    const types = new Map<number, string>();
    for (let lead = 0; lead < 256; lead++) {
      const bytes = Buffer.concat([Buffer.from([lead]), Buffer.alloc(40)]);
      const read = attempt(() => readMsgpack(bytes, 0, 'msgpack-js'));
      types.set(lead, read?.value.type ?? 'none');
    }
    const of = (from: number, to = from): string =>
      [...new Set(Array.from({ length: to - from + 1 }, (_, index) => types.get(from + index)))].join();
    assert.deepEqual(
      [of(0x00, 0x7f), of(0x80, 0x8f), of(0x90, 0x9f), of(0xa0, 0xbf), of(0xc0), of(0xc1), of(0xc2, 0xc3)],
      ['int', 'map', 'array', 'str', 'nil', 'none', 'bool'],
    );
    assert.deepEqual(
      [of(0xc4), of(0xc5, 0xc9), of(0xca, 0xcb), of(0xcc, 0xce), of(0xcf), of(0xd0, 0xd2), of(0xd3, 0xd7)],
      ['undefined', 'none', 'float', 'int', 'none', 'int', 'none'],
    );
    assert.deepEqual(
      [of(0xd8, 0xd9), of(0xda, 0xdb), of(0xdc, 0xdd), of(0xde, 0xdf), of(0xe0, 0xff)],
      ['bin', 'str', 'array', 'map', 'int'],
    );
  });

  it('reads the message of 2017 that no modern decoder reads', () => {
    const bytes = Buffer.from(
      '\x93\xa66n0BWC\x83\xa4type\x02\xa4data\x92\xacchat message\xacHello from A\xa3nsp\xa1/\x83\xa6except\x91\xb4S1H5pJcm8Kun5lOoAAAA\xa5rooms\xc4\xa5flags\x81\xa9broadcast\xc3',
      'latin1',
    );
    assert.deepEqual(plain(decodeMsgpack(bytes, 'msgpack-js')), [
      '6n0BWC',
      { type: 2, data: ['chat message', 'Hello from A'], nsp: '/' },
      { except: ['S1H5pJcm8Kun5lOoAAAA'], rooms: undefined, flags: { broadcast: true } },
    ]);
    assert.equal(fails(bytes).code, 'truncated');
    assert.equal(
      attempt(() => decode(bytes)),
      undefined,
    );
  });

  it('reads buffers with lengths of 16 and 32 bits', () => {
    assert.deepEqual(plain(decodeMsgpack(hex('d8 00 02 01 02'), 'msgpack-js')), new Uint8Array([1, 2]));
    assert.deepEqual(plain(decodeMsgpack(hex('d9 00 00 00 01 07'), 'msgpack-js')), new Uint8Array([7]));
  });

  it('is the same as modern where the three codes do not occur', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const bytes = encode(value);
        fc.pre(!hasDialectBytes(bytes));
        assert.deepEqual(attempt(() => decodeMsgpack(bytes, 'msgpack-js')) ?? 'none', expectedOld(bytes));
      }),
    );
  });
});

/** 64-bit integers are the one thing that msgpack-js cannot read and that has no code of its own there. */
function expectedOld(bytes: Uint8Array): unknown {
  const value = decodeMsgpack(bytes);
  const leads = new Set<number | undefined>();
  walk(value, ({ type, offset }) => {
    if (type === 'int') leads.add(bytes[offset]);
  });
  return leads.has(0xcf) || leads.has(0xd3) ? 'none' : { value };
}

describe('decodeMsgpack, hostile bytes', () => {
  it('says where a message breaks off, at every byte of it', () => {
    const bytes = encode([
      1,
      'é',
      2 ** 40,
      1.5,
      [null, { a: new Uint8Array(300) }],
      'x'.repeat(70_000),
      new Date(5),
    ]);
    for (let length = 0; length < bytes.length; length += length < 500 ? 1 : 997) {
      const error = fails(bytes.subarray(0, length));
      assert.equal(error.code, 'truncated');
      assert.ok(error.offset <= length);
    }
  });

  it('refuses bytes that are left over', () => {
    const error = fails(hex('01 02'));
    assert.deepEqual([error.code, error.offset], ['trailing-bytes', 1]);
    assert.deepEqual(plain(readMsgpack(hex('01 02'))), 1);
    assert.deepEqual(readMsgpack(hex('c0 92 01 02 ff'), 1).length, 3);
  });

  it('allows 500 levels, and not one more', () => {
    for (const open of ['91', '81 a1 61']) {
      const nest = (levels: number): Buffer => Buffer.concat([hex(open.repeat(levels)), hex('01')]);
      assert.ok(decodeMsgpack(nest(500)));
      const error = fails(nest(501));
      assert.deepEqual([error.code, error.offset], ['too-deep', 500 * hex(open).length]);
    }
    assert.equal(fails(Buffer.alloc(1_000_000, 0x91)).code, 'too-deep');
    const neighbours = Buffer.concat([hex('dc 03 e8'), Buffer.alloc(1000, 0x90)]);
    assert.ok(decodeMsgpack(neighbours), 'neighbours are not nested');
  });

  it('allocates nothing for what a header only claims', () => {
    for (const text of [
      'dd ff ff ff ff',
      'df ff ff ff ff',
      'db ff ff ff ff',
      'c6 ff ff ff ff',
      'c9 ff ff ff ff 01',
    ])
      assert.equal(fails(hex(text)).code, 'truncated', text);
    const header = Buffer.alloc(5, 0xdd);
    header.writeUInt32BE(900_000, 1);
    const claims = Buffer.concat([...Array.from({ length: 400 }, () => header), Buffer.alloc(900_000, 0xc1)]);
    const before = process.memoryUsage().rss;
    assert.equal(fails(claims).code, 'bad-type');
    assert.ok(
      process.memoryUsage().rss - before < 200e6,
      'nested headers claim the same bytes over and over',
    );
  });

  it('reads what stands inside extensions once, however they are nested', () => {
    const links = Array.from({ length: 60 }, () => hex('d4 01 92'));
    const bytes = Buffer.concat([hex('dc 00 3f'), ...links, hex('01 01 01')]);
    const value = decodeMsgpack(bytes);
    assert.equal(value.type === 'array' && value.items.length, 63);
    assert.equal(value.length, bytes.length);
  });

  it('is not misled about the depth by broken extensions', () => {
    const broken = Array.from({ length: 2000 }, () => hex('d4 01 91'));
    const value = decodeMsgpack(Buffer.concat([hex('dc 07 d0'), ...broken]));
    assert.equal(value.type === 'array' && value.items.length, 2000);
  });

  it('never throws anything but a DecodeError, and places it inside', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 64 }),
        fc.constantFrom<MsgpackDialect>('modern', 'msgpack-js'),
        (bytes, dialect) => {
          try {
            assert.equal(decodeMsgpack(bytes, dialect).length, bytes.length);
          } catch (error) {
            if (!(error instanceof DecodeError)) throw error;
            assert.ok(error.offset >= 0 && error.offset <= bytes.length);
          }
        },
      ),
      { numRuns: 5000 },
    );
  });
});

describe('decodeMsgpack, places', () => {
  it('covers the input without gap or overlap', () => {
    fc.assert(
      fc.property(lossless, (value) => {
        const root = decodeMsgpack(encode(value));
        const covered = { bytes: 0 };
        walk(root, (part) => {
          covered.bytes += ownBytes(part);
        });
        assert.equal(covered.bytes, root.length);
      }),
    );
  });

  it('can be read again at each place', () => {
    fc.assert(
      fc.property(lossless, (value) => {
        const bytes = encode(value);
        walk(decodeMsgpack(bytes), (part) => {
          assert.deepEqual(readMsgpack(bytes, part.offset), part);
        });
      }),
      { numRuns: 50 },
    );
  });
});

/** What a value takes beside its children; they must follow one another. */
function ownBytes(value: Value): number {
  const children =
    value.type === 'array'
      ? value.items
      : value.type === 'map'
        ? value.entries.flatMap(({ key, value: item }) => [key, item])
        : [];
  const first = children[0];
  if (first === undefined) return value.length;
  let end = first.offset;
  for (const child of children) {
    assert.equal(child.offset, end);
    end += child.length;
  }
  assert.equal(end, value.offset + value.length);
  return first.offset - value.offset;
}
