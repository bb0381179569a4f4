import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DecodeError } from '../../src/bytes/decode-error.ts';
import { decodePickle, isTuple, listPickledGlobals } from '../../src/bytes/pickle.ts';
import { tracePickle } from '../../src/bytes/pickle-trace.ts';
import type { Value } from '../../src/model/value.ts';

/** Runs a Python program and answers with what it printed. */
function python(program: string, input = ''): string {
  return execFileSync('python3', ['-c', program], { input, maxBuffer: 1 << 28 }).toString();
}

/** Pickles in hex, one for each protocol, of a Python expression. */
function pickled(expression: string): Buffer[] {
  const lines = python(`
import pickle, datetime, decimal, uuid, collections, os, math
class Evil:
    def __reduce__(self): return (os.system, ('touch /nonexistent/never',))
value = ${expression}
for protocol in range(6): print(pickle.dumps(value, protocol).hex())`);
  return lines
    .trim()
    .split('\n')
    .map((hex) => Buffer.from(hex, 'hex'));
}

/** A value as Python's JSON encoder in `GENERATE` writes it. */
function plain(value: Value): unknown {
  switch (value.type) {
    case 'nil':
      return null;
    case 'bool':
      return value.value;
    case 'int':
      return { int: String(value.value) };
    case 'float':
      return { float: floatHex(value.value) };
    case 'str':
      return value.value;
    case 'bin':
      return { bytes: Buffer.from(value.bytes).toString('hex') };
    case 'array':
      return value.items.map(plain);
    case 'map':
      return { dict: value.entries.map((entry) => [plain(entry.key), plain(entry.value)]) };
    case 'opaque':
      return { opaque: value.name };
    default:
      return { unexpected: value.type };
  }
}

function floatHex(value: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(Number.isNaN(value) ? Number.NaN : value);
  return Number.isNaN(value) ? 'nan' : bytes.toString('hex');
}

/** Writes 200 random values, each pickled in all protocols, with the same value as JSON beside it. */
const GENERATE = `
import json, pickle, random, struct
random.seed(20251)
def text():
    return ''.join(random.choice(['a', 'é', '\\\\', '\\n', '"', "'", '\\u20ac', '\\U0001f600', '\\ud83d', '\\x00', '\\\\u0041']) for _ in range(random.randrange(12)))
def value(depth):
    pick = random.randrange(13 if depth else 8)
    if pick == 0: return random.choice([None, True, False])
    if pick == 1: return random.randrange(-300, 70000)
    if pick == 2: return random.randrange(-2**90, 2**90) >> random.randrange(80)
    if pick == 3: return random.choice([0.5, -0.0, 1e300, float('inf'), float('-inf'), float('nan'), 3.14, 5e-324])
    if pick in (4, 5): return text()
    if pick == 6: return 'x' * random.choice([255, 256, 70000]) if random.random() < .1 else text()
    if pick == 7: return bytes(random.randrange(256) for _ in range(random.randrange(300)))
    if pick in (8, 9): return [value(depth - 1) for _ in range(random.choice([0, 1, 2, 3, 4, 1100 if depth == 1 else 2]))]
    if pick == 10: return tuple(value(depth - 1) for _ in range(random.randrange(6)))
    return {text(): value(depth - 1) for _ in range(random.randrange(6))}
def show(v):
    if v is None or isinstance(v, (bool, str)): return v
    if isinstance(v, int): return {'int': str(v)}
    if isinstance(v, float): return {'float': 'nan' if v != v else struct.pack('>d', v).hex()}
    if isinstance(v, bytes): return {'bytes': v.hex()}
    if isinstance(v, dict): return {'dict': [[show(k), show(x)] for k, x in v.items()]}
    return [show(x) for x in v]
for _ in range(200):
    v = value(4)
    print(json.dumps({'pickles': [pickle.dumps(v, p).hex() for p in range(6)], 'value': show(v)}))
`;

function refuses(bytes: Uint8Array, code: string): DecodeError {
  try {
    decodePickle(bytes);
  } catch (error) {
    assert.ok(error instanceof DecodeError, String(error));
    assert.equal(error.code, code);
    return error;
  }
  assert.fail(`expected ${code}`);
}

/** Steps of a whole pickle touch each other and cover everything. */
function assertCovers(bytes: Uint8Array): void {
  const { steps, error } = tracePickle(bytes);
  assert.equal(error, undefined);
  let at = 0;
  for (const step of steps) {
    assert.equal(step.offset, at);
    at += step.length;
  }
  assert.equal(at, bytes.length);
}

describe('decodePickle', () => {
  it('agrees with Python about generated values in protocols 0 to 5', () => {
    let compared = 0;
    for (const line of python(GENERATE).trim().split('\n')) {
      const { pickles, value } = JSON.parse(line) as { pickles: string[]; value: unknown };
      for (const [protocol, hex] of pickles.entries()) {
        const bytes = Buffer.from(hex, 'hex');
        assert.deepEqual(plain(decodePickle(bytes)), value, `protocol ${protocol}: ${hex.slice(0, 200)}`);
        assertCovers(bytes);
        compared++;
      }
    }
    assert.equal(compared, 1200);
  });

  it('tells tuples from lists', () => {
    for (const bytes of pickled('[(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), [], [1], [1, 2, (3,)]]')) {
      const list = decodePickle(bytes);
      assert.ok(list.type === 'array');
      assert.equal(isTuple(list, bytes), false);
      assert.deepEqual(
        list.items.map((item) => isTuple(item, bytes)),
        [true, true, true, true, true, false, false, false],
      );
    }
  });

  it('gives every value the bytes that made it', () => {
    const bytes = Buffer.from('80045d94284b018c02686994652e', 'hex');
    const list = decodePickle(bytes);
    assert.ok(list.type === 'array');
    assert.deepEqual([list.offset, list.length], [2, 11]);
    assert.deepEqual(
      list.items.map(({ offset, length }) => [offset, length]),
      [
        [5, 2],
        [7, 4],
      ],
    );
  });

  it('names objects instead of building them, and keeps their arguments', () => {
    const expression =
      "[datetime.date(2020, 1, 2), uuid.UUID(int=5), decimal.Decimal('1.5'), collections.OrderedDict(a=1), {7}, frozenset([8]), 'after']";
    for (const [protocol, bytes] of pickled(expression).entries()) {
      const list = decodePickle(bytes);
      assert.ok(list.type === 'array');
      assert.deepEqual(list.items.at(-1)?.type, 'str');
      const shown = list.items.slice(0, 6).map((item) => (item.type === 'opaque' ? item.name : item.type));
      const builtins = protocol < 3 ? '__builtin__' : 'builtins';
      const uuid = protocol < 2 ? 'copy_reg._reconstructor' : 'uuid.UUID';
      const set = protocol < 4 ? builtins : 'builtins';
      assert.deepEqual(shown, [
        'datetime.date',
        uuid,
        'decimal.Decimal',
        'collections.OrderedDict',
        `${set}.set`,
        `${set}.frozenset`,
      ]);
      const date = list.items[0];
      assert.ok(date?.type === 'opaque' && date.state[0]?.type === 'bin');
      assert.deepEqual([...date.state[0].bytes], [0x07, 0xe4, 1, 2]);
      const ordered = list.items[3];
      assert.ok(ordered?.type === 'opaque');
      assert.match(JSON.stringify(ordered.state), /"value":"a"/);
    }
  });

  it('describes a call of os.system and does not make it', () => {
    for (const bytes of pickled("{'method': 'emit', 'data': Evil()}")) {
      const map = decodePickle(bytes);
      assert.ok(map.type === 'map');
      const call = map.entries[1]?.value;
      assert.ok(call?.type === 'opaque');
      assert.equal(call.name, 'posix.system');
      assert.ok(call.state[0]?.type === 'str');
      assert.equal(call.state[0].value, 'touch /nonexistent/never');
    }
  });

  it('reads what Python 2 writes', () => {
    const bytes = Buffer.from(
      "(dp1\nS'text'\np2\nS'a\\n\\xc3\\xa9'\np3\nsS'raw'\nS'\\xff'\nsV\\u20ac\nL12L\nsI01\nF0.5\ns.",
      'latin1',
    );
    const map = decodePickle(bytes);
    assert.ok(map.type === 'map');
    const [text, raw, euro, flag] = map.entries;
    assert.ok(text?.value.type === 'str' && text.value.bytes === undefined);
    assert.equal(text.value.value, 'a\né');
    assert.ok(raw?.value.type === 'str');
    assert.deepEqual([...(raw.value.bytes ?? [])], [0xff]);
    assert.ok(euro?.key.type === 'str' && euro.value.type === 'int');
    assert.deepEqual([euro.key.value, euro.value.value], ['€', 12]);
    assert.ok(flag?.key.type === 'bool' && flag.key.value);
  });

  it('says where a truncated pickle ends, at every length', () => {
    for (const bytes of pickled("{'method': 'emit', 'data': [b'x', 1.5, 2**70, 'text'], 'n': (1, 2)}")) {
      for (let length = 0; length < bytes.length; length++) {
        const error = refuses(bytes.subarray(0, length), 'truncated');
        assert.match(error.message, /incomplete pickle/);
        assert.equal(error.offset, length);
        const { steps } = tracePickle(bytes.subarray(0, length));
        const covered = steps.reduce((sum, step) => sum + step.length, 0);
        assert.ok(covered <= length);
      }
      refuses(Buffer.concat([bytes, Buffer.from('x')]), 'trailing-bytes');
    }
  });

  it('refuses what is no pickle', () => {
    refuses(Buffer.from([0xff]), 'bad-type');
    refuses(Buffer.from([0x80, 9, 0x4e, 0x2e]), 'bad-type');
    refuses(Buffer.from('.'), 'bad-syntax');
    refuses(Buffer.from('h\x05.', 'latin1'), 'bad-syntax');
    refuses(Buffer.from('(N.'), 'bad-syntax');
    refuses(Buffer.from('NNs.'), 'bad-syntax');
    refuses(Buffer.from(']N]s.'), 'bad-syntax');
  });
});

describe('decodePickle of hostile bytes', () => {
  it('describes 10^6 levels in bounded time', () => {
    const deep = [
      `b'\\x80\\x04' + b']' * 1000000 + b'a' * 999999 + b'.'`,
      `b'\\x80\\x04N' + b'\\x85' * 1000000 + b'.'`,
      `b'(' * 1000000 + b't' * 1000000 + b'.'`,
      `b'\\x80\\x04]\\x94' + b'h\\x00\\x85a' * 100 + b'N' + b'\\x85' * 1000000 + b'.'`,
    ];
    for (const program of deep) {
      const bytes = Buffer.from(python(`print((${program}).hex())`).trim(), 'hex');
      const started = performance.now();
      refuses(bytes, 'too-deep');
      assert.ok(performance.now() - started < 5000);
    }
  });

  it('refuses a few hundred bytes that stand for gigabytes', () => {
    const bomb = Buffer.from(
      python(`
import pickle
value = ['lol'] * 10
for _ in range(40): value = [value] * 10
print(pickle.dumps(value, 4).hex())`).trim(),
      'hex',
    );
    assert.ok(bomb.length < 2000);
    refuses(bomb, 'too-large');
    assert.equal(tracePickle(bomb).error?.code, 'too-large');
    const text = Buffer.from(
      python(`import pickle; s = 'x' * 60000; print(pickle.dumps([s] * 30000, 4).hex())`).trim(),
      'hex',
    );
    refuses(text, 'too-large');
  });

  it('keeps ordinary sharing: one object in several places', () => {
    const [bytes] = pickled("(lambda shared: [shared, shared, {'again': shared}])({'room': 'a'})").slice(4);
    assert.ok(bytes !== undefined);
    assert.deepEqual(plain(decodePickle(bytes)), [
      { dict: [['room', 'a']] },
      { dict: [['room', 'a']] },
      { dict: [['again', { dict: [['room', 'a']] }]] },
    ]);
  });

  it('cuts reference cycles', () => {
    for (const hex of python(`
import pickle
a = [1]; a.append(a)
d = {}; d['self'] = [d]
for p in range(6): print(pickle.dumps([a, d], p).hex())`)
      .trim()
      .split('\n')) {
      assert.deepEqual(plain(decodePickle(Buffer.from(hex, 'hex'))), [
        [{ int: '1' }, { opaque: '<cycle>' }],
        { dict: [['self', [{ opaque: '<cycle>' }]]] },
      ]);
    }
  });

  it('bounds integers and the memo', () => {
    refuses(Buffer.concat([Buffer.from('L'), Buffer.alloc(200_000, '9'), Buffer.from('L\n.')]), 'too-large');
    const long = Buffer.from([0x8b, 0, 0, 2, 0]);
    refuses(Buffer.concat([long, Buffer.alloc(0x20000, 1), Buffer.from('.')]), 'too-large');
    refuses(Buffer.concat([Buffer.from('N'), Buffer.alloc(2_000_001, 0x94), Buffer.from('.')]), 'too-large');
    refuses(Buffer.alloc(3_000_000, 'N'), 'too-large');
    refuses(Buffer.alloc(3_000_000, '('), 'too-large');
    const missing = refuses(Buffer.from('80048e000000000000008078', 'hex'), 'truncated');
    assert.match(missing.message, /more than 9007199254740991 bytes are missing in BINBYTES8/);
  });

  it('refuses an integer of less than no bytes, as Python does', () => {
    const hex = '80028bfbffffff2e';
    const said = python(`
import pickle
try: pickle.loads(bytes.fromhex('${hex}')); print('read')
except pickle.UnpicklingError as error: print(error)`);
    assert.match(said, /negative byte count/);
    assert.match(refuses(Buffer.from(hex, 'hex'), 'bad-type').message, /LONG4 says a length below 0/);
  });

  it('throws nothing but DecodeError on random and on damaged bytes', () => {
    const samples = pickled(
      "{'method': 'emit', 'data': [b'x', Evil(), {1}, 2**70, collections.OrderedDict(a=[])], 'n': (1, 'é')}",
    );
    const survive = (bytes: Uint8Array): void => {
      try {
        decodePickle(bytes);
      } catch (error) {
        assert.ok(error instanceof DecodeError, String(error));
      }
      listPickledGlobals(bytes);
      tracePickle(bytes);
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), survive), { numRuns: 3000 });
    const damage = fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.nat(5), damage, (protocol, changes) => {
        const bytes = Buffer.from(samples[protocol] ?? []);
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        survive(bytes);
      }),
      { numRuns: 6000 },
    );
  });

  it('lives through a megabyte of whatever grows, and a trace of half of it, in a heap of 300 MB', () => {
    const program = `
      import { decodePickle } from './src/bytes/pickle.ts';
      import { tracePickle } from './src/bytes/pickle-trace.ts';
      const parts = [']', '8f', '4e94', '5d32'];
      for (const part of parts) {
        const unit = Buffer.from(part, /^[0-9a-f]{2,}$/.test(part) ? 'hex' : 'latin1');
        const bytes = Buffer.concat([Buffer.from('N'), Buffer.alloc(1_000_000, unit)]);
        try { decodePickle(bytes); console.log('read'); } catch (error) { console.log(error.name); }
        tracePickle(bytes.subarray(0, 500_000));
      }`;
    const run = execFileSync(
      process.execPath,
      ['--max-old-space-size=300', '--import', 'tsx', '--input-type=module', '-e', program],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    assert.deepEqual(new Set(run.toString().trim().split('\n')), new Set(['DecodeError']));
  });
});

describe('listPickledGlobals', () => {
  it('finds calls whose result is thrown away, and those before the pickle breaks', () => {
    const hidden = Buffer.from("cos\nsystem\n(S'id'\ntR0}.", 'latin1');
    assert.deepEqual(decodePickle(hidden).type, 'map');
    assert.deepEqual(listPickledGlobals(hidden), [{ name: 'os.system', offset: 0, isCalled: true }]);
    assert.deepEqual(listPickledGlobals(hidden.subarray(0, 20)), [
      { name: 'os.system', offset: 0, isCalled: true },
    ]);
    assert.deepEqual(listPickledGlobals(Buffer.from('cos\nsystem\n')), [
      { name: 'os.system', offset: 0, isCalled: false },
    ]);
  });
});

describe('tracePickle', () => {
  it('says what each opcode does, with the text that a reference stands for', () => {
    const bytes = Buffer.from('80047d94288c0568656c6c6f94680175732e', 'hex');
    const { steps } = tracePickle(Buffer.from('80047d94288c0568656c6c6f946801752e', 'hex'));
    assert.deepEqual(
      steps.map((step) => step.opcode),
      ['PROTO', 'EMPTY_DICT', 'MEMOIZE', 'MARK', 'SHORT_BINUNICODE', 'MEMOIZE', 'BINGET', 'SETITEMS', 'STOP'],
    );
    assert.equal(steps[4]?.argument, '"hello"');
    assert.equal(steps[4].level, 1);
    assert.match(steps[6]?.note ?? '', /"hello"$/);
    assert.equal(tracePickle(bytes).error?.offset, 16);
  });

  it('never runs or imports anything, and says so', () => {
    const { steps } = tracePickle(Buffer.from("cos\nsystem\n(S'id'\ntR.", 'latin1'));
    assert.match(steps.at(-2)?.note ?? '', /os\.system.*nothing is run/);
  });
});
