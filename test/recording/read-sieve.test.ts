import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Captured } from '../../src/model/frame.ts';
import { ReadSieve } from '../../src/recording/read-sieve.ts';

interface Reader {
  readonly client?: string;
  readonly command?: 'XREAD' | 'XRANGE';
}

function read(ms: number, { client = '10.0.0.1:1', command = 'XREAD' }: Reader = {}): Captured {
  const asked = {
    via: 'monitor',
    time: ms * 1000,
    client,
    command,
    stream: Buffer.from('s'),
    from: `${ms}-0`,
  } as const;
  return { is: 'other', command, read: asked };
}

void test('one XREAD in half a second of each reader is kept whole, of the others only that they were there', () => {
  const sieve = new ReadSieve();
  const items = [
    read(0),
    read(100),
    read(200, { client: '10.0.0.2:1' }),
    read(450),
    read(500),
    read(600, { command: 'XRANGE' }),
    read(610, { command: 'XRANGE' }),
  ];
  const kept = items.map((item) => sieve.thin(item));
  assert.deepEqual(
    kept.map((item) => item.is === 'other' && item.read !== undefined),
    [true, false, true, false, true, true, true],
  );
  assert.deepEqual(kept[1], { is: 'other', command: 'XREAD' });
});
