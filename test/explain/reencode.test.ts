import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encode as encodeMsgpack } from '@msgpack/msgpack';
import notepack from 'notepack.io';
import type { Layer, Row } from '../../src/explain/row.ts';
import type { Value } from '../../src/model/value.ts';
import { explainFixtures } from './explained.ts';

/** What no JavaScript value stands for. */
class Impossible extends Error {}

type Container = unknown[] | Record<string, unknown>;

/** The value that the rows describe, put together from nothing but the rows. */
function rebuild({ rows }: Layer): unknown {
  const containers = new Map<string, Container>();
  let root: unknown;
  for (const row of rows) {
    if (row.role === 'key' || row.role === 'close') continue;
    const value = toJs(row);
    if (row.value === undefined) containers.set(row.path, value as Container);
    const cut = row.path.lastIndexOf('/');
    if (cut === -1) {
      root = value;
      continue;
    }
    const parent = containers.get(row.path.slice(0, cut));
    const name = row.path
      .slice(cut + 1)
      .replaceAll('~1', '/')
      .replaceAll('~0', '~');
    if (Array.isArray(parent)) parent.push(value);
    else if (parent !== undefined) parent[name] = value;
    else throw new Error(`no container for ${row.path}`);
  }
  return root;
}

function toJs(row: Row): unknown {
  if (row.value !== undefined) return leafToJs(row.value);
  if (row.type.startsWith('array')) return [];
  assert.match(row.type, /^map/);
  return {};
}

function leafToJs(value: Value): unknown {
  switch (value.type) {
    case 'nil':
      return null;
    case 'str':
      if (value.bytes !== undefined) throw new Impossible();
      return value.value;
    case 'bin':
      return Buffer.from(value.bytes);
    case 'date':
      if (value.code !== -1 || Number.isNaN(value.seconds)) throw new Impossible();
      return new Date(value.seconds * 1000 + value.nanos / 1e6);
    case 'int':
      if (typeof value.value === 'bigint') throw new Impossible();
      return value.value;
    case 'bool':
    case 'float':
      return value.value;
    default:
      throw new Impossible();
  }
}

/** Checks one layer; answers false where no JavaScript value gives these bytes. */
function checkLayer(
  layer: Layer | undefined,
  encode: (value: unknown) => Uint8Array,
  where: string,
): boolean {
  assert.ok(layer);
  try {
    const bytes = Buffer.from(encode(rebuild(layer)));
    assert.equal(bytes.toString('hex'), Buffer.from(layer.bytes).toString('hex'), where);
    return true;
  } catch (error) {
    if (error instanceof Impossible) return false;
    throw error;
  }
}

const stringify = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

describe('the explained values, encoded again', () => {
  test('give the bytes that @socket.io/redis-adapter 8 wrote with notepack.io 3', async () => {
    let same = 0;
    let impossible = 0;
    for await (const { file, message, explanation } of explainFixtures()) {
      if (!file.includes('redis-adapter-8') || message.encoding !== 'msgpack') continue;
      if (checkLayer(explanation.layers.at(-1), (value) => notepack.encode(value) as Uint8Array, file))
        same++;
      else impossible++;
    }
    assert.ok(same > 20, `${same} payloads`);
    assert.ok(impossible < same / 4, `${impossible} payloads hold what JavaScript has no value for`);
  });

  test('give the bytes of every JSON payload', async () => {
    let same = 0;
    for await (const { file, message, explanation } of explainFixtures()) {
      if (message.encoding !== 'json' || file.includes('python')) continue;
      if (checkLayer(explanation.layers.at(-1), stringify, file)) same++;
    }
    assert.ok(same > 20, `${same} payloads`);
  });

  test('give the bytes that the streams adapter wrote with @msgpack/msgpack', async () => {
    let same = 0;
    for await (const { file, message, explanation } of explainFixtures()) {
      if (message.adapter !== 'redis-streams' || message.encoding !== 'msgpack') continue;
      if (checkLayer(explanation.layers.at(-1), (value) => encodeMsgpack(value), file)) same++;
    }
    assert.ok(same > 10, `${same} payloads`);
  });
});
