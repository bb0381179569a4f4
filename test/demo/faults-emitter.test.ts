import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Emitter } from '@socket.io/redis-emitter';
import type { Redis } from 'ioredis';
import { emitFromOutside } from '../../src/demo/faults/scenes.ts';

/** Keeps what would be published. */
class Paper {
  readonly published: (readonly [string, string])[] = [];

  publish(channel: string, payload: Uint8Array): Promise<number> {
    this.published.push([channel, Buffer.from(payload).toString('hex')]);
    return Promise.resolve(0);
  }
}

void test('emitFromOutside publishes byte for byte what @socket.io/redis-emitter publishes', async () => {
  const [ours, theirs] = [new Paper(), new Paper()];
  await emitFromOutside(ours as unknown as Redis, 'news', ['it rains'], { key: 'chat', nsp: '/news' });
  new Emitter(theirs, { key: 'chat' }).of('/news').emit('news', 'it rains');
  assert.deepEqual(ours.published, theirs.published);
});
