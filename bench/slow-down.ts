import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LIVE_WAYS, type LiveWay } from '../src/capture/live/way.ts';
import { type Lab, startLab, untilAttached } from './attached.ts';
import type { BenchOptions } from './bench-options.ts';
import { writeBurst } from './burst.ts';
import { publish, writeCommands } from './publish.ts';
import { formatCount, formatSeconds, type Section } from './report.ts';
import { inspectWords, median, Running } from './run.ts';

interface Pair {
  readonly alone: number;
  readonly attached: number;
}

/** A Redis to publish into, and where our program's connection is seen. */
interface Place {
  readonly primary: Lab;
  readonly watched: Lab;
  stop(): Promise<void>;
}

const PAIRS = 5;
/** No further pair is begun when a way has taken so long. */
const ENOUGH_MS = 25_000;
/** As many as @socket.io/redis-streams-adapter keeps. */
const STREAM_LENGTH = '10000';

/** (c) How much slower publishers get by being watched. */
export async function benchSlowDown({ directory, isQuick, say }: BenchOptions): Promise<Section> {
  const count = isQuick ? 40_000 : 400_000;
  const publishes = join(directory, 'burst.resp');
  const additions = join(directory, 'stream.resp');
  writeBurst(publishes, count);
  writeAdditions(additions, count);
  const rows: string[][] = [];
  for (const way of LIVE_WAYS) {
    const pairs = await measurePairs(way, way === 'stream' ? additions : publishes, isQuick ? 2 : PAIRS);
    const ratio = median(pairs.map(({ alone, attached }) => attached / alone));
    say(`${way}: ${ratio.toFixed(2)} times (${pairs.length} pairs)`);
    rows.push([
      `\`--via ${way}\``,
      formatSeconds(median(pairs.map(({ alone }) => alone))),
      formatSeconds(median(pairs.map(({ attached }) => attached))),
      ratio.toFixed(2),
      String(pairs.length),
    ]);
  }
  return {
    title: 'What publishers notice',
    text: `${formatCount(count)} PUBLISH of a 114-byte broadcast by \`redis-cli --pipe\` (with \`--via stream\` as many XADD, trimmed to about ${STREAM_LENGTH} entries as the adapter does), with nothing attached and with \`sio-inspect monitor --json > /dev/null\` attached, in turn. With \`--via replica\` there is a replica in both cases. The reader runs on the publisher's cores, so that a part of each ratio is our own decoding.`,
    head: ['attached', 'publisher alone', 'publisher watched', 'ratio', 'pairs'],
    rows,
    commands: [
      'redis-cli --pipe < burst.resp',
      ...LIVE_WAYS.map((way) => `sio-inspect monitor --json --via ${way} > /dev/null`),
    ],
  };
}

function writeAdditions(file: string, count: number): void {
  writeCommands(file, count, (index) => {
    const data = JSON.stringify({
      opts: { rooms: ['lobby'], except: [], flags: {} },
      packet: { type: 2, data: ['chat message', `message ${index}`], nsp: '/' },
    });
    const fields = ['uid', '1a2b3c4d5e6f7081', 'nsp', '/', 'type', '3', 'data', data];
    return ['XADD', 'socket.io', 'MAXLEN', '~', STREAM_LENGTH, '*', ...fields];
  });
}

async function measurePairs(way: LiveWay, commands: string, most: number): Promise<readonly Pair[]> {
  const place = await startPlace(way);
  const started = performance.now();
  const pairs: Pair[] = [];
  try {
    // The first burst of a new Redis is not counted.
    await publish(place.primary.redis, commands);
    while (pairs.length < most && (pairs.length === 0 || performance.now() - started < ENOUGH_MS)) {
      const alone = await publish(place.primary.redis, commands);
      pairs.push({ alone, attached: await publishWatched(place, way, commands) });
    }
  } finally {
    await place.stop();
  }
  return pairs;
}

async function publishWatched({ primary, watched }: Place, way: LiveWay, commands: string): Promise<number> {
  const { url } = primary.redis;
  const running = new Running(inspectWords('monitor', '--json', '--via', way, '--url', url));
  try {
    await untilAttached(watched, running);
    return await publish(primary.redis, commands);
  } finally {
    await running.interrupt();
  }
}

async function startPlace(way: LiveWay): Promise<Place> {
  // Without it a primary waits for more replicas before it begins: 5 s for each pair.
  const primary = await startLab('--repl-diskless-sync-delay', '0');
  if (way !== 'replica') return { primary, watched: primary, stop: () => primary.stop() };
  const replica = await startLab('--replicaof', `127.0.0.1 ${primary.redis.port}`);
  while (!(await replica.control.info('replication')).includes('master_link_status:up')) await sleep(20);
  return {
    primary,
    watched: replica,
    stop: async () => {
      await replica.stop();
      await primary.stop();
    },
  };
}
