import type { LiveWay } from '../capture/live/way.ts';
import type { RedisFacts } from '../redis/registry.ts';
import { isLoopback, type RedisTarget } from '../redis/target.ts';

/** MONITOR somewhere else than here ends after this time unless `--for` says another. */
const MONITOR_BOUND_MS = 60_000;
const PRICE_OF_REPLICATION =
  'the primary has forked once and lists us as a replica; all its writes come over the wire';

/** What the ways cost the Redis that is watched, and how to end it; undefined where it is next to nothing. */
export function priceOf(
  ways: readonly LiveWay[],
  facts: RedisFacts | undefined,
  ends = '--for 30s',
): string | undefined {
  if (ways.includes('replication')) return PRICE_OF_REPLICATION;
  if (!ways.includes('monitor')) return undefined;
  const ops = facts?.opsPerSecond;
  const load = ops === undefined ? '' : `, now at ${ops} commands/s`;
  return `MONITOR makes a busy Redis several times slower${load}: end it with Ctrl-C or ${ends}`;
}

/** How long to watch where nobody has said it; undefined: without an end. */
export function boundOf(ways: readonly LiveWay[], target: RedisTarget): number | undefined {
  return ways.includes('monitor') && !isLoopback(target) ? MONITOR_BOUND_MS : undefined;
}

export function describeBound(ms: number): string {
  return `MONITOR on another machine: it ends by itself after ${ms / 1000} s, unless --for says another time.`;
}
