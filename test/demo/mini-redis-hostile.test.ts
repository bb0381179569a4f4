import assert from 'node:assert/strict';
import { createConnection } from 'node:net';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { encodeCommand } from '../../src/bytes/resp-encode.ts';
import { matchesGlob } from '../../src/demo/mini-redis/glob.ts';
import { startMiniRedis } from '../../src/demo/mini-redis/index.ts';
import { Wire } from '../support/two-redis.ts';
import { waitFor } from '../support/wait.ts';

/** Words that get deep into the commands, beside bytes that do not. */
const WORDS = fc.constantFrom(
  ...[
    'HELLO',
    '3',
    '2',
    'AUTH',
    'default',
    'CLIENT',
    'KILL',
    'ID',
    'LIST',
    'TYPE',
    'REPLY',
    'SKIP',
    'INFO',
    'SELECT',
  ],
  ...[
    'SUBSCRIBE',
    'PSUBSCRIBE',
    'SSUBSCRIBE',
    'UNSUBSCRIBE',
    'PUBLISH',
    'SPUBLISH',
    'PUBSUB',
    'NUMSUB',
    'MONITOR',
  ],
  ...[
    'MULTI',
    'EXEC',
    'DISCARD',
    'WATCH',
    'SET',
    'GET',
    'GETDEL',
    'PX',
    'EX',
    'NX',
    'KEEPTTL',
    'DEL',
    'EXPIRE',
  ],
  ...[
    'XADD',
    'XREAD',
    'XRANGE',
    'XREVRANGE',
    'XDEL',
    'XTRIM',
    'XINFO',
    'STREAM',
    'STREAMS',
    'BLOCK',
    'COUNT',
    'MAXLEN',
  ],
  ...[
    'MINID',
    'LIMIT',
    '~',
    '=',
    '*',
    '$',
    '-',
    '+',
    '(1-1',
    '0-1',
    '18446744073709551615-18446744073709551615',
    'k',
  ],
  ...[
    '-1',
    '0',
    '9007199254740993',
    '1e400',
    '',
    'SCAN',
    'MATCH',
    'KEYS',
    '[a-',
    '\\',
    'COMMAND',
    'DOCS',
    'CONFIG',
  ],
);

describe('mini-redis and hostile clients', () => {
  test('random bytes and random commands end their own connection at most', async () => {
    const mini = await startMiniRedis();
    const steady = await Wire.open(mini.port);
    const chunk = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc.array(WORDS, { maxLength: 7 }).map((words) => encodeCommand(words)),
      fc.stringMatching(/^[*$\r\n0-9"'\\x-]{0,30}$/).map((text) => Buffer.from(text)),
    );
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(chunk, { minLength: 1, maxLength: 20 }), async (chunks) => {
          const wire = await Wire.open(mini.port);
          for (const bytes of chunks) wire.write(bytes);
          // The server has read all of it when a later connection is answered.
          const later = await Wire.open(mini.port);
          assert.match(await later.ask('PING\r\n'), /^\+PONG\r\n$/);
          wire.close();
          later.close();
          assert.match(await steady.ask('ECHO still-here\r\n'), /still-here/);
        }),
        { numRuns: 300 },
      );
    } finally {
      steady.close();
      await mini.close();
    }
  });

  test('a client that goes away leaves nothing behind', async () => {
    const mini = await startMiniRedis();
    const steady = await Wire.open(mini.port);
    try {
      const gone = await Wire.open(mini.port);
      await gone.ask('HELLO 3\r\nSUBSCRIBE a\r\nPSUBSCRIBE b*\r\nSSUBSCRIBE c\r\nWATCH d\r\n', 5);
      gone.write('XREAD BLOCK 0 STREAMS s $\r\n');
      gone.close();
      await waitFor('one client to be left', async () =>
        /connected_clients:1\r[\s\S]*blocked_clients:0\r/.test(await steady.ask('INFO clients\r\n'))
          ? true
          : undefined,
      );
      assert.equal(await steady.ask('PUBSUB CHANNELS\r\n'), '*0\r\n');
      assert.equal(await steady.ask('PUBSUB NUMPAT\r\n'), ':0\r\n');
      assert.equal(await steady.ask('PUBSUB SHARDCHANNELS\r\n'), '*0\r\n');
      assert.equal(await steady.ask('PUBLISH a x\r\n'), ':0\r\n');
    } finally {
      steady.close();
      await mini.close();
    }
  });

  test('a subscriber that does not read is let go before it fills the memory', async () => {
    const mini = await startMiniRedis();
    const steady = await Wire.open(mini.port);
    const lazy = createConnection(mini.port, '127.0.0.1');
    try {
      lazy.write('SUBSCRIBE c\r\n');
      lazy.pause();
      await waitFor('the subscription', async () =>
        (await steady.ask('PUBSUB NUMSUB c\r\n')).endsWith(':1\r\n') ? true : undefined,
      );
      const megabyte = encodeCommand(['PUBLISH', 'c', Buffer.alloc(1024 * 1024)]);
      for (let sent = 0; sent < 60; sent++) await steady.ask(megabyte);
      assert.equal(await steady.ask('PUBSUB CHANNELS\r\n'), '*0\r\n');
    } finally {
      lazy.destroy();
      steady.close();
      await mini.close();
    }
  });

  test('CLIENT KILL ends another connection', async () => {
    const mini = await startMiniRedis();
    const [one, other] = [await Wire.open(mini.port), await Wire.open(mini.port)];
    try {
      const id = /:(\d+)/.exec(await other.ask('CLIENT ID\r\n'))?.[1] ?? '';
      assert.equal(await one.ask(`CLIENT KILL ID ${id}\r\n`), ':1\r\n');
      await other.untilClosed();
    } finally {
      one.close();
      await mini.close();
    }
  });
});

describe('matchesGlob', () => {
  const cases: readonly (readonly [pattern: string, text: string, matches: boolean])[] = [
    ['*', '', true],
    ['', '', true],
    ['', 'a', false],
    ['socket.io#*', 'socket.io#/#room#', true],
    ['socket.io#*', 'socket.io', false],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['*.*', 'a.b', true],
    ['a*b*c', 'aXbYc', true],
    ['a*b*c', 'aXbY', false],
    ['[abc]', 'b', true],
    ['[^abc]', 'b', false],
    ['[a-c]', 'b', true],
    ['[c-a]', 'b', true],
    ['[a-', '-', true],
    ['[abc', 'c', true],
    ['[\\]]', ']', true],
    ['\\*', '*', true],
    ['\\*', 'a', false],
    ['\\', '\\', true],
    ['A', 'a', false],
    ['\xff*', '\xff\x00', true],
  ];
  for (const [pattern, text, matches] of cases) {
    test(`${JSON.stringify(pattern)} ${matches ? 'matches' : 'does not match'} ${JSON.stringify(text)}`, () => {
      assert.equal(matchesGlob(Buffer.from(pattern, 'latin1'), Buffer.from(text, 'latin1')), matches);
    });
  }

  test('takes quadratic time at most', () => {
    const started = process.cpuUsage().user;
    assert.equal(matchesGlob(Buffer.from(`${'*a'.repeat(30)}b`), Buffer.from('a'.repeat(20_000))), false);
    assert.ok(process.cpuUsage().user - started < 2_000_000);
  });
});
