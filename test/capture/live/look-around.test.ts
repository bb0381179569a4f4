import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import { lookAround, type Sight } from '../../../src/capture/live/look-around.ts';
import type { Watched } from '../../../src/capture/live/visibility.ts';
import { type PrivateRedis, startPrivateRedis } from '../../../src/demo/private-redis.ts';
import { connect, type RedisLink } from '../../../src/redis/connect.ts';
import { listServers, readFacts } from '../../../src/redis/registry.ts';

const DEFAULT: Watched = { keys: ['socket.io'], ways: ['subscribe'] };
const UID = '0123456789abcdef';

describe('lookAround', () => {
  let server: PrivateRedis;
  let link: RedisLink;
  let redis: Redis;
  const guests: Redis[] = [];

  before(async () => {
    server = await startPrivateRedis();
    redis = new Redis(server.url);
    link = await connect({ url: server.url });
  });

  afterEach(async () => {
    for (const guest of guests.splice(0)) guest.disconnect();
    await redis.flushall();
    await forgotten();
  });

  after(async () => {
    link.close();
    redis.disconnect();
    await server.stop();
  });

  const forgotten = async (): Promise<void> => {
    for (;;) {
      const left = [
        await redis.pubsub('CHANNELS'),
        await redis.pubsub('SHARDCHANNELS'),
        await redis.pubsub('NUMPAT'),
      ];
      if (left.flat().every((one) => one === 0)) return;
    }
  };
  const guest = (): Redis => {
    const one = new Redis(server.url);
    guests.push(one);
    return one;
  };
  /** Subscribes as a server of the classic adapter does. */
  const joinClassic = (key: string, nsp: string, uid: string): Promise<unknown> =>
    guest().subscribe(`${key}-request#${nsp}#`, `${key}-response#${nsp}#`, `${key}-response#${nsp}#${uid}#`);
  const look = (watched: Partial<Watched> = {}): Promise<readonly Sight[]> =>
    lookAround([link], { ...DEFAULT, ...watched });
  const kinds = (sights: readonly Sight[]): readonly string[] => sights.map(({ is }) => is);

  it('says what to check when nothing is there', async () => {
    const sights = await look();
    assert.deepEqual(kinds(sights), ['nothing']);
    assert.match(
      sights[0]?.says ?? '',
      /No Socket\.IO server .*127\.0\.0\.1:\d+.*PUBSUB CHANNELS '\*'.*CLIENT LIST/,
    );
  });

  it('finds servers with another key, and the command for it', async () => {
    await joinClassic('app', '/', 'aaaaaa');
    await joinClassic('app', '/', 'bbbbbb');
    await joinClassic('app', '/admin', 'cccccc');
    const sights = await look();
    assert.deepEqual(kinds(sights), ['other-key']);
    assert.match(sights[0]?.says ?? '', /"app": 2 servers in \/, 1 server in \/admin/);
    assert.deepEqual(sights[0]?.command, ['monitor', '--key', 'app']);
  });

  it('knows the watched servers when they are silent', async () => {
    await joinClassic('socket.io', '/', 'aaaaaa');
    const [alone] = await look();
    assert.equal(alone?.is, 'silent');
    assert.match(alone.says, /only one server/);
    await joinClassic('socket.io', '/', 'bbbbbb');
    assert.match((await look())[0]?.says ?? '', /2 servers in \//);
  });

  it('finds sharded servers, which MONITOR shows', async () => {
    await guest().ssubscribe('live#/#', `live#/#${UID}#`);
    const sights = await look();
    assert.deepEqual(kinds(sights), ['sharded']);
    assert.deepEqual(sights[0]?.command, ['monitor', '--via', 'monitor', '--key', 'live']);
    assert.deepEqual(kinds(await look({ ways: ['monitor'], keys: ['live'] })), ['silent']);
  });

  it('finds the stream of the streams adapter, not other streams', async () => {
    await redis.xadd('mine', '*', 'uid', UID, 'nsp', '/', 'type', '3', 'data', '{}');
    await redis.xadd('jobs', '*', 'job', '1');
    await redis.set('socket.io', 'no stream');
    const sights = await look();
    assert.deepEqual(kinds(sights), ['streams']);
    assert.match(sights[0]?.says ?? '', /"mine" \(1 entry, last at 20/);
    assert.doesNotMatch(sights[0]?.says ?? '', /jobs/);
    assert.deepEqual(sights[0]?.command, ['monitor', '--via', 'stream', '--key', 'mine']);
  });

  it('finds python-socketio, unless it is watched', async () => {
    await guest().subscribe('socketio');
    const sights = await look();
    assert.deepEqual(kinds(sights), ['python']);
    assert.deepEqual(sights[0]?.command, ['monitor', '--key', 'socketio']);
    for (const keys of [['socket.io', 'socketio'], undefined]) {
      const [watched, ...others] = await look({ keys });
      assert.deepEqual([watched?.is, others], ['silent', []]);
      assert.match(watched?.says ?? '', /python-socketio .*1 subscriber/);
    }
  });

  it('says that a way does not see the classic servers that are there, and the command that does', async () => {
    await joinClassic('socket.io', '/', 'aaaaaa');
    await joinClassic('socket.io', '/', 'bbbbbb');
    await guest().subscribe('old-request#/#');
    await guest().subscribe('older-sync#request#/#');
    const sights = await look({ keys: undefined, ways: ['stream'] });
    assert.deepEqual(kinds(sights), ['classic']);
    assert.match(
      sights[0]?.says ?? '',
      /classic adapter \(1 server in old \/, 2 servers in \/, 1 server in older \/\).*--via stream does not show/,
    );
    assert.deepEqual(sights[0]?.command, ['monitor', '--key', 'old', '--key', 'socket.io', '--key', 'older']);
  });

  it('finds servers of the streams adapter that have written nothing yet, and streams of another name', async () => {
    await guest().subscribe('socket.io#/#', `socket.io#/#${UID}#`);
    const [waiting, ...others] = await look();
    assert.deepEqual([waiting?.is, others], ['streams', []]);
    assert.match(waiting?.says ?? '', /servers with the streams adapter: 1 server in \//);
    assert.deepEqual(waiting?.command, ['monitor', '--via', 'stream']);
    await redis.xadd('mine', '*', 'uid', UID, 'nsp', '/', 'type', '3', 'data', '{}');
    const elsewhere = await look({ keys: undefined, ways: ['stream'] });
    assert.deepEqual(kinds(elsewhere), ['streams', 'silent']);
    assert.deepEqual(elsewhere[0]?.command, ['monitor', '--via', 'stream', '--key', 'mine']);
  });

  it('knows that MONITOR shows servers of every key', async () => {
    await joinClassic('app', '/', 'aaaaaa');
    await guest().ssubscribe('live#/#', `live#/#${UID}#`);
    const [silent, ...others] = await look({ keys: undefined, ways: ['monitor'] });
    assert.deepEqual([silent?.is, others], ['silent', []]);
    assert.match(silent?.says ?? '', /1 server in app \/, 1 server in live \//);
  });

  it('says what is hidden from a user with few rights', async () => {
    await redis.call('ACL', 'SETUSER', 'least', 'on', 'nopass', '+psubscribe', '&socket.io*');
    const least = await connect({ url: server.url, user: 'least', password: 'x' });
    const sights = await lookAround([least], DEFAULT);
    least.close();
    assert.ok(sights.length > 0 && sights.every(({ is }) => is === 'hidden'));
    assert.ok(sights.some(({ says }) => /ACL SETUSER least \+pubsub/.test(says)));
  });

  it('listServers counts uids and subscribers apart', async () => {
    await joinClassic('socket.io', '/', 'aaaaaa');
    await guest().subscribe('socket.io-request#/#');
    await guest().subscribe('socket.io#/chat#', `socket.io#/chat#${UID}#`);
    const { groups, hidden, truncated } = await listServers(link);
    assert.deepEqual(groups, [
      { adapter: 'redis', key: 'socket.io', nsp: '/', uids: ['aaaaaa'], counted: 2 },
      { adapter: 'redis-streams', key: 'socket.io', nsp: '/chat', uids: [UID], counted: 1 },
    ]);
    assert.deepEqual(hidden, []);
    assert.equal(truncated, false);
  });

  it('readFacts tells version, mode and role', async () => {
    const facts = await readFacts(link);
    assert.match(facts.version ?? '', /^\d+\.\d+\.\d+$/);
    assert.equal(facts.mode, 'standalone');
    assert.equal(facts.role, 'primary');
    assert.equal(typeof facts.opsPerSecond, 'number');
  });
});
