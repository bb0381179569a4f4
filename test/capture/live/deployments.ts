import { execFile, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import {
  findFreePort,
  findRedisBinary,
  type PrivateRedis,
  startPrivateRedis,
} from '../../../src/demo/private-redis.ts';
import { waitFor } from '../../support/wait.ts';

const run = promisify(execFile);

/** Several Redis processes that belong together. */
export interface Deployment {
  readonly nodes: readonly PrivateRedis[];
  readonly url: string;
  stop(): Promise<void>;
}

/** Three primaries and as many replicas, made by redis-cli. */
export async function startCluster(): Promise<Deployment> {
  // The bus has the port + 10000, which must be one too.
  const ports = await findLowPorts(6);
  const nodes = await Promise.all(
    ports.map((port) =>
      startPrivateRedis({
        port,
        args: [
          '--cluster-enabled',
          'yes',
          '--cluster-node-timeout',
          '1000',
          '--repl-diskless-sync-delay',
          '0',
        ],
      }),
    ),
  );
  const stop = stopAll(nodes);
  try {
    const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
    await run('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-replicas', '1', '--cluster-yes']);
    await waitFor('the cluster to be whole', () => areAllReady(nodes), 30_000);
  } catch (error) {
    await stop();
    throw error;
  }
  return { nodes, url: nodes[0]?.url ?? '', stop };
}

async function findLowPorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = await findFreePort();
    ports.add(port > 55_000 ? port - 20_000 : port);
  }
  return [...ports];
}

async function areAllReady(nodes: readonly PrivateRedis[]): Promise<true | undefined> {
  for (const { url } of nodes) {
    const ready = await withClient(url, async (client) => {
      const info = await client.cluster('INFO');
      const shards = (await client.cluster('SLOTS')) as unknown[][];
      const replication = await client.info('replication');
      const isUp = replication.includes('role:master') || replication.includes('master_link_status:up');
      return isUp && info.includes('cluster_state:ok') && shards.every((shard) => shard.length === 4);
    });
    if (!ready) return undefined;
  }
  return true;
}

/** A primary and its replica. */
export async function startPair(args: readonly string[] = []): Promise<Deployment> {
  const quick = ['--repl-diskless-sync-delay', '0', ...args];
  const primary = await startPrivateRedis({ args: quick });
  const replica = await startPrivateRedis({
    args: [...quick, '--replicaof', '127.0.0.1', String(primary.port)],
  });
  const nodes = [primary, replica];
  await waitFor('the replica to follow', () =>
    withClient(primary.url, async (client) =>
      (await client.info('replication')).includes('state=online') ? true : undefined,
    ),
  );
  return { nodes, url: primary.url, stop: stopAll(nodes) };
}

/** A pair with three Sentinels that call it `main`; `url` is a Sentinel's, `nodes` are primary and replica. */
export async function startSentinels(): Promise<Deployment> {
  const pair = await startPair();
  const [primary] = pair.nodes;
  const sentinels: Sentinel[] = [];
  const stop = async (): Promise<void> => {
    for (const sentinel of sentinels) sentinel.kill();
    await pair.stop();
  };
  try {
    for (let i = 0; i < 3; i++)
      sentinels.push(await startSentinel(primary?.port ?? 0, primary?.directory ?? ''));
    for (const { url } of sentinels) {
      await waitFor('the Sentinels to know each other and the replica', () => knowsAll(url), 30_000);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { nodes: pair.nodes, url: sentinels[0]?.url ?? '', stop };
}

interface Sentinel {
  readonly url: string;
  kill(): void;
}

async function startSentinel(primaryPort: number, directory: string): Promise<Sentinel> {
  const port = await findFreePort();
  const file = join(directory, `sentinel-${port}.conf`);
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${directory}`,
    `sentinel monitor main 127.0.0.1 ${primaryPort} 2`,
    'sentinel down-after-milliseconds main 1000',
    'sentinel failover-timeout main 5000',
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  const child = spawn(findRedisBinary() ?? 'redis', [file, '--sentinel'], { stdio: 'ignore' });
  const url = `redis://127.0.0.1:${port}`;
  await waitFor('a Sentinel', () => withClient(url, (client) => client.ping()).catch(() => undefined));
  return { url, kill: () => child.kill('SIGKILL') };
}

async function knowsAll(url: string): Promise<true | undefined> {
  return withClient(url, async (client) => {
    const words = (await client.call('SENTINEL', 'MASTER', 'main')) as string[];
    const field = (name: string): string | undefined => words[words.indexOf(name) + 1];
    return field('num-other-sentinels') === '2' && field('num-slaves') === '1' ? true : undefined;
  });
}

function stopAll(nodes: readonly PrivateRedis[]): () => Promise<void> {
  return async () => {
    await Promise.all(nodes.map((node) => node.stop()));
  };
}

/** A client for a moment. */
export async function withClient<T>(url: string, use: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url);
  client.on('error', () => undefined);
  try {
    return await use(client);
  } finally {
    client.disconnect();
  }
}
