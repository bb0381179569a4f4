import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dissect } from '../../src/dissect/registry.ts';
import type { Frame } from '../../src/model/frame.ts';
import { bare, dissectPlainly } from './plain.ts';

function on(channel: string, body: unknown): Frame {
  return { via: 'subscribe', channel: Buffer.from(channel), payload: Buffer.from(JSON.stringify(body)) };
}

describe('laravel', () => {
  it('reads a broadcast, its audience and who is left out', () => {
    const body = { event: 'App\\Events\\Shipped', data: { order: 5 }, socket: 'AbC.1' };
    assert.deepEqual(dissectPlainly(on('laravel_database_private-orders.5', body)), {
      kind: 'broadcast',
      adapter: 'laravel',
      encoding: 'json',
      key: 'laravel_database_',
      room: 'private-orders.5',
      event: 'App\\Events\\Shipped',
      args: [{ order: 5 }],
      except: ['AbC.1'],
      inferred: ['room'],
    });
    const toAll = dissectPlainly(on('news', { ...body, socket: null }));
    assert.deepEqual([toAll.room, 'except' in toAll, 'key' in toAll], ['news', false, false]);
    assert.equal(dissectPlainly(bare(JSON.stringify(body))).adapter, 'laravel');
  });

  it('leaves feathers-sync, Nest and other JSON alone', () => {
    const strangers = [
      { event: 'users created', path: 'users', data: { id: 1 }, context: {} },
      { pattern: 'sum', data: [1, 2], id: 'q' },
      { response: 3, isDisposed: true, id: 'q' },
      { event: 'x', data: 1, socket: 's', more: 1 },
      { event: 1, data: 1, socket: null },
    ];
    for (const body of strangers) assert.equal(dissect(on('feathers-sync', body)), undefined);
  });
});
