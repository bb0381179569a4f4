import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { DemoError } from '../demo-error.ts';
import { findFreePort, type PrivateRedis, startPrivateRedis } from '../private-redis.ts';

const SLOTS = 16_384;
const POLL_MS = 50;
const MOST_POLLS = 600;

/** Starts a Redis Cluster of primaries without replicas, and resolves when each of them knows that it is whole. */
export async function startLabCluster(count: number): Promise<readonly PrivateRedis[]> {
  const nodes: PrivateRedis[] = [];
  const admins: Redis[] = [];
  try {
    for (let index = 0; index < count; index++) {
      // By default the bus has the port + 10000, which may be none.
      const bus = await findFreePort();
      nodes.push(
        await startPrivateRedis({ args: ['--cluster-enabled', 'yes', '--cluster-port', String(bus)] }),
      );
      const [node] = nodes.slice(-1);
      const admin = new Redis(node?.url ?? '');
      admin.on('error', () => undefined);
      admins.push(admin);
      const [from, to] = [index, index + 1].map((part) => Math.floor((part * SLOTS) / count));
      await admin.call('CLUSTER', 'ADDSLOTSRANGE', from ?? 0, (to ?? SLOTS) - 1);
      await admins[0]?.call('CLUSTER', 'MEET', '127.0.0.1', node?.port ?? 0, bus);
    }
    for (const admin of admins) await untilWhole(admin, count);
    return nodes;
  } catch (error) {
    await Promise.all(nodes.map((node) => node.stop()));
    throw error;
  } finally {
    for (const admin of admins) admin.disconnect();
  }
}

async function untilWhole(admin: Redis, count: number): Promise<void> {
  for (let polls = 0; polls < MOST_POLLS; polls++) {
    const info = String(await admin.call('CLUSTER', 'INFO'));
    if (info.includes('cluster_state:ok') && info.includes(`cluster_size:${count}`)) return;
    await delay(POLL_MS);
  }
  throw new DemoError('redis', 'The Redis Cluster of this fault did not come up.');
}
