import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { type PrivateRedis, startPrivateRedis } from '../src/demo/private-redis.ts';
import { readClientList } from '../src/redis/client-list.ts';
import type { Running } from './run.ts';

const POLL_MS = 10;
/** A file that has not grown for so long is complete. */
const QUIET_MS = 500;

/** A Redis of our own, at its default limits, and a connection to ask it. */
export interface Lab {
  readonly redis: PrivateRedis;
  readonly control: Redis;
  stop(): Promise<void>;
}

export async function startLab(...args: readonly string[]): Promise<Lab> {
  const redis = await startPrivateRedis({ args });
  const control = new Redis(redis.port, '127.0.0.1');
  return {
    redis,
    control,
    stop: async () => {
      control.disconnect();
      await redis.stop();
    },
  };
}

/** Who is sent traffic: by a pattern, by MONITOR, by XREAD, or, where nothing else is, as a replica that has caught up. */
async function listAttached({ control }: Lab): Promise<readonly number[]> {
  const clients = readClientList(String(await control.client('LIST')));
  const attached = clients.filter(
    ({ flags, patterns, lastCommand }) => flags.includes('O') || patterns > 0 || lastCommand === 'xread',
  );
  if (attached.length > 0) return attached.map(({ id }) => id);
  const isOnline = (await control.info('replication')).includes('state=online');
  return isOnline ? clients.filter(({ flags }) => flags.includes('S')).map(({ id }) => id) : [];
}

/** Waits until `running` is attached, and answers with the ids of its connections. */
export async function untilAttached(lab: Lab, running: Running): Promise<readonly number[]> {
  for (;;) {
    const ids = await listAttached(lab);
    if (ids.length > 0) return ids;
    if (running.hasEnded) throw new Error(`It ended before it was attached: ${running.stderr}`);
    await sleep(POLL_MS);
  }
}

/** What was seen of a reader after the last publish. */
interface Settled {
  /** When its file last grew, by `performance.now()`. */
  readonly lastWrite: number;
  /** Redis has closed one of the connections that it had. */
  readonly wasThrownOut: boolean;
}

/** Waits until nothing more comes into the reader's file. */
export async function untilSettled(lab: Lab, ids: readonly number[], file: string): Promise<Settled> {
  let bytes = -1;
  let lastWrite = performance.now();
  for (;;) {
    const now = performance.now();
    const { size } = statSync(file);
    if (size !== bytes) lastWrite = now;
    bytes = size;
    if (!(await isBehind(lab, ids)) && now - lastWrite >= QUIET_MS) break;
    await sleep(POLL_MS);
  }
  const left = await listAttached(lab);
  return { lastWrite, wasThrownOut: ids.some((id) => !left.includes(id)) };
}

/** Waits until Redis holds nothing back for a reader: all of it is on its way. */
export async function untilSent(lab: Lab, ids: readonly number[]): Promise<void> {
  while (await isBehind(lab, ids)) await sleep(POLL_MS);
}

async function isBehind({ control }: Lab, ids: readonly number[]): Promise<boolean> {
  const clients = readClientList(String(await control.client('LIST')));
  return clients.some(({ id, outputBytes }) => ids.includes(id) && outputBytes > 0);
}
