import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, it, test } from 'node:test';
import { Redis } from 'ioredis';
import { Lab } from '../../src/demo/faults/lab.ts';
import { type HereServer, startHere } from '../../src/demo/faults/lab-here.ts';
import type { SeenClient } from '../../src/doctor/connections.ts';
import type { Evidence, Look } from '../../src/doctor/evidence.ts';
import { examine, type Report } from '../../src/doctor/examine.ts';
import { rules } from '../../src/doctor/rules/index.ts';
import { Attendance } from '../../src/doctor/taps/attendance.ts';
import { diagnoseLive } from '../../src/session/diagnose.ts';

const crashLoop = rules.filter(({ name }) => name === 'crash-loop');
const reconnectRhythm = rules.filter(({ name }) => name === 'reconnect-rhythm');

/** Each row is a glance, a second after the other: the uids, and the sub connections by id and age in seconds. */
function watch(
  rows: readonly (readonly [uids: string, ages?: Readonly<Record<number, number>>])[],
): Evidence {
  const attendance = new Attendance();
  for (const [second, [uids, ages = {}]] of rows.entries()) {
    const group = { adapter: 'redis', key: 'socket.io', nsp: '/', counted: uids.length } as const;
    const clients = Object.entries(ages).map(([id, ageSeconds]): SeenClient => ({
      id: Number(id),
      node: '127.0.0.1:6379',
      address: `10.0.0.9:${id}`,
      name: 'chat',
      ageSeconds,
      idleSeconds: ageSeconds,
      db: 0,
      channels: 3,
      patterns: 1,
      shardChannels: 0,
      outputBytes: 0,
      lastCommand: 'subscribe',
      flags: 'P',
    }));
    attendance.add({ at: second * 1e6, groups: [{ ...group, uids: Array.from(uids) }], clients, hidden: [] });
  }
  return { looks: [], attendance };
}

void test('crash-loop: three lives beside one that stays, or of the only one; restarts that go round are none', () => {
  const found = (rows: readonly string[]): readonly string[] =>
    examine(crashLoop, watch(rows.map((uids) => [uids] as const))).cases.map(({ sentence }) => sentence);
  assert.match(found(['ab', 'ac', 'a', 'ad', 'ae', 'af'])[0] ?? '', /3 uids came and went within 5 s/);
  assert.deepEqual(found(['ab', 'ac', 'ad', 'ae']), [], 'two lives are a deploy');
  assert.deepEqual(found(['abcd', 'ebcd', 'efcd', 'efgd', 'efgh', 'ifgh', 'ijgh', 'ijkh', 'ijkl']), []);
  assert.match(found(['a', 'b', 'c', 'd', 'e'])[0] ?? '', /3 uids/);
  const round = [
    'abcd',
    'bcd',
    'bcde',
    'cde',
    'def',
    'efgh',
    'fgh',
    'ghi',
    'hijk',
    'jkl',
    'klm',
    'mno',
    'nopq',
  ];
  assert.deepEqual(found(round), [], 'everybody is replaced, again and again');
});

void test('crash-loop names the host and the client name of the connections that came and went', () => {
  const rows = [1, 2, 3, 4, 5].map((id) => [`a${id}`, { 90: id + 100, [id]: 0 }] as const);
  const [found] = examine(crashLoop, watch(rows)).cases;
  assert.deepEqual(found?.culprits, [
    { is: 'connection', value: '10.0.0.9', about: 'client name chat, 3 sub connections came and went' },
    { is: 'uid', value: '4', about: 'the last' },
  ]);
});

void test('reconnect-rhythm: equal lives that end one after the other, while the servers go on', () => {
  const found = (rows: Parameters<typeof watch>[0]): readonly string[] =>
    examine(reconnectRhythm, watch(rows)).cases.map(({ sentence }) => sentence);
  const rhythm = [
    ['ab', { 1: 58, 2: 55 }],
    ['ab', { 1: 59, 2: 56 }],
    ['ab', { 3: 0, 2: 57 }],
    ['ab', { 3: 1, 2: 58 }],
    ['ab', { 3: 2, 2: 59 }],
    ['ab', { 3: 3, 4: 0 }],
    ['ab', { 3: 4, 4: 1 }],
  ] as const;
  assert.deepEqual(found(rhythm), [], 'two ends may be chance');
  const third = rhythm.map(([uids, ages], second) => {
    const more = second < 6 ? { 5: 54 + second } : {};
    return [uids, { ...ages, ...more }] as const;
  });
  const last = [0, 1].map((age) => ['ab', { 3: 5 + age, 4: 2 + age, 6: age }] as const);
  assert.match(found([...third, ...last])[0] ?? '', /closed about 60 s after they were opened/);
  const restarted = [...third, ...last].map(
    ([uids, ages], second) => [second < 3 ? uids : 'ac', ages] as const,
  );
  assert.deepEqual(found(restarted), [], 'connections end with their servers');
  const uneven = [...third, ...last].map(([uids, ages]) => {
    const shifted = Object.entries(ages).map(([id, age]) => [
      id,
      age + (Number(id) === 2 ? 300 : id === '5' ? 20 : 0),
    ]);
    return [uids, Object.fromEntries(shifted) as Record<number, number>] as const;
  });
  assert.deepEqual(found(uneven), [], 'lives of any length are no rhythm');
});

void test('reconnect-rhythm: subscribers that Redis drops itself are a matter of buffers', () => {
  const rows = Array.from(
    { length: 9 },
    (_, second) => ['ab', { [1 + Math.floor(second / 2)]: second % 2 }] as const,
  );
  const { attendance } = watch(rows);
  assert.ok(attendance);
  const look = (dropped: number): Look => ({
    from: 0,
    to: 1,
    facts: { node: '127.0.0.1:6379', product: 'Redis' },
    nodes: [
      {
        node: '127.0.0.1:6379',
        dropped,
      },
    ],
    groups: [],
    unknownCommands: [],
    denials: [],
    unreached: [],
    hidden: [],
  });
  const check = (looks: readonly Look[]): Report => examine(reconnectRhythm, { looks, attendance });
  assert.equal(check([look(3), look(3)]).cases.length, 1);
  const { cases, unchecked } = check([look(3), look(6)]);
  assert.deepEqual(cases, []);
  assert.match(unchecked[0]?.why ?? '', /buffer-pressure/);
});

const SERVERS = 4;
const LISTEN_MS = 6000;
const BETWEEN_MS = 200;

function start(lab: Lab, number: number): Promise<HereServer> {
  return startHere(`worker-${number}`, (role) => {
    const redis = new Redis(lab.redis.port, { connectionName: `worker-${number}-${role}` });
    redis.on('error', () => undefined);
    return redis;
  });
}

/** Every rule, while something happens to four healthy servers. */
async function examineWhile(act: (lab: Lab, servers: HereServer[]) => Promise<void>): Promise<Report> {
  const lab = await Lab.open();
  const servers: HereServer[] = [];
  try {
    for (let number = 1; number <= SERVERS; number++) servers.push(await start(lab, number));
    const signal = new AbortController().signal;
    const [report] = await Promise.all([
      diagnoseLive({ rules, target: lab.target, via: 'monitor', forMs: LISTEN_MS, signal }),
      act(lab, servers),
    ]);
    return report;
  } finally {
    for (const server of servers) server.crash();
    await lab.close();
  }
}

describe('who came and who went', { concurrency: true }, () => {
  it('a rolling restart is no crash loop, no leak and no rhythm', async () => {
    const { cases, held, unchecked } = await examineWhile(async (lab, servers) => {
      for (let index = 0; index < SERVERS; index++) {
        servers[index]?.crash();
        servers[index] = await start(lab, index + 1);
        await delay(BETWEEN_MS);
      }
    });
    assert.deepEqual(cases, []);
    const names = held.map(({ name }) => name);
    for (const name of ['crash-loop', 'subscriber-leak'])
      assert.ok(names.includes(name), `${name} was checked`);
    const rhythm = unchecked.find(({ rule }) => rule.name === 'reconnect-rhythm');
    assert.equal(rhythm?.why, 'servers came or went meanwhile');
  });

  it('one event that ends all sub connections at once is no rhythm', async () => {
    const { cases, held } = await examineWhile(async (lab) => {
      await delay(LISTEN_MS / 2);
      await lab.connect('operator').call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    });
    assert.deepEqual(cases, []);
    assert.ok(held.some(({ name }) => name === 'reconnect-rhythm'));
  });
});
