import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { RespReader, type RespReaderOptions } from '../../src/bytes/resp.ts';
import { encodeCommand, encodeReply } from '../../src/bytes/resp-encode.ts';
import { splitInlineWords } from '../../src/bytes/resp-inline.ts';
import { RespError, type RespValue } from '../../src/bytes/resp-value.ts';

const require = createRequire(import.meta.url);
const MEGABYTE = 1024 * 1024;

/** Everything that can be read of the chunks, and the error that ended it. */
function readAll(
  chunks: readonly Uint8Array[],
  options?: RespReaderOptions,
): { values: RespValue[]; error?: RespError; consumed: number } {
  const reader = new RespReader(options);
  const values: RespValue[] = [];
  try {
    for (const chunk of chunks) {
      reader.push(chunk);
      for (let value = reader.next(); value !== undefined; value = reader.next()) values.push(value);
    }
  } catch (error) {
    assert.ok(error instanceof RespError, String(error));
    return { values, error, consumed: reader.consumedBytes };
  }
  return { values, consumed: reader.consumedBytes };
}

function bytewise(bytes: Uint8Array): Uint8Array[] {
  return Array.from(bytes, (_, index) => bytes.subarray(index, index + 1));
}

/** A value as plain data: easy to write down, without places. Bytes are latin1. */
function plain(value: RespValue): unknown {
  switch (value.type) {
    case 'simple':
    case 'error':
    case 'bulk':
    case 'blob-error':
      return { [value.type]: value.bytes.toString('latin1') };
    case 'verbatim':
      return { [value.format]: value.bytes.toString('latin1') };
    case 'null':
      return null;
    case 'integer':
    case 'bignumber':
    case 'double':
    case 'boolean':
      return { [value.type]: value.value };
    case 'array':
    case 'push':
    case 'set':
      return { [value.type]: value.items.map(plain) };
    case 'map':
      return { map: value.entries.map((entry) => entry.map(plain)) };
    case 'inline':
      return { inline: value.words.map((word) => word.toString('latin1')) };
  }
}

const CASES: readonly (readonly [name: string, wire: string, expected: readonly unknown[]])[] = [
  ['simple string', '+OK\r\n', [{ simple: 'OK' }]],
  ['empty simple string', '+\r\n', [{ simple: '' }]],
  ['error', '-ERR unknown\r\n', [{ error: 'ERR unknown' }]],
  ['integers', ':0\r\n:-7\r\n:+42\r\n', [{ integer: 0 }, { integer: -7 }, { integer: 42 }]],
  [
    '64 bit integers',
    ':9223372036854775807\r\n:-9223372036854775808\r\n:9007199254740991\r\n',
    [{ integer: 9223372036854775807n }, { integer: -9223372036854775808n }, { integer: 9007199254740991 }],
  ],
  ['bulk', '$5\r\na\r\nbc\r\n', [{ bulk: 'a\r\nbc' }]],
  ['empty bulk', '$0\r\n\r\n', [{ bulk: '' }]],
  ['nulls', '$-1\r\n*-1\r\n_\r\n', [null, null, null]],
  [
    'array',
    '*2\r\n:1\r\n*2\r\n$1\r\nx\r\n*0\r\n',
    [{ array: [{ integer: 1 }, { array: [{ bulk: 'x' }, { array: [] }] }] }],
  ],
  [
    'push',
    '>3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nm\r\n',
    [{ push: [{ bulk: 'message' }, { bulk: 'c' }, { bulk: 'm' }] }],
  ],
  [
    'map',
    '%2\r\n+a\r\n:1\r\n+a\r\n:2\r\n',
    [
      {
        map: [
          [{ simple: 'a' }, { integer: 1 }],
          [{ simple: 'a' }, { integer: 2 }],
        ],
      },
    ],
  ],
  ['empty map and set', '%0\r\n~0\r\n', [{ map: [] }, { set: [] }]],
  ['set', '~2\r\n:1\r\n:2\r\n', [{ set: [{ integer: 1 }, { integer: 2 }] }]],
  [
    'doubles',
    ',1.5\r\n,-inf\r\n,inf\r\n,1e-3\r\n,10\r\n',
    [{ double: 1.5 }, { double: -Infinity }, { double: Infinity }, { double: 0.001 }, { double: 10 }],
  ],
  ['nan', ',nan\r\n', [{ double: Number.NaN }]],
  ['booleans', '#t\r\n#f\r\n', [{ boolean: true }, { boolean: false }]],
  [
    'big number',
    '(-3492890328409238509324850943850943825024385\r\n',
    [{ bignumber: -3492890328409238509324850943850943825024385n }],
  ],
  ['verbatim', '=7\r\ntxt:abc\r\n', [{ txt: 'abc' }]],
  ['blob error', '!5\r\nERR x\r\n', [{ 'blob-error': 'ERR x' }]],
  ['streamed string', '$?\r\n;4\r\nHell\r\n;1\r\no\r\n;0\r\n', [{ bulk: 'Hello' }]],
  [
    'streamed array and map',
    '*?\r\n:1\r\n%?\r\n+a\r\n:2\r\n.\r\n.\r\n',
    [{ array: [{ integer: 1 }, { map: [[{ simple: 'a' }, { integer: 2 }]] }] }],
  ],
];

describe('RespReader', () => {
  for (const [name, wire, expected] of CASES) {
    const bytes = Buffer.from(wire, 'latin1');
    test(`reads ${name} in one chunk, byte by byte, and nothing of it cut short`, () => {
      for (const chunks of [[bytes], bytewise(bytes)]) {
        const { values, error, consumed } = readAll(chunks);
        assert.equal(error, undefined);
        assert.deepEqual(values.map(plain), expected);
        assert.equal(consumed, bytes.length);
        assert.equal(
          values.reduce((sum, value) => sum + value.length, 0),
          bytes.length,
        );
      }
      for (let cut = 0; cut < bytes.length; cut++) {
        const { values, error } = readAll([bytes.subarray(0, cut)]);
        assert.equal(error, undefined, `cut at ${cut}`);
        assert.ok(values.length < expected.length);
      }
    });
  }

  test('counts offsets in the whole stream, nested values included', () => {
    const wire = Buffer.from('+OK\r\n>2\r\n:1\r\n$2\r\nab\r\n:5\r\n');
    for (const chunks of [[wire], bytewise(wire)]) {
      const { values } = readAll(chunks);
      assert.deepEqual(
        values.map(({ offset, length }) => [offset, length]),
        [
          [0, 5],
          [5, 16],
          [21, 4],
        ],
      );
      const push = values[1];
      assert.ok(push?.type === 'push');
      assert.deepEqual(
        push.items.map(({ offset, length }) => [offset, length]),
        [
          [9, 4],
          [13, 8],
        ],
      );
    }
  });

  test('puts attributes on the value that follows, and spans both', () => {
    const wire = Buffer.from('|1\r\n+ttl\r\n:3\r\n*2\r\n|1\r\n+a\r\n#t\r\n:1\r\n:2\r\n');
    for (const chunks of [[wire], bytewise(wire)]) {
      const { values } = readAll(chunks);
      assert.equal(values.length, 1);
      const array = values[0];
      assert.ok(array?.type === 'array');
      assert.deepEqual([array.offset, array.length], [0, wire.length]);
      assert.deepEqual(
        array.attributes?.map((entry) => entry.map(plain)),
        [[{ simple: 'ttl' }, { integer: 3 }]],
      );
      assert.deepEqual(
        array.items.map((item) => item.attributes?.length),
        [1, undefined],
      );
    }
  });

  test('hands out bulk strings as views into the chunk', () => {
    const chunk = Buffer.from('$3\r\nabc\r\n');
    const value = readAll([chunk]).values[0];
    assert.ok(value?.type === 'bulk');
    assert.equal(value.bytes.buffer, chunk.buffer);
  });

  test('agrees with itself over random splits', () => {
    const whole = Buffer.concat(CASES.map(([, wire]) => Buffer.from(wire, 'latin1')));
    const expected = readAll([whole]).values;
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(whole.length), { maxLength: 40 }), (cuts) => {
        const places = [0, ...cuts.sort((a, b) => a - b), whole.length];
        const chunks = places.slice(1).map((end, index) => whole.subarray(places[index], end));
        assert.deepEqual(readAll(chunks).values, expected);
      }),
    );
  });

  const violations: readonly (readonly [wire: string, code: string, offset: number])[] = [
    ['+OK\r\n?x\r\n', 'unknown-type', 5],
    ['*1\r\n\x00\r\n', 'unknown-type', 4],
    ['+OK\n', 'bad-line-end', 0],
    [':1x\r\n', 'bad-number', 0],
    [':\r\n', 'bad-number', 0],
    [':9223372036854775808\r\n', 'bad-number', 0],
    [',1..2\r\n', 'bad-number', 0],
    ['(1.5\r\n', 'bad-number', 0],
    ['#x\r\n', 'bad-number', 0],
    ['_x\r\n', 'bad-number', 0],
    ['$-2\r\n', 'bad-length', 0],
    ['$1025\r\n', 'bad-length', 0],
    ['$99999999999999999999\r\n', 'bad-length', 0],
    ['*-2\r\n', 'bad-length', 0],
    ['*4294967296\r\n', 'bad-length', 0],
    ['%-1\r\n', 'bad-length', 0],
    ['$2\r\nabc\r\n', 'bad-bulk-end', 0],
    ['=3\r\nabc\r\n', 'bad-verbatim', 0],
    [';1\r\nx\r\n', 'bad-stream', 0],
    ['$?\r\n:1\r\n', 'bad-stream', 4],
    ['.\r\n', 'bad-stream', 0],
    ['*1\r\n.\r\n', 'bad-stream', 4],
    ['%?\r\n:1\r\n.\r\n', 'bad-stream', 8],
    ['*1\r\n'.repeat(9), 'too-deep', 32],
    [`:${'1'.repeat(70_000)}`, 'too-long', 0],
    [`+${'x'.repeat(70_000)}`, 'too-long', 0],
  ];
  for (const [wire, code, offset] of violations) {
    test(`refuses ${JSON.stringify(wire.slice(0, 24))} as ${code} at ${offset}`, () => {
      const bytes = Buffer.from(wire, 'latin1');
      for (const chunks of [[bytes], bytewise(bytes)]) {
        const { error } = readAll(chunks, { maxDepth: 8, maxBulkBytes: 1024 });
        assert.deepEqual([error?.code, error?.offset], [code, offset]);
      }
    });
  }

  test('stays broken after a violation', () => {
    const reader = new RespReader();
    reader.push(Buffer.from('?\r\n+OK\r\n'));
    assert.throws(() => reader.next(), RespError);
    reader.push(Buffer.from('+OK\r\n'));
    assert.throws(() => reader.next(), RespError);
  });

  test('allocates nothing for lengths that the bytes do not hold', () => {
    const before = process.memoryUsage();
    const readers = ['$500000000\r\nx', '*2147483647\r\n', '%1000000000\r\n:1\r\n'].map((wire) => {
      const reader = new RespReader();
      reader.push(Buffer.from(wire));
      assert.equal(reader.next(), undefined);
      return reader;
    });
    const after = process.memoryUsage();
    assert.equal(readers.length, 3);
    assert.ok(after.arrayBuffers + after.heapUsed - before.arrayBuffers - before.heapUsed < 8 * MEGABYTE);
  });

  test('reads a bulk of 40 MB in chunks of 64 kB in linear time', () => {
    const spent = (megabytes: number): number => {
      const reader = new RespReader();
      const chunk = Buffer.alloc(64 * 1024, 'x');
      const started = process.cpuUsage();
      reader.push(Buffer.from(`$${megabytes * MEGABYTE}\r\n`));
      for (let pushed = 0; pushed < megabytes * 16; pushed++) {
        assert.equal(reader.next(), undefined);
        reader.push(chunk);
      }
      reader.push(Buffer.from('\r\n'));
      const value = reader.next();
      assert.ok(value?.type === 'bulk');
      assert.equal(value.bytes.length, megabytes * MEGABYTE);
      return process.cpuUsage(started).user + process.cpuUsage(started).system;
    };
    spent(4);
    // Quadratic copying would move 12.8 GB for these 40 MB.
    assert.ok(spent(40) < 2_000_000);
  });

  test('crashes on no bytes at all: it reads, waits, or says RespError', () => {
    const byte = fc.constantFrom(...Buffer.from('*$+-:>%~|_#,(=!;.?0123456789\r\n\r\n\r\ntxt:'), 0, 0xff);
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 60 }), fc.boolean(), (bytes, inline) => {
        const wire = Uint8Array.from(bytes);
        const one = readAll([wire], { inline });
        const many = readAll(bytewise(wire), { inline });
        assert.deepEqual(many.values, one.values);
        assert.equal(many.error?.code, one.error?.code);
        assert.equal(many.error?.offset, one.error?.offset);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('RespReader on the server side', () => {
  test('reads commands and inline commands, and skips empty ones', () => {
    const wire = Buffer.from(
      "\r\n*0\r\n*-1\r\nPING\r\n*2\r\n$4\r\nECHO\r\n$1\r\n+\r\nset  \"a\\x41\\n\" 'b\\'c'\n",
    );
    for (const chunks of [[wire], bytewise(wire)]) {
      const { values, error, consumed } = readAll(chunks, { inline: true });
      assert.equal(error, undefined);
      assert.equal(consumed, wire.length);
      assert.deepEqual(values.map(plain), [
        { inline: ['PING'] },
        { array: [{ bulk: 'ECHO' }, { bulk: '+' }] },
        { inline: ['set', 'aA\n', "b'c"] },
      ]);
    }
  });

  test("says what Redis says about a client's violations", () => {
    const said = (wire: string): string | undefined =>
      readAll([Buffer.from(wire)], { inline: true }).error?.message;
    assert.equal(said('*abc\r\n'), 'invalid multibulk length');
    assert.equal(said('*1\r\n:1\r\n'), "expected '$', got ':'");
    assert.equal(said('*1\r\n$-1\r\n'), 'invalid bulk length');
    assert.equal(said('*1\r\n$x\r\n'), 'invalid bulk length');
    assert.equal(said('get "a\r\n'), 'unbalanced quotes in request');
    assert.equal(said('x'.repeat(70_000)), 'too big inline request');
    assert.equal(said(`*${'1'.repeat(70_000)}`), 'too big mbulk count string');
    assert.equal(said(`*1\r\n$${'1'.repeat(70_000)}`), 'too big bulk count string');
  });

  test('splitInlineWords splits as sdssplitargs', () => {
    const words = (line: string): string[] | undefined =>
      splitInlineWords(Buffer.from(line, 'latin1'))?.map((word) => word.toString('latin1'));
    assert.deepEqual(words('  a\tb  '), ['a', 'b']);
    assert.deepEqual(words('"" \'\''), ['', '']);
    assert.deepEqual(words('"\\xff\\xZZ\\q\\"\\\\"'), ['\xffxZZq"\\']);
    assert.deepEqual(words("'\\n'"), ['\\n']);
    assert.deepEqual(words('a\0b'), ['a']);
    assert.equal(words('"a"b'), undefined);
    assert.equal(words("'a"), undefined);
  });
});

describe('encoders', () => {
  test('encodeCommand is what the reader reads', () => {
    const argument = fc.oneof(fc.string({ unit: 'grapheme' }), fc.uint8Array());
    fc.assert(
      fc.property(fc.array(argument, { minLength: 1 }), (args) => {
        const value = readAll([encodeCommand(args)], { inline: true }).values[0];
        assert.ok(value?.type === 'array');
        const read = value.items.map((item) => (item.type === 'bulk' ? item.bytes : undefined));
        assert.deepEqual(
          read,
          args.map((arg) => Buffer.from(arg as string)),
        );
      }),
    );
  });

  test('encodeReply writes protocol 2 without the types it lacks', () => {
    const map = { type: 'map', entries: [[{ type: 'simple', text: 'a' }, { type: 'null' }]] } as const;
    assert.equal(encodeReply(map, 3).toString(), '%1\r\n+a\r\n_\r\n');
    assert.equal(encodeReply(map, 2).toString(), '*2\r\n+a\r\n$-1\r\n');
    const push = { type: 'push', items: [{ type: 'integer', value: 1n }, { type: 'null-array' }] } as const;
    assert.equal(encodeReply(push, 3).toString(), '>2\r\n:1\r\n_\r\n');
    assert.equal(encodeReply(push, 2).toString(), '*2\r\n:1\r\n*-1\r\n');
    assert.equal(encodeReply({ type: 'verbatim', text: 'hé' }, 3).toString(), '=7\r\ntxt:hé\r\n');
    assert.equal(encodeReply({ type: 'verbatim', text: 'hé' }, 2).toString(), '$3\r\nhé\r\n');
  });
});

/** Wire text of random replies; `three` adds the types of RESP3 that ioredis 6 reads. */
function wires(three: boolean): fc.Arbitrary<string> {
  const digits = fc.integer().map((value) => `:${value}\r\n`);
  const bulk = fc.string({ unit: 'binary-ascii' }).map((text) => `$${text.length}\r\n${text}\r\n`);
  const simple = fc.stringMatching(/^[ -~]{0,20}$/).map((text) => `+${text}\r\n`);
  const two = [digits, bulk, simple, fc.constant('$-1\r\n')];
  const more = [
    fc.constantFrom('_\r\n', '#t\r\n', '#f\r\n', ',inf\r\n', ',-inf\r\n', ',nan\r\n'),
    fc.integer().map((value) => `,${value}\r\n`),
    fc.bigInt().map((value) => `(${value}\r\n`),
    fc.string({ unit: 'binary-ascii' }).map((text) => `=${text.length + 4}\r\ntxt:${text}\r\n`),
  ];
  return fc.letrec<{ value: string }>((tie) => {
    const items = (mark: string): fc.Arbitrary<string> =>
      fc.array(tie('value'), { maxLength: 4 }).map((list) => `${mark}${list.length}\r\n${list.join('')}`);
    const leaf = fc.oneof(...two, ...(three ? more : []));
    return { value: fc.oneof({ maxDepth: 4 }, leaf, items('*'), ...(three ? [items('~')] : [])) };
  }).value;
}

interface Oracle {
  new (options: Record<string, unknown>): { execute(chunk: Buffer): void; write(chunk: Buffer): void };
}

test('RespReader agrees with redis-parser on RESP2', () => {
  const Parser = require('redis-parser') as Oracle;
  fc.assert(
    fc.property(fc.array(wires(false), { minLength: 1 }), (list) => {
      const wire = Buffer.from(list.join(''), 'latin1');
      const judged: unknown[] = [];
      const parser = new Parser({
        returnBuffers: true,
        returnReply: (reply: unknown) => judged.push(reply),
        returnError: (error: unknown) => judged.push(error),
      });
      parser.execute(wire);
      assert.deepEqual(readAll([wire]).values.map(asJudged), judged);
    }),
  );
});

test('RespReader agrees with the decoder of ioredis 6 on RESP3', () => {
  const { Decoder, RESP_TYPES } = require(
    require.resolve('ioredis').replace(/index\.js$/, 'resp/decoder.js'),
  ) as { Decoder: Oracle; RESP_TYPES: Record<string, number> };
  const bytes = ['BLOB_STRING', 'SIMPLE_STRING', 'VERBATIM_STRING'].map((name) => [RESP_TYPES[name], Buffer]);
  const mapping = Object.fromEntries(bytes) as object;
  fc.assert(
    fc.property(fc.array(wires(true), { minLength: 1 }), (list) => {
      const wire = Buffer.from(list.join(''), 'latin1');
      const judged: unknown[] = [];
      const collect = (reply: unknown): number => judged.push(reply);
      const decoder = new Decoder({
        onReply: collect,
        onErrorReply: collect,
        onPush: collect,
        getTypeMapping: () => mapping,
      });
      decoder.write(wire);
      assert.deepEqual(readAll([wire]).values.map(asJudged), judged);
    }),
  );
});

/** A value as JavaScript clients hand it out. */
function asJudged(value: RespValue): unknown {
  if ('bytes' in value) return value.bytes;
  if ('items' in value) return value.items.map(asJudged);
  return 'value' in value ? value.value : null;
}
