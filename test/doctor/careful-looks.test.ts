import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ExtData } from '@msgpack/msgpack';
import type { Look } from '../../src/doctor/evidence.ts';
import { emitOnlyServers } from '../../src/doctor/rules/emit-only-servers.ts';
import { privateRoomLost } from '../../src/doctor/rules/private-room-lost.ts';
import { timeoutSilentServer } from '../../src/doctor/rules/timeout-silent-server.ts';
import { versionSkew } from '../../src/doctor/rules/version-skew.ts';
import {
  examineText,
  type Line,
  momentOf,
  namesOf,
  sayClassic,
  saySharded,
  trafficOf,
  writeMonitor,
} from './write-capture.ts';

const STAYING = ['aaaaaa', 'bbbbbb'];
const SHARDED = '0123456789abcdef';

/** As far as these rules look. */
function lookAt(at: number, uids: readonly string[], more: Partial<Look> = {}): Look {
  const groups = [{ adapter: 'redis', key: 'socket.io', nsp: '/', uids, counted: uids.length }];
  return { from: momentOf(at), to: momentOf(at), groups, ...more } as unknown as Look;
}

describe('timeout-silent-server', () => {
  test('names the one server that is silent once, by its uid with its address', async () => {
    const lines = [1, 2, 3].flatMap((at): Line[] => {
      const requestId = `r${at}`;
      const request = JSON.stringify({ uid: 'aaaaaa', requestId, type: 5 });
      const answer = JSON.stringify({ requestId, sockets: [] });
      return [
        { at, client: '10.0.0.1:1', words: ['publish', 'socket.io-request#/#', request] },
        { at: at + 0.1, client: '10.0.0.2:1', words: ['publish', 'socket.io-response#/#aaaaaa#', answer] },
        sayClassic({ at: at + 0.2, uid: 'bbbbbb', client: '10.0.0.2:1' }),
      ];
    });
    const row = {
      ageSeconds: 60,
      idleSeconds: 60,
      channels: 0,
      patterns: 0,
      shardChannels: 0,
      name: '',
      flags: 'N',
    };
    const clients = [
      { ...row, address: '10.0.0.3:1', lastCommand: 'publish', node: 'n', id: '5' },
      {
        ...row,
        address: '10.0.0.3:2',
        lastCommand: 'subscribe',
        node: 'n',
        id: '6',
        channels: 3,
        outputBytes: 0,
      },
    ];
    const look = lookAt(20, ['aaaaaa', 'bbbbbb', 'cccccc'], {
      clients,
      facts: { mode: 'standalone' },
      nodes: [],
    } as unknown as Look);
    const traffic = await trafficOf(lines, look.groups, 20);
    const [found] = timeoutSilentServer.check({ looks: [look], traffic });
    assert.equal(found?.sentence, '1 of 3 servers does not answer: cccccc (10.0.0.3:1).');
  });
});

describe('version-skew', () => {
  // notepack.io 2 writes a date so; @msgpack/msgpack writes one as notepack.io 3 does.
  const oldDate = new ExtData(0, new Uint8Array([0, 0, 1, 93, 62, 247, 152, 0]));
  const byOld = (at: number, uid = 'oldold') => sayClassic({ at, uid, args: [oldDate] });
  const byNew = (at: number, uid = 'newnew') => sayClassic({ at, uid, args: [new Date(1_500_000_000_000)] });
  const found = async (lines: readonly Line[]) =>
    namesOf(await examineText(writeMonitor(lines), 'version-skew'));

  test('is found where both sides write dates at the same time', async () => {
    assert.deepEqual(await found([byOld(1), byNew(2), byOld(3), byNew(4)]), ['version-skew']);
  });

  test('is not found where one version follows the other', async () => {
    assert.deepEqual(await found([byOld(1), byOld(2), byNew(3), byNew(4)]), []);
  });

  test('is not found where the old version has long been quiet', async () => {
    const both = [byOld(1), byNew(2), byOld(3), byNew(4)];
    assert.deepEqual(await found([...both, byNew(50)]), ['version-skew']);
    assert.deepEqual(await found([...both, byNew(70)]), []);
    // It lives, whatever it says.
    assert.deepEqual(await found([...both, byNew(70), sayClassic({ at: 60, uid: 'oldold' })]), [
      'version-skew',
    ]);
  });

  test('is found for a new emitter with old servers, not for an old emitter with new servers', async () => {
    assert.deepEqual(await found([byOld(1), byNew(2, 'emitter'), byOld(3)]), ['version-skew']);
    assert.deepEqual(await found([byOld(1, 'emitter'), byNew(2), byOld(3, 'emitter')]), []);
  });

  test('is not found in another key or namespace', async () => {
    const elsewhere = [1, 3].map((at) =>
      sayClassic({ at, uid: 'newnew', nsp: '/chat', args: [new Date(0)] }),
    );
    assert.deepEqual(await found([byOld(1), byOld(3), ...elsewhere]), []);
  });

  test('is only likely where nothing but a uid tells of the new version', async () => {
    const plain = [2, 4].map((at) => sayClassic({ at, uid: 'new-ne' }));
    const report = await examineText(writeMonitor([byOld(1), byOld(3), ...plain]), 'version-skew');
    assert.deepEqual(
      report.cases.map(({ sure }) => sure),
      ['likely'],
    );
  });

  test('is not found when the old server has left by the last look', async () => {
    const traffic = await trafficOf([byOld(1), byNew(2), byOld(3), byNew(4)]);
    const [before, after] = [lookAt(0, ['oldold', 'newnew']), lookAt(5, ['newnew'])];
    assert.equal(versionSkew.check({ looks: [before, before], traffic }).length, 1);
    assert.equal(versionSkew.check({ looks: [before, after], traffic }).length, 0);
  });
});

describe('emit-only-servers', () => {
  const visit = (count: number, messages = 1): readonly Line[] =>
    Array.from({ length: count * messages }, (_, index) =>
      sayClassic({ at: 1 + index / 10, uid: `fun${String(Math.floor(index / messages)).padStart(3, '0')}` }),
    );
  const looks = [lookAt(0, STAYING), lookAt(8, STAYING)];

  test('is found where many come, broadcast and go', async () => {
    const [found] = emitOnlyServers.check({ looks, traffic: await trafficOf(visit(6)) });
    assert.match(found?.sentence ?? '', /^6 servers came, broadcast and went/);
    assert.match(found?.seen[0] ?? '', /2 other servers are/);
  });

  test('is not found where those who came have stayed, or had been there', async () => {
    const uids = visit(6).map((_, index) => `fun00${index}`);
    const traffic = await trafficOf(visit(6));
    const stayed = [lookAt(0, STAYING), lookAt(8, [...STAYING, ...uids])];
    assert.deepEqual(emitOnlyServers.check({ looks: stayed, traffic }), []);
    assert.deepEqual(emitOnlyServers.check({ looks: [...stayed].reverse(), traffic }), []);
  });

  test('is not found with a few, or where they say a lot', async () => {
    for (const lines of [visit(4), visit(6, 10)])
      assert.deepEqual(emitOnlyServers.check({ looks, traffic: await trafficOf(lines) }), []);
  });

  test('is not found where servers have no channel of their own, by which they could be known to be gone', async () => {
    const blind = [lookAt(0, []), lookAt(8, [])];
    assert.deepEqual(emitOnlyServers.check({ looks: blind, traffic: await trafficOf(visit(6)) }), []);
  });
});

describe('private-room-lost, live', () => {
  const room = `${'x'.repeat(16)}AAAB`;
  const channel = `socket.io#/#${room}#`;
  const said = [1, 2, 3, 4].map((at) => saySharded({ at, uid: SHARDED, rooms: [room] }));
  const looksWith = (count: number, at: number) => [
    lookAt(0, []),
    lookAt(at, [], { listeners: new Map([[channel, count]]) }),
  ];

  test('is found where a look between two messages counts no subscriber', async () => {
    const traffic = await trafficOf(said);
    assert.equal(privateRoomLost.check({ looks: looksWith(0, 2.5), traffic }).length, 1);
    assert.deepEqual(privateRoomLost.check({ looks: looksWith(1, 2.5), traffic }), []);
  });

  test('is not found where the socket may have left after the last message', async () => {
    const traffic = await trafficOf(said);
    assert.deepEqual(privateRoomLost.check({ looks: looksWith(0, 9), traffic }), []);
  });
});
