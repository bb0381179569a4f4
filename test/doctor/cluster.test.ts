import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createAdapter, createShardedAdapter } from '@socket.io/redis-adapter';
import { Cluster, Redis } from 'ioredis';
import { Server } from 'socket.io';
import type { Report } from '../../src/doctor/examine.ts';
import { rules } from '../../src/doctor/rules/index.ts';
import { connect } from '../../src/redis/connect.ts';
import { findOwner } from '../../src/redis/topology.ts';
import { diagnoseLive } from '../../src/session/diagnose.ts';
import { type Deployment, startCluster } from '../capture/live/deployments.ts';
import { runCli } from '../support/cli.ts';
import { waitFor } from '../support/wait.ts';

const SERVERS = 4;
const EVERY_MS = 50;
const MAIN_CHANNEL = 'socket.io#/#';

interface Fleet {
  readonly servers: readonly Server[];
  readonly uids: readonly string[];
  stop(): void;
}

type Attach = (pub: Redis | Cluster, sub: Redis | Cluster) => NonNullable<Parameters<Server['adapter']>[0]>;

/** `connect`: a connection to Redis for the server with this number. */
function startFleet(connect: (index: number) => Redis | Cluster, attach: Attach): Fleet {
  const connections: (Redis | Cluster)[] = [];
  const open = (index: number): Redis | Cluster => {
    const connection = connect(index);
    connection.on('error', () => undefined);
    connections.push(connection);
    return connection;
  };
  const servers = Array.from({ length: SERVERS }, (_, index) => {
    const io = new Server();
    io.adapter(attach(open(index), open(index)));
    return io;
  });
  return {
    servers,
    uids: servers.map((io) => (io.of('/').adapter as unknown as { readonly uid: string }).uid).sort(),
    stop: () => {
      for (const connection of connections) connection.disconnect();
    },
  };
}

async function untilAllKnow({ servers }: Fleet): Promise<void> {
  for (const io of servers) {
    await waitFor('a server to count all', async () =>
      (await io.of('/').adapter.serverCount()) === SERVERS ? true : undefined,
    );
  }
}

describe('on a Redis Cluster', { concurrency: false }, () => {
  let cluster: Deployment;

  before(async () => {
    cluster = await startCluster();
  });

  after(() => cluster.stop());

  const openCluster = (): Cluster =>
    new Cluster(
      cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port })),
      { shardedSubscribers: true },
    );

  interface Examining {
    readonly forMs: number;
    readonly via?: 'subscribe' | 'monitor';
    readonly names?: readonly string[];
  }

  const examine = (url: string, { forMs, via = 'subscribe', names }: Examining): Promise<Report> =>
    diagnoseLive({
      rules: rules.filter(({ name }) => names === undefined || names.includes(name)),
      target: { url },
      via,
      forMs,
      expect: SERVERS,
      signal: new AbortController().signal,
    });

  const healthy: readonly (readonly [string, Attach])[] = [
    ['redis', (pub, sub) => createAdapter(pub, sub)],
    ['redis-sharded', (pub, sub) => createShardedAdapter(pub, sub)],
  ];
  for (const [adapter, attach] of healthy) {
    it(`servers and doctor see all nodes of a healthy ${adapter} cluster from any one, and find nothing`, async () => {
      const fleet = startFleet(openCluster, attach);
      try {
        await untilAllKnow(fleet);
        for (const { url } of [cluster.nodes[0], cluster.nodes[5]].flatMap((node) => node ?? [])) {
          const { stdout, stderr, code } = await runCli(['servers', '--json', '--url', url]);
          assert.equal(code, 0, stderr);
          const seen = JSON.parse(stdout) as { groups: object[]; servers: { uids: { uid: string }[] }[] };
          assert.deepEqual(seen.groups, [
            { adapter, key: 'socket.io', nsp: '/', servers: SERVERS, counted: SERVERS, health: 'ok' },
          ]);
          assert.deepEqual(seen.servers.flatMap(({ uids }) => uids.map(({ uid }) => uid)).sort(), fleet.uids);
        }
        for (const forMs of [0, 3000]) {
          const { cases, hidden } = await examine(cluster.nodes[1]?.url ?? '', { forMs });
          assert.deepEqual(cases, []);
          assert.deepEqual(hidden, []);
        }
      } finally {
        fleet.stop();
      }
    });
  }

  it('doctor listens by MONITOR at every node, whichever it was given', async () => {
    const fleet = startFleet(openCluster, (pub, sub) => createShardedAdapter(pub, sub));
    const room = await findRoomElsewhere(cluster);
    const life = { isOver: false };
    const living = (async (): Promise<void> => {
      await untilAllKnow(fleet);
      while (!life.isOver) {
        fleet.servers[0]?.to(room).emit('news');
        await delay(EVERY_MS);
      }
    })();
    try {
      const report = await examine(cluster.url, { forMs: 3000, via: 'monitor' });
      assert.ok(report.messages > 0);
      assert.deepEqual(report.cases, []);
    } finally {
      life.isOver = true;
      await living;
      fleet.stop();
    }
  });

  it('lone-nodes is found where a sharded server does not go where the cluster sends it', async () => {
    const { uid, ownPort, mainPort } = await findStray(cluster);
    const [own, main] = [ownPort, mainPort].map((port) => new Redis(port, '127.0.0.1'));
    assert.ok(own && main);
    const find = async (): Promise<readonly unknown[]> => {
      const { cases } = await examine(cluster.url, { forMs: 0, names: ['lone-nodes'] });
      return cases.map(({ rule, culprits }) => [rule.name, culprits.map(({ value }) => value)]);
    };
    try {
      // What the sharded adapter does first (@socket.io/redis-adapter 8.3, lib/sharded-adapter.ts).
      await own.ssubscribe(`${MAIN_CHANNEL}${uid}#`);
      await assert.rejects(own.ssubscribe(MAIN_CHANNEL), /MOVED/);
      assert.deepEqual(await find(), [['lone-nodes', [uid]]]);
      // As a cluster client has it: a connection to each shard.
      await main.ssubscribe(MAIN_CHANNEL);
      assert.deepEqual(await find(), []);
    } finally {
      own.disconnect();
      main.disconnect();
    }
  });
});

interface Stray {
  readonly uid: string;
  readonly ownPort: number;
  readonly mainPort: number;
}

/** A uid whose channel is on another node than that of all servers, and the ports of both nodes. */
async function findStray({ url }: Deployment): Promise<Stray> {
  const link = await connect({ url });
  try {
    const main = await findOwner(link, MAIN_CHANNEL);
    for (let number = 0; ; number++) {
      const uid = number.toString(16).padStart(16, '0');
      const { port } = await findOwner(link, `${MAIN_CHANNEL}${uid}#`);
      if (port !== main.port) return { uid, ownPort: port, mainPort: main.port };
    }
  } finally {
    link.close();
  }
}

/** A room whose channel is on another node than the one whose address is given. */
async function findRoomElsewhere({ url, nodes }: Deployment): Promise<string> {
  const link = await connect({ url });
  try {
    for (let number = 0; ; number++) {
      const room = `room-${number}`;
      const { port } = await findOwner(link, `${MAIN_CHANNEL}${room}#`);
      if (port !== nodes[0]?.port) return room;
    }
  } finally {
    link.close();
  }
}
