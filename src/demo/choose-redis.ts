import { connect } from '../redis/connect.ts';
import { readInfo, textOf } from '../redis/questions.ts';
import { parseTarget, type RedisTarget, redactUrl } from '../redis/target.ts';
import type { DemoAdapter, RedisChoice } from './choices.ts';
import { DemoError } from './demo-error.ts';
import { describeForeigners, type Foreigners, findForeigners } from './foreign.ts';
import { findRedisBinary, startPrivateRedis } from './private-redis.ts';

/** The Redis of a demo. `isOurs`: started here, for nobody else, and gone afterwards. */
export interface DemoRedis {
  readonly target: RedisTarget;
  /** What may be printed: no password in it. */
  readonly url: string;
  /** In words: `private Redis 7.0.15`. */
  readonly label: string;
  readonly isOurs: boolean;
  /** A process of its own, which outlives a primary that is killed. */
  readonly isProcess: boolean;
  readonly notices: readonly string[];
  stop(): Promise<void>;
}

export interface RedisWish {
  readonly adapter: DemoAdapter;
  readonly choice: RedisChoice;
  readonly target?: RedisTarget;
  /** Publish into a Redis where others' servers listen. */
  readonly force: boolean;
}

/** Sharded pub/sub came with Redis 7.0. */
const SHARDED_SINCE = 7;

/** @throws {DemoError}, {RedisFailure} */
export async function chooseRedis(wish: RedisWish): Promise<DemoRedis> {
  if (wish.target !== undefined) return useGiven(wish.target, wish.force);
  if (wish.choice === 'mini') return startMini([]);
  const binary = findRedisBinary();
  if (binary === undefined) {
    if (wish.choice === 'server') {
      throw new DemoError(
        'redis',
        'There is no redis-server and no valkey-server on PATH: install one, name one with --url, or use --redis mini.',
      );
    }
    return startMini([
      'No redis-server and no valkey-server on PATH: the bundled mini-redis plays its part.',
    ]);
  }
  return startServer(binary, wish);
}

async function useGiven(target: RedisTarget, force: boolean): Promise<DemoRedis> {
  const foreigners = await findForeigners(target);
  if (foreigners !== undefined && !force) throw refuse(target, foreigners);
  const version = await askVersion(target);
  const notices =
    foreigners === undefined
      ? []
      : ['Socket.IO servers of others listen here too, or may: --force lets the demo publish to them.'];
  return {
    target,
    url: redactUrl(target.url),
    label: `Redis${version}`,
    isOurs: false,
    isProcess: false,
    notices,
    stop: () => Promise.resolve(),
  };
}

async function startServer(binary: string, wish: RedisWish): Promise<DemoRedis> {
  const server = await startPrivateRedis({ binary }).catch((error: unknown) => {
    throw new DemoError('redis', `${binary} did not start: ${String(error)}. Without it: --redis mini.`, {
      cause: error,
    });
  });
  const target = { url: server.url };
  const version = await askVersion(target);
  if (wish.adapter === 'sharded' && Number.parseInt(version.trim(), 10) < SHARDED_SINCE) {
    await server.stop();
    const why = `The sharded adapter needs Redis 7, and ${binary} is${version}.`;
    if (wish.choice === 'server') throw new DemoError('redis', `${why} --redis mini has it.`);
    return startMini([`${why} The bundled mini-redis plays its part.`]);
  }
  return {
    target,
    url: server.url,
    label: `a private Redis${version}`,
    isOurs: true,
    isProcess: true,
    notices: [],
    stop: () => server.stop(),
  };
}

async function startMini(notices: readonly string[]): Promise<DemoRedis> {
  const { startMiniRedis } = await import('./mini-redis/index.ts');
  const mini = await startMiniRedis();
  return {
    target: { url: mini.url },
    url: mini.url,
    label: 'the bundled mini-redis',
    isOurs: true,
    isProcess: false,
    notices,
    stop: () => mini.close(),
  };
}

/** ` 7.0.15`, or nothing where INFO is forbidden or says nothing of it. */
async function askVersion(target: RedisTarget): Promise<string> {
  const link = await connect(target);
  try {
    const info = readInfo(textOf(await link.ask('INFO', 'server')));
    const version = info.get('valkey_version') ?? info.get('redis_version');
    return version === undefined ? '' : ` ${version}`;
  } catch {
    return '';
  } finally {
    link.close();
  }
}

function refuse(target: RedisTarget, foreigners: Foreigners): DemoError {
  return new DemoError(
    'redis',
    [
      ...describeForeigners(foreigners, parseTarget(target).node),
      'Leave --url out and the demo brings its own Redis; --force publishes there all the same.',
    ].join('\n'),
  );
}
