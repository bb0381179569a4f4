import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { startPrivateRedis } from '../../src/demo/private-redis.ts';
import { rules } from '../../src/doctor/rules/index.ts';
import { diagnoseLive } from '../../src/session/diagnose.ts';

const LISTEN_MS = 2000;
/** The second request comes when listening should be over, and is short after half a second. */
const BETWEEN_MS = 1700;

/** Three classic servers of which one is silent, as they look from Redis; the first asks now and then. */
async function examineAskers(
  mayListenOn: boolean,
): Promise<{ names: string[]; notes: string; held: string[] }> {
  const redis = await startPrivateRedis();
  const servers = ['aaaaaa', 'bbbbbb', 'cccccc'].map((uid) => ({ uid, sub: new Redis(redis.url) }));
  const pub = new Redis(redis.url);
  const life = { isOver: false };
  const ask = async (): Promise<void> => {
    for (let number = 1; !life.isOver; number++) {
      const requestId = `r${number}`;
      await pub.publish('socket.io-request#/#', JSON.stringify({ uid: 'aaaaaa', requestId, type: 5 }));
      await pub.publish('socket.io-response#/#aaaaaa#', JSON.stringify({ requestId, sockets: [] }));
      await delay(BETWEEN_MS);
    }
  };
  try {
    for (const { uid, sub } of servers) {
      const response = 'socket.io-response#/#';
      await sub.psubscribe('socket.io#/#*');
      await sub.subscribe('socket.io-request#/#', response, `${response}${uid}#`);
    }
    let asking: Promise<void> = Promise.resolve();
    const report = await diagnoseLive({
      rules: rules.filter(({ name }) => ['timeout-silent-server', 'half-open-connection'].includes(name)),
      target: { url: redis.url },
      via: 'subscribe',
      forMs: LISTEN_MS,
      mayListenOn,
      signal: AbortSignal.timeout(30_000),
      onLook: () => {
        asking = delay(LISTEN_MS / 4).then(ask);
      },
    }).finally(() => {
      life.isOver = true;
    });
    await asking;
    return {
      names: report.cases.map(({ rule }) => rule.name),
      notes: report.notes.join(' '),
      held: report.held.map(({ name }) => name),
    };
  } finally {
    for (const { sub } of servers) sub.disconnect();
    pub.disconnect();
    await redis.stop();
  }
}

void test('a single request without its answers is no finding, and its rule is not said to hold', async () => {
  const { names, notes, held } = await examineAskers(false);
  assert.deepEqual([names, held], [[], []]);
  assert.match(notes, /1 of 1 request got fewer answers .*listen longer/);
});

void test('where the doctor may, it listens on until the next one tells', async () => {
  const { names } = await examineAskers(true);
  // It is subscribed, and nobody is idle.
  assert.deepEqual(names, ['half-open-connection']);
});
