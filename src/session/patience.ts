import type { TrafficOptions } from '../doctor/traffic.ts';

/** An answer has this share of the listening to come, within bounds. */
const PATIENCE_SHARE = 1 / 4;
const MAX_PATIENCE_MS = 5000;

/** How long a request that does not say so itself waits: not as long as servers do, nor longer than they. */
export function patienceFor(listenMs: number | undefined, timeoutMs: number | undefined): TrafficOptions {
  const patienceMs = Math.min(MAX_PATIENCE_MS, (listenMs ?? MAX_PATIENCE_MS) * PATIENCE_SHARE);
  return timeoutMs === undefined
    ? { patienceMs }
    : { patienceMs: Math.min(patienceMs, timeoutMs), timeoutMs };
}
