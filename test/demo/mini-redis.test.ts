import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Contestant, normalise, playOnBoth, Wire } from '../support/two-redis.ts';
import { waitFor } from '../support/wait.ts';

/** One command each, in one connection and in this order. Replies are compared byte for byte. */
const COMMANDS: readonly string[] = `
FLUSHALL
PING|PING x|PING a b|ECHO hi|ECHO|TIME x|FOO|FOO bar "b\\"\\x00"|GET|GET a b
XADD s 1-1 a b|XADD s 1-1 a b|XADD s 0-0 a b|XADD s 5-* a b|XADD s 5-* a b|XADD s 3-* a b|XADD s x a b
XADD s 7 a b|XADD s NOMKSTREAM 8 c d|XADD none NOMKSTREAM 8 c d|XADD s MAXLEN 2 9-1 x y
XADD s MAXLEN = 2 9-2 x y|XADD s MAXLEN ~ 2 LIMIT 10 9-3 x y|XADD s MAXLEN 2 LIMIT 3 9-4 x y
XADD s MAXLEN x 9-5 a b|XADD s MAXLEN -1 9-5 a b|XADD s MINID 9-2 9-6 a b|XADD s 10 a b c|XADD s 10 a|XADD s
XLEN s|XLEN none|XRANGE s - +|XRANGE s - + COUNT 1|XRANGE s - + COUNT 0|XRANGE s - + COUNT -3
XRANGE s - + COUNT x|XRANGE s - + FOO 1|XRANGE s (9-2 +|XRANGE s 9 9|XRANGE s (- +|XRANGE s x +|XRANGE s - x
XRANGE s (18446744073709551615-18446744073709551615 +|XRANGE s - (0-0|XREVRANGE s + - COUNT 2|XREVRANGE s (9-6 -
XRANGE none - +|XREAD STREAMS s 0|XREAD COUNT 1 STREAMS s 0|XREAD STREAMS s none 0 0|XREAD STREAMS s $
XREAD STREAMS none 0|XREAD STREAMS s|XREAD STREAMS s a 0|XREAD STREAMS s x|XREAD BLOCK 10 STREAMS s $
XREAD BLOCK -1 STREAMS s $|XREAD BLOCK x STREAMS s $|XREAD COUNT x STREAMS s $|XREAD FOO x STREAMS s $
XREAD STREAMS s >|XREAD GROUP a b|XREAD COUNT 1 BLOCK 2|XDEL s 9-6 1-1|XDEL s x|XDEL none 1|XTRIM s MAXLEN 1
XTRIM s FOO 1|XTRIM s MAXLEN ~ 1|XTRIM none MAXLEN 1|XINFO STREAM s|XINFO STREAM s FULL|XINFO STREAM none
XINFO GROUPS s|XINFO FOO s|XINFO|SET str v|XADD str * a b|XLEN str|XREAD STREAMS str 0|XRANGE str - +
XREAD BLOCK 10 STREAMS str $|GET s|TYPE s|TYPE str|TYPE none|GETDEL s|GETDEL str|GETDEL str
SET a 1 PX 0|SET a 1 PX x|SET a 1 EX 1 PX 1|SET a 1 NX|SET a 2 NX|SET a 2 NX GET|SET b 2 XX|SET a 3 XX GET
SET a 4 KEEPTTL|SET a 4 FOO|SET a 5 EX|SET a 5 NX XX|SET a 5 PX 100000|TTL a|TTL b|PTTL b|EXPIRE a 100 NX
EXPIRE a 100 XX|EXPIRE a 100 FOO|EXPIRE b 1|EXPIRE a x|EXPIRE a -1|EXISTS a|SET a 6|PEXPIRE a 1000 GT
PEXPIRE a 1000 LT|EXPIRE a 10 NX|SET s 5 GET|DEL s|DEL a b c|EXISTS a a|SET k "a\\xff\\r\\n"|GET k|KEYS *|KEYS ?
KEYS [j-l]|KEYS [^k]|KEYS \\\\k|SCAN 0|SCAN x|SCAN 0 MATCH a* COUNT 10 TYPE string|SCAN 0 COUNT 0|SCAN 0 FOO
DBSIZE|SELECT 1|DBSIZE|SELECT 0|SELECT 16|SELECT x|SELECT -1|UNLINK k|FLUSHALL SYNC|FLUSHALL FOO|FLUSHALL ASYNC x
PUBSUB CHANNELS|PUBSUB NUMSUB a b|PUBSUB NUMPAT|PUBSUB SHARDCHANNELS|PUBSUB SHARDNUMSUB a|PUBSUB NUMSUB
PUBSUB CHANNELS a b|PUBSUB|PUBSUB FOO|PUBLISH a|PUBLISH a b|SPUBLISH a b|CLUSTER INFO|CLUSTER FOO|CLUSTER SHARDS
CLUSTER|ROLE|CONFIG GET save|CONFIG GET nosuch|CONFIG GET MAXMEMOR?|INFO nosuch|COMMAND INFO nosuch
COMMAND DOCS nosuch|COMMAND FOO|CLIENT FOO|CLIENT|CLIENT NO-EVICT|CLIENT NO-EVICT on|CLIENT NO-EVICT x|CLIENT KILL
CLIENT KILL TYPE foo|CLIENT KILL SKIPME foo|CLIENT KILL ID 1 FOO bar|CLIENT KILL ID 0|CLIENT KILL ID x
CLIENT KILL 1.2.3.4:5|CLIENT KILL foo bar|CLIENT KILL ID 99999|CLIENT LIST ID 99999|CLIENT LIST TYPE foo
CLIENT LIST TYPE pubsub|CLIENT LIST FOO|CLIENT SETNAME "a b"|CLIENT GETNAME|CLIENT SETNAME joe|CLIENT GETNAME
CLIENT SETNAME ""|CLIENT GETNAME|CLIENT SETINFO LIB-NAME x|CLIENT TRACKING on|CLIENT TRACKING off
CLIENT UNBLOCK 999|CLIENT UNPAUSE|CLIENT GETREDIR|CLIENT INFO x|CLIENT REPLY foo|ACL WHOAMI
MULTI x|WATCH|UNWATCH|EXEC|DISCARD|RESET x|AUTH x|AUTH x y|AUTH default x|AUTH a b c
MULTI|MULTI|WATCH a|SET t 1|GET t|XADD t * a b|XREAD BLOCK 0 STREAMS none $|EXEC
MULTI|GET|GET t|EXEC|MULTI|FOO|DISCARD|MULTI|GET t|DISCARD|WATCH t|SET t 2|MULTI|GET t|EXEC
WATCH t|MULTI|GET t|EXEC|MULTI|MONITOR|EXEC|MULTI|EXEC
HELLO 1|HELLO 4|HELLO x|HELLO 3 FOO|HELLO 3 SETNAME|HELLO 3 AUTH x|HELLO 3 AUTH x y|HELLO 3 SETNAME "a b"
SUBSCRIBE|UNSUBSCRIBE|PUNSUBSCRIBE|SUNSUBSCRIBE|FLUSHALL
`
  .trim()
  .split(/[|\n]/);

describe('mini-redis answers as redis-server', () => {
  for (const protocol of [2, 3]) {
    test(`to every command, protocol ${protocol}`, async () => {
      const { mini, real } = await playOnBoth(async ({ port }) => {
        const wire = await Wire.open(port);
        await wire.ask(`HELLO ${protocol}\r\n`);
        const answers: string[] = [];
        for (const command of COMMANDS) {
          answers.push(`${command} => ${normalise(await wire.ask(`${command}\r\n`))}`);
        }
        wire.close();
        return answers;
      });
      assert.deepEqual(mini, real);
    });
  }

  /** `connection: command`, and how many replies to wait for; `!` in front: the server hangs up after it. */
  type Step = readonly [connection: string, bytes: string, replies?: number];

  const scenarios: Readonly<Record<string, readonly Step[]>> = {
    'handshakes of both protocols': [
      ['a', 'HELLO'],
      ['a', 'HELLO 3'],
      ['a', 'HELLO 3 AUTH default x SETNAME joe'],
      ['a', 'CLIENT GETNAME'],
      ['a', 'HELLO 2 SETNAME jim'],
      ['a', 'CLIENT GETNAME'],
      ['a', 'RESET'],
      ['a', 'CLIENT GETNAME'],
    ],
    'subscriptions, protocol 2': [
      ['a', 'SUBSCRIBE x y x', 3],
      ['a', 'PSUBSCRIBE x*'],
      ['a', 'SSUBSCRIBE s'],
      ['b', 'PUBLISH x "\\x00\\xff\\r\\n"'],
      ['b', 'PUBLISH xx 2'],
      ['b', 'SPUBLISH s 3'],
      ['b', 'PUBLISH s 4'],
      ['b', 'PUBSUB NUMSUB x y z'],
      ['b', 'PUBSUB CHANNELS x*'],
      ['b', 'PUBSUB SHARDCHANNELS'],
      ['b', 'PUBSUB SHARDNUMSUB s x'],
      ['b', 'PUBSUB NUMPAT'],
      ['a', 'PING'],
      ['a', 'PING x'],
      ['a', 'GET x'],
      ['a', 'CONFIG GET save'],
      ['a', 'MULTI'],
      ['a', 'FOO'],
      ['a', 'GET'],
      ['a', 'UNSUBSCRIBE zz y', 2],
      ['a', 'UNSUBSCRIBE'],
      ['a', 'UNSUBSCRIBE'],
      ['a', 'PUNSUBSCRIBE'],
      ['a', 'GET x'],
      ['a', 'SUNSUBSCRIBE s'],
      ['a', 'GET x'],
    ],
    'subscriptions, protocol 3': [
      ['a', 'HELLO 3'],
      ['a', 'SUBSCRIBE x'],
      ['a', 'PSUBSCRIBE *'],
      ['a', 'PUBLISH x 1', 3],
      ['b', 'PUBLISH y 2'],
      ['a', 'SSUBSCRIBE s'],
      ['a', 'SPUBLISH s 3', 2],
      ['a', 'PING'],
      ['a', 'GET x'],
      ['a', 'RESET'],
      ['a', 'PING'],
      ['b', 'PUBSUB CHANNELS'],
    ],
    'a subscribed client of protocol 2 that resets itself': [
      ['a', 'SUBSCRIBE x'],
      ['a', 'RESET'],
      ['b', 'PUBLISH x 1'],
      ['a', 'GET x'],
    ],
    'subscribing in a transaction': [
      ['a', 'MULTI'],
      ['a', 'SUBSCRIBE x'],
      ['a', 'PUBLISH y 1'],
      ['a', 'EXEC'],
      ['b', 'PUBLISH x 2'],
    ],
    'MONITOR, and what it does not show': [
      ['m', 'MONITOR'],
      ['a', 'PING'],
      ['a', 'set q "\\xff\\n\\r\\t\\a\\b\\\\\\"\\x7f\\x00 \xc3\xa9"'],
      ['a', 'AUTH secret'],
      ['a', 'AUTH default secret'],
      ['a', 'HELLO 3 AUTH default secret SETNAME x'],
      ['a', 'HELLO 2'],
      ['a', 'MULTI'],
      ['a', 'SET k v'],
      ['a', 'PUBLISH c "#\\x01"'],
      ['a', 'EXEC'],
      ['a', 'MULTI'],
      ['a', 'GET k'],
      ['a', 'DISCARD'],
      ['a', 'SELECT 2'],
      ['a', 'XREAD BLOCK 10 STREAMS s $'],
      ['a', 'CLIENT LIST TYPE pubsub'],
      ['a', 'CLIENT GETREDIR'],
      ['a', 'CONFIG GET save'],
      ['a', 'GET'],
      ['a', 'FOO'],
      ['a', 'SELECT 99'],
      ['a', 'SUBSCRIBE x'],
      ['a', 'UNSUBSCRIBE'],
      ['a', 'RESET'],
      ['m', 'PING', 2],
      ['m', 'GET x'],
      ['m', 'XLEN x'],
      ['m', 'PUBLISH c 1'],
      ['m', 'SUBSCRIBE c', 2],
      ['a', 'PUBLISH c 2'],
      ['m', 'RESET'],
      ['a', 'PUBLISH c 3'],
    ],
    'replies switched off': [
      ['a', 'CLIENT REPLY OFF', 0],
      ['a', 'PING', 0],
      ['a', 'CLIENT REPLY ON'],
      ['a', 'CLIENT REPLY SKIP', 0],
      ['a', 'PING', 0],
      ['a', 'PING 2'],
    ],
    'WATCH across connections': [
      ['a', 'WATCH k'],
      ['b', 'SET k 1'],
      ['a', 'MULTI'],
      ['a', 'GET k'],
      ['a', 'EXEC'],
      ['a', 'WATCH s'],
      ['b', 'XADD s 1-1 a b'],
      ['a', 'MULTI'],
      ['a', 'GET k'],
      ['a', 'EXEC'],
      ['a', 'WATCH k'],
      ['b', 'GET k'],
      ['a', 'MULTI'],
      ['a', 'GETDEL k'],
      ['a', 'EXEC'],
    ],
    'nonsense that ends a connection': [
      ['a', '!*1\r\n:1'],
      ['b', '!*x'],
      ['c', '!*1\r\n$-1'],
      ['d', '!get "a'],
      ['e', '!*2147483648'],
      ['f', '!*1\r\n$536870913'],
      ['g', '!QUIT\r\nPING'],
    ],
    'empty commands and pipelines': [
      ['a', '\r\n*0\r\n*-1\r\nPING'],
      ['a', 'PING 1\r\nPING 2\r\n*2\r\n$4\r\nECHO\r\n$1\r\nx', 3],
    ],
  };

  for (const [name, steps] of Object.entries(scenarios)) {
    test(`in scenario: ${name}`, async () => {
      const { mini, real } = await playOnBoth((server) => playSteps(server, steps));
      assert.deepEqual(mini, real);
    });
  }

  async function playSteps({ port }: Contestant, steps: readonly Step[]): Promise<Record<string, string>> {
    const wires = new Map<string, Wire>();
    for (const [connection, bytes, replies = 1] of steps) {
      const wire = wires.get(connection) ?? (await Wire.open(port));
      wires.set(connection, wire);
      if (bytes.startsWith('!')) {
        wire.write(`${bytes.slice(1)}\r\n`);
        await wire.untilClosed();
      } else await wire.ask(`${bytes}\r\n`, replies);
    }
    const transcripts: Record<string, string> = {};
    for (const [connection, wire] of wires) {
      // Whatever was on its way before this answer has come with it.
      if (!wire.isClosed) {
        wire.write('PING the-end\r\n');
        await waitFor('the end', () => /the-end\r\n$/.test(wire.text) || undefined);
      }
      transcripts[connection] = normalise(wire.text);
      wire.close();
    }
    return transcripts;
  }

  test('to a blocked XREAD, and holds back the commands behind it', async () => {
    const { mini, real } = await playOnBoth(async ({ port }) => {
      const said: string[] = [];
      for (const protocol of [2, 3]) {
        const reader = await Wire.open(port);
        const writer = await Wire.open(port);
        await reader.ask(`HELLO ${protocol}\r\n`);
        const before = reader.text.length;
        reader.write(`XREAD BLOCK 0 STREAMS one${protocol} two${protocol} $ $\r\nPING\r\n`);
        await waitFor('a blocked client', async () =>
          /blocked_clients:1\r/.test(await writer.ask('INFO clients\r\n')) ? true : undefined,
        );
        const added = await writer.ask(
          `MULTI\r\nXADD two${protocol} 1-1 a b\r\nXADD two${protocol} 1-2 a b\r\nEXEC\r\n`,
          4,
        );
        await waitFor('both replies', () => /\+PONG\r\n$/.test(reader.text) || undefined);
        said.push(reader.text.slice(before), added);
        reader.close();
        writer.close();
      }
      return said;
    });
    assert.deepEqual(mini, real);
  });

  test('to EXEC when a watched key has expired meanwhile', async () => {
    const { mini, real } = await playOnBoth(async ({ port }) => {
      const wire = await Wire.open(port);
      await wire.ask('SET k v PX 20\r\nWATCH k\r\n', 2);
      const expired = Date.now() + 25;
      await waitFor('the expiry', () => Date.now() > expired || undefined);
      const said = await wire.ask('MULTI\r\nPING\r\nEXEC\r\n', 3);
      wire.close();
      return said;
    });
    assert.equal(mini, real);
    assert.equal(mini, '+OK\r\n+QUEUED\r\n*-1\r\n');
  });

  test('about each of its commands: name, arity, flags and keys', async () => {
    const { mini, real } = await playOnBoth(async ({ port }) => {
      const wire = await Wire.open(port);
      const names = MINI_COMMANDS.join(' ');
      const told = await wire.ask(`COMMAND INFO ${names}\r\n`);
      wire.close();
      return [
        ...told.matchAll(
          /\$\d+\r\n([a-z|-]+)\r\n:(-?\d+)\r\n\*\d+\r\n((?:\+[a-z_]+\r\n)*):(-?\d+)\r\n:(-?\d+)\r\n:(-?\d+)/g,
        ),
      ]
        .map((match) =>
          match
            .slice(1)
            .join(' ')
            .replace(/\r\n\+?/g, ' '),
        )
        .sort();
    });
    assert.ok(mini.length > MINI_COMMANDS.length);
    assert.deepEqual(
      mini.filter((line) => !real.includes(line)),
      [],
    );
  });

  test('mini-redis keeps to exact lengths for MAXLEN and near them for MAXLEN ~', async () => {
    const { mini, real } = await playOnBoth(async ({ port }) => {
      const wire = await Wire.open(port);
      const add = (id: number): string =>
        `XADD exact MAXLEN 100 ${id} a b\r\nXADD near MAXLEN ~ 100 ${id} a b\r\n`;
      await wire.ask(Array.from({ length: 450 }, (_, index) => add(index + 1)).join(''), 900);
      const lengths = await wire.ask('XLEN exact\r\nXLEN near\r\n', 2);
      const first = await wire.ask('XRANGE exact - + COUNT 1\r\n');
      wire.close();
      return { lengths, first };
    });
    assert.deepEqual(mini, real);
  });
});

const MINI_COMMANDS = [
  ...['hello', 'auth', 'ping', 'echo', 'select', 'quit', 'reset', 'client', 'info', 'config', 'command'],
  ...[
    'monitor',
    'time',
    'dbsize',
    'flushall',
    'flushdb',
    'role',
    'acl',
    'cluster',
    'subscribe',
    'psubscribe',
  ],
  ...['ssubscribe', 'unsubscribe', 'punsubscribe', 'sunsubscribe', 'publish', 'spublish', 'pubsub', 'multi'],
  ...['exec', 'discard', 'watch', 'unwatch', 'del', 'unlink', 'exists', 'type', 'expire', 'pexpire', 'ttl'],
  ...['pttl', 'keys', 'scan', 'set', 'get', 'getdel', 'xadd', 'xread', 'xrange', 'xrevrange', 'xlen', 'xdel'],
  ...['xtrim', 'xinfo'],
];
