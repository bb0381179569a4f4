import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DecodeError } from '../../src/bytes/decode-error.ts';
import { decodeJson, readJson } from '../../src/bytes/json.ts';
import type { Value } from '../../src/model/value.ts';
import { plain, walk } from './plain.ts';

const read = (text: string): Value => decodeJson(Buffer.from(text));
const fails = (text: string | Buffer): DecodeError => {
  try {
    decodeJson(Buffer.from(text));
  } catch (error) {
    if (error instanceof DecodeError) return error;
    throw error;
  }
  return assert.fail(`read ${String(text)}`);
};

/** What JSON.parse says, or undefined where it refuses. JSON has no undefined of its own. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** As JSON.parse has them: integers beyond 2^53 as the nearest number. */
function rounded(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(rounded);
  if (typeof value !== 'object' || value === null) return value;
  const object: Record<string, unknown> = {};
  for (const [name, item] of Object.entries(value))
    Object.defineProperty(object, name, { value: rounded(item), enumerable: true });
  return object;
}

const BRACKET_KINDS = ['[', '{"a":'];

describe('decodeJson', () => {
  it('reads what JSON.parse reads, and the same', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), fc.constantFrom('', ' ', '\n\t'), (text, space) => {
        const value = read(space + text + space);
        assert.deepEqual(rounded(plain(value)), JSON.parse(text));
        assert.equal(value.offset, space.length);
        assert.equal(value.length, Buffer.byteLength(text));
      }),
    );
  });

  it('accepts exactly what JSON.parse accepts of nearly right texts', () => {
    const piece = fc.constantFrom(
      ...'{}[]",:-+.eE0123 \n\\'.split(''),
      'true',
      'fals',
      'null',
      '"a"',
      '\\u00e9',
      '\\ud83d',
      '\\x',
      '1e5',
      '\u0001',
      'é',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const text = pieces.join('');
        const expected = parse(text);
        if (expected === undefined) assert.ok(fails(text).offset <= Buffer.byteLength(text));
        else assert.deepEqual(plain(read(text)), expected);
      }),
      { numRuns: 3000 },
    );
  });

  it('reads numbers as JSON.parse does, but integers exactly', () => {
    for (const text of ['0', '-0', '-0.0', '1e0', '1E+2', '0.1', '-12.5e-3', '1e400', '9007199254740991'])
      assert.ok(Object.is(plain(read(text)), JSON.parse(text)), text);
    assert.equal(plain(read('9007199254740993')), 9007199254740993n);
    assert.equal(plain(read('-123456789012345678901234567890')), -123456789012345678901234567890n);
    for (const text of ['01', '-', '+1', '1.', '.5', '1e', '--1', '0x10', 'NaN', 'Infinity', '1-1'])
      assert.equal(fails(text).offset <= text.length, true, text);
  });

  it('refuses a number that would take minutes', () => {
    assert.equal(fails('9'.repeat(1_000_001)).code, 'too-large');
  });

  it('keeps duplicate keys and __proto__ as entries', () => {
    const value = read('{"a":1,"__proto__":{"b":2},"a":3}');
    assert.ok(value.type === 'map');
    assert.deepEqual(
      value.entries.map(({ key, value: item }) => [plain(key), plain(item)]),
      [
        ['a', 1],
        ['__proto__', { b: 2 }],
        ['a', 3],
      ],
    );
  });

  it('reads escapes, pairs and lone surrogates', () => {
    for (const text of ['"\\u00e9\\n\\/\\""', '"\\ud83d\\ude00"', '"\\ud83dA"', '"\\uDE00"', '"\\\\u0041"'])
      assert.equal(plain(read(text)), JSON.parse(text), text);
    assert.match(fails('"\\\\\\n\\x41"').message, /^\\x is no JSON escape/);
    for (const text of ['"\\x41"', '"\\u12g4"', '"\\u"', '"\n"', '"\\']) assert.ok(fails(text));
  });

  it('keeps the bytes of a text that is not UTF-8, with its escapes resolved to UTF-8', () => {
    const seen = (text: string): string => {
      const value = decodeJson(Buffer.from(text, 'latin1'));
      assert.ok(value.type === 'str' && value.bytes !== undefined);
      return Buffer.from(value.bytes).toString('latin1');
    };
    assert.equal(seen('"a\xff"'), 'a\xff');
    assert.equal(seen('"\\n\xff\\"\xc3\xa9"'), '\n\xff"\xc3\xa9');
    assert.equal(seen('"\\u20ac\xff"'), '\xe2\x82\xac\xff');
    assert.equal(seen('"\\ud83d\\ude00\xff"'), '\xf0\x9f\x98\x80\xff');
    assert.equal(seen('"\\ud83d\xff"'), '\xef\xbf\xbd\xff');
  });

  it('holds a text of millions of escapes', () => {
    const many = Buffer.concat([Buffer.from(`"${'\\n'.repeat(3_000_000)}`), Buffer.from([0xff, 0x22])]);
    const value = decodeJson(many);
    assert.equal(value.type === 'str' && value.bytes?.length, 3_000_001);
  });

  it('allows 500 levels, and not one more', () => {
    for (const open of BRACKET_KINDS) {
      const close = open === '[' ? ']' : '}';
      assert.ok(read(open.repeat(500) + (open === '[' ? '' : '1') + close.repeat(500)));
      const error = fails(open.repeat(501));
      assert.deepEqual([error.code, error.offset], ['too-deep', 500 * open.length]);
    }
    assert.equal(fails('['.repeat(1_000_000)).code, 'too-deep');
    assert.ok(read(`[${'[],'.repeat(2000)}[]]`), 'neighbours are not nested');
  });

  it('says where a text breaks off, at every byte of it', () => {
    const text = Buffer.from(' {"é\\n":[1,-2.5e3,true,null,"x"],"b":{}} ');
    for (let length = 0; length < text.length - 1; length++) {
      const error = fails(text.subarray(0, length));
      assert.ok(error.offset <= length, `offset ${error.offset} of ${length} bytes`);
    }
    assert.deepEqual([fails('{"a"').code, fails('{"a"').offset], ['truncated', 4]);
    assert.deepEqual([fails('"a\\').code, fails('"a\\').offset], ['truncated', 3]);
  });

  it('says which byte is wrong', () => {
    const at = (text: string): [string, number] => [fails(text).code, fails(text).offset];
    assert.deepEqual(at('[1 2]'), ['bad-syntax', 3]);
    assert.deepEqual(at('{a:1}'), ['bad-syntax', 1]);
    assert.deepEqual(at('nul!'), ['bad-syntax', 3]);
    assert.deepEqual(at('[1]]'), ['trailing-bytes', 3]);
    assert.deepEqual(at('\ufeff1'), ['bad-syntax', 0]);
  });

  it('gives every value its place: read again there, it is the same', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const bytes = Buffer.from(text);
        walk(decodeJson(bytes), (value, parent) => {
          assert.deepEqual(readJson(bytes, value.offset), value);
          assert.deepEqual(
            decodeJson(bytes.subarray(value.offset, value.offset + value.length)).length,
            value.length,
          );
          if (parent !== undefined) assert.ok(value.offset > parent.offset);
          if (parent !== undefined) assert.ok(value.offset + value.length < parent.offset + parent.length);
        });
      }),
    );
  });
});
