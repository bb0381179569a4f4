import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { watchEnd } from '../../../src/capture/live/attach.ts';
import { nowMicros } from '../../../src/capture/live/clock.ts';
import { type PrivateRedis, startPrivateRedis } from '../../../src/demo/private-redis.ts';
import { waitFor } from '../../support/wait.ts';

const HEARTBEAT_MS = 60;

let redis: PrivateRedis;

before(async () => {
  redis = await startPrivateRedis();
});

after(() => redis.stop());

async function watch(port: number) {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  let last = nowMicros();
  let answers = 0;
  let why: string | undefined;
  socket.on('data', () => {
    last = nowMicros();
    answers++;
  });
  void watchEnd(socket, { lastTime: () => last, mayPing: true }, HEARTBEAT_MS).then((ending) => {
    why = ending.why;
  });
  return { socket, answers: () => answers, why: () => why };
}

void test('a connection on which nothing comes but answers to our questions stays, however long', async () => {
  const { socket, answers, why } = await watch(redis.port);
  await waitFor('twenty answers', () => (answers() >= 20 || why() !== undefined ? true : undefined));
  assert.equal(why(), undefined);
  socket.destroy();
});

void test('a connection whose other end does not answer is given up', async () => {
  const silent = createServer((other) => other.resume());
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { socket, why } = await watch((silent.address() as AddressInfo).port);
  assert.match(await waitFor('the end', why), /did not answer/);
  socket.destroy();
  silent.close();
});
