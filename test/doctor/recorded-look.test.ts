import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Lab } from '../../src/demo/faults/lab.ts';
import { plan } from '../../src/demo/faults/scenes.ts';
import type { Look } from '../../src/doctor/evidence.ts';
import { readLook, writeLook, writeRedactedLook } from '../../src/doctor/recorded-look.ts';
import { takeLook } from '../../src/doctor/take-look.ts';
import { withLink } from '../../src/redis/place.ts';

async function lookAt(adapter: 'redis' | 'sharded' | 'streams'): Promise<Look> {
  const lab = await Lab.open();
  try {
    await lab.start(...plan(2, { adapter }));
    const look = await withLink(lab.target, AbortSignal.timeout(10_000), (link) => takeLook([link]));
    return { ...look, unreached: [], listeners: new Map([['socket.io#/#a#', 2]]) };
  } finally {
    await lab.close();
  }
}

function throughJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

for (const adapter of ['redis', 'sharded', 'streams'] as const) {
  void test(`a look at real servers, ${adapter}, is read as it was written`, async () => {
    const look = await lookAt(adapter);
    assert.equal(look.groups[0]?.uids.length, 2);
    assert.ok((look.clients?.length ?? 0) >= 4);
    assert.deepEqual(readLook(throughJson(writeLook(look))), look);
  });
}

const LOOK: Look = {
  from: 1,
  to: 2,
  facts: { node: '127.0.0.1:6379', product: 'Redis', version: '7.0.15' },
  groups: [
    {
      adapter: 'redis',
      key: 'k',
      nsp: '/',
      uids: ['aaaaaa'],
      counted: 2,
      doubled: [{ uid: 'aaaaaa', connections: 2 }],
    },
  ],
  clients: [
    {
      node: '127.0.0.1:6379',
      id: 3,
      address: '10.1.2.3:4567',
      name: 'billing',
      ageSeconds: 1,
      idleSeconds: 1,
      db: 0,
      channels: 0,
      patterns: 0,
      shardChannels: 0,
      outputBytes: 0,
      lastCommand: 'get',
      flags: 'N',
    },
  ],
  nodes: [{ node: '127.0.0.1:6379', role: 'primary', dropped: 1 }],
  pubsubLimit: { hardBytes: 1, softBytes: 1 },
  idleTimeoutSeconds: 0,
  unknownCommands: ['spublish'],
  listeners: new Map([['k#/#Zm9vYmFyYmF6cXV4AAAB#', 0]]),
  streams: [{ name: 's', length: 1, firstId: '1-0', lastId: '1-0' }],
  sessionMs: 1000,
  denials: [
    { reason: 'channel', object: 'secret-room', user: 'u', address: '10.1.2.3:1', count: 1, ageSeconds: 1 },
  ],
  unreached: ['no route'],
  hidden: ['NOPERM'],
};

void test('what a look of a redacted recording holds names no connection, no socket and nothing that was refused', () => {
  const text = JSON.stringify(writeRedactedLook(LOOK));
  assert.doesNotMatch(text, /10\.1\.2\.3|billing|secret-room|Zm9v/);
  const { from, groups, nodes, streams, denials, clients, listeners } = readLook(JSON.parse(text)) ?? {};
  assert.deepEqual([from, groups, nodes, streams], [LOOK.from, LOOK.groups, LOOK.nodes, LOOK.streams]);
  assert.deepEqual([denials, clients, listeners], [[], undefined, undefined]);
});

void test('a redacted look holds no room that looks like a uid, and no name of a user', () => {
  const uids = ['0123456789abcdef', '00aa11bb22cc33dd'];
  const sharded = { adapter: 'redis-sharded', key: 'k', nsp: '/', uids, counted: 1 } as const;
  const hidden = ['Redis at h:1 does not let user "alice@corp" run CONFIG GET'];
  const read = readLook(throughJson(writeRedactedLook({ ...LOOK, groups: [sharded], hidden })));
  assert.deepEqual(read?.groups, [{ ...sharded, uids: [] }]);
  assert.deepEqual(read.hidden, ['not permitted: CONFIG']);
});

/** All places in a JSON value. */
function placesIn(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  const below = Object.entries(value).flatMap(([name, inner]) => placesIn(inner, [...path, name]));
  return path.length === 0 ? below : [path, ...below];
}

function withAt(value: unknown, [name, ...rest]: readonly string[], instead: unknown): unknown {
  if (name === undefined) return instead;
  const copy: unknown = Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) };
  const of = copy as Record<string, unknown>;
  of[name] = withAt(of[name], rest, instead);
  return copy;
}

void test('whatever a stranger has written in place of a look, or into one, is a look of the right shape or none', () => {
  const whole = throughJson(writeLook(LOOK));
  assert.notEqual(readLook(whole), undefined);
  for (const place of placesIn(whole)) {
    for (const instead of [null, { a: 1 }, [[1]], true])
      assert.equal(
        readLook(withAt(whole, place, instead)),
        undefined,
        `${place.join('.')} ${JSON.stringify(instead)}`,
      );
  }
  for (const place of [['from'], ['to'], ['groups', '0', 'counted'], ['clients', '0', 'id']])
    for (const number of [1e308, -1e308, Number.POSITIVE_INFINITY, Number.NaN])
      assert.equal(readLook(withAt(whole, place, number)), undefined, `${place.join('.')} ${number}`);
  fc.assert(fc.property(fc.jsonValue(), (value) => readLook(value) === undefined));
});

void test('what a later version writes besides is passed over', () => {
  const later = { ...(throughJson(writeLook(LOOK)) as object), weather: 'fine' };
  assert.deepEqual(readLook(later), LOOK);
});
