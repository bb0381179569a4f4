import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createAdapter, createShardedAdapter } from '@socket.io/redis-adapter';
import { Cluster, Redis } from 'ioredis';
import { createCluster } from 'redis';
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
const REQUEST_CHANNEL = 'socket.io-request#/#';

interface Fleet {
  readonly servers: readonly Server[];
  readonly uids: readonly string[];
  stop(): void;
}

/** Opens the connections of one server, and an adapter that has them. */
type Attach = () => Promise<{ readonly adapter: Adapter; readonly close: () => void }>;
type Adapter = NonNullable<Parameters<Server['adapter']>[0]>;

async function startFleet(attach: Attach): Promise<Fleet> {
  const attached = await Promise.all(Array.from({ length: SERVERS }, attach));
  const servers = attached.map(({ adapter }) => {
    const io = new Server();
    io.adapter(adapter);
    return io;
  });
  return {
    servers,
    uids: servers.map((io) => (io.of('/').adapter as unknown as { readonly uid: string }).uid).sort(),
    stop: () => {
      for (const { close } of attached) close();
    },
  };
}

type Create = typeof createAdapter | typeof createShardedAdapter;

/** With Cluster clients of ioredis. */
function withIoredis(ports: readonly number[], create: Create): Attach {
  const open = (): Cluster => {
    const client = new Cluster(
      ports.map((port) => ({ host: '127.0.0.1', port })),
      { shardedSubscribers: true },
    );
    client.on('error', () => undefined);
    return client;
  };
  return () => {
    const [pub, sub] = [open(), open()];
    const close = (): void => {
      for (const client of [pub, sub]) client.disconnect();
    };
    return Promise.resolve({ adapter: create(pub, sub, {}), close });
  };
}

/** With cluster clients of redis. */
function withNodeRedis(ports: readonly number[], create: Create): Attach {
  return async () => {
    const pub = createCluster({ rootNodes: ports.map((port) => ({ url: `redis://127.0.0.1:${port}` })) });
    const sub = pub.duplicate();
    for (const client of [pub, sub]) client.on('error', () => undefined);
    await Promise.all([pub.connect(), sub.connect()]);
    const close = (): void => {
      for (const client of [pub, sub]) client.destroy();
    };
    return { adapter: create(pub, sub, {}), close };
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

  const healthy = [
    ['redis', 'ioredis', withIoredis, createAdapter],
    ['redis', 'redis', withNodeRedis, createAdapter],
    ['redis-sharded', 'ioredis', withIoredis, createShardedAdapter],
    ['redis-sharded', 'redis', withNodeRedis, createShardedAdapter],
  ] as const;
  for (const [adapter, library, withClient, create] of healthy) {
    it(`servers and doctor see all nodes of a healthy ${adapter} cluster on ${library} from any one, and find nothing`, async () => {
      const ports = cluster.nodes.map(({ port }) => port);
      const fleet = await startFleet(withClient(ports, create));
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

  it('lone-nodes spares Cluster clients that have asked nothing yet, and so have few connections', async () => {
    const ports = cluster.nodes.map(({ port }) => port);
    const fleet = await startFleet(withIoredis(ports, createAdapter));
    const admins = ports.map((port) => new Redis(port, '127.0.0.1'));
    try {
      await waitFor('all to be subscribed', async () => {
        const counts = await Promise.all(admins.map((admin) => admin.pubsub('NUMSUB', REQUEST_CHANNEL)));
        const sum = counts.reduce((total, [, count]) => total + Number(count), 0);
        return sum === SERVERS ? true : undefined;
      });
      assert.deepEqual((await examine(cluster.url, { forMs: 0, names: ['lone-nodes'] })).cases, []);
    } finally {
      for (const admin of admins) admin.disconnect();
      fleet.stop();
    }
  });

  it('doctor listens by MONITOR at every node, whichever it was given', async () => {
    const ports = cluster.nodes.map(({ port }) => port);
    const fleet = await startFleet(withIoredis(ports, createShardedAdapter));
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
