import type { LiveWay } from '../capture/live/way.ts';
import type { RedisFacts } from '../redis/registry.ts';
import { isLoopback, type RedisTarget } from '../redis/target.ts';
import { plural } from '../render/phrase.ts';

/** MONITOR somewhere else than here ends after this time unless `--for` says another. */
const MONITOR_BOUND_MS = 60_000;
const PRICE_OF_REPLICATION =
  'the primary has forked once and lists us as a replica; all its writes come over the wire';

export interface PriceOptions {
  readonly facts: RedisFacts | undefined;
  /** When it ends by itself; undefined where it does not. */
  readonly endsAfterMs: number | undefined;
  /** What else ends it, for who has said nothing. */
  readonly orElse?: string;
}

/** What the ways cost the Redis that is watched, and what ends it; undefined where it is next to nothing. */
export function priceOf(
  ways: readonly LiveWay[],
  { facts, endsAfterMs, orElse = '' }: PriceOptions,
): string | undefined {
  if (ways.includes('replication')) return PRICE_OF_REPLICATION;
  if (!ways.includes('monitor')) return undefined;
  const ops = facts?.opsPerSecond;
  const load = ops === undefined ? '' : `, now at ${plural(ops, 'command')}/s`;
  const ends =
    endsAfterMs === undefined
      ? `end it with Ctrl-C or --for 30s${orElse}`
      : `it ends after ${endsAfterMs / 1000} s`;
  return `MONITOR makes a busy Redis several times slower${load}: ${ends}`;
}

/** How long to watch where nobody has said it; undefined: without an end. */
export function boundOf(ways: readonly LiveWay[], target: RedisTarget): number | undefined {
  return ways.includes('monitor') && !isLoopback(target) ? MONITOR_BOUND_MS : undefined;
}

export function describeBound(ms: number): string {
  return `MONITOR on another machine: it ends by itself after ${ms / 1000} s, unless --for says another time.`;
}
