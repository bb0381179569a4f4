import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeJson } from '../../src/bytes/json.ts';
import { decodeMsgpack } from '../../src/bytes/msgpack.ts';
import { quoteJson, writeJsonValue } from '../../src/render/json-value.ts';

const packed = (hex: string): unknown => JSON.parse(writeJsonValue(decodeMsgpack(Buffer.from(hex, 'hex'))));
const json = (text: string): string => writeJsonValue(decodeJson(Buffer.from(text)));

void test('writeJsonValue wraps what JSON cannot hold', () => {
  assert.deepEqual(packed('c40107'), { $binary: { base64: 'Bw==', subType: '00' } });
  assert.deepEqual(packed('d40000'), { $undefined: true });
  assert.deepEqual(packed('cf8000000000000000'), { $numberLong: '9223372036854775808' });
  assert.deepEqual(packed('d3ffdfffffffffffff'), { $numberLong: '-9007199254740993' });
  assert.deepEqual(packed('cb7ff8000000000000'), { $numberDouble: 'NaN' });
  assert.deepEqual(packed('cbfff0000000000000'), { $numberDouble: '-Infinity' });
  assert.deepEqual(packed('cb8000000000000000'), { $numberDouble: '-0.0' });
  assert.deepEqual(packed('d47f01'), { $ext: { type: 127, base64: 'AQ==' } });
  assert.deepEqual(packed('a2ff41'), { $string: { base64: '/0E=' } });
});

void test('writeJsonValue writes dates with three digits, with nine where they are finer, null where invalid', () => {
  assert.deepEqual(packed('d6ff59682f00'), { $date: '2017-07-14T02:40:00.000Z' });
  assert.deepEqual(packed('d7ff1d53530059682f00'), { $date: '2017-07-14T02:40:00.123Z' });
  assert.deepEqual(packed('d7ff0000000459682f00'), { $date: '2017-07-14T02:40:00.000000001Z' });
  assert.deepEqual(packed('c7090dcb7ff8000000000000'), { $date: null });
  assert.deepEqual(packed('c70cff000000007fffffffffffffff'), {
    $ext: { type: -1, base64: 'AAAAAH//////////' },
  });
});

void test('writeJsonValue keeps maps that an object would change as pairs', () => {
  assert.deepEqual(packed('820102a16103'), {
    $map: [
      [1, 2],
      ['a', 3],
    ],
  });
  assert.deepEqual(packed('82a16101a16102'), {
    $map: [
      ['a', 1],
      ['a', 2],
    ],
  });
  assert.deepEqual(packed('81a95f5f70726f746f5f5f01'), { $map: [['__proto__', 1]] });
  assert.deepEqual(packed('81a1ff01'), { $map: [[{ $string: { base64: '/w==' } }, 1]] });
});

void test('writeJsonValue puts an object that looks like a wrapper into $literal', () => {
  assert.equal(json('{"$binary":"x"}'), '{"$literal":{"$binary":"x"}}');
  assert.equal(json('{"$binary":"x","y":1}'), '{"$binary":"x","y":1}');
  assert.equal(json('{"$set":1}'), '{"$set":1}');
});

void test('writeJsonValue does not round integers of a JSON body', () => {
  assert.equal(
    json('[12345678901234567890,9007199254740991,-0]'),
    '[{"$numberLong":"12345678901234567890"},9007199254740991,{"$numberDouble":"-0.0"}]',
  );
});

void test('quoteJson escapes DEL, C1 controls and bidirectional controls', () => {
  assert.equal(quoteJson('\u007f\u009b\u202e\u2066é'), '"\\u007f\\u009b\\u202e\\u2066é"');
  assert.equal(JSON.parse(quoteJson('\u007f\u009b\u202e')), '\u007f\u009b\u202e');
});
