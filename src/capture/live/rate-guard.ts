import type { Source } from '../../model/frame.ts';
import type { LiveEvent } from './way.ts';

const SECOND_MS = 1000;

interface Guard {
  /** Commands per second past which the source is ended; no limit without. */
  readonly maxPerSecond?: number;
  readonly onEvent?: (event: LiveEvent) => void;
}

/** Counts what a source yields in each second, says it, and ends the source when it is too much. */
export function guardRate(
  source: Source,
  { maxPerSecond = Number.POSITIVE_INFINITY, onEvent }: Guard,
): Source {
  return async function* (outer) {
    const stop = new AbortController();
    let count = 0;
    let since = performance.now();
    for await (const batch of source(AbortSignal.any([outer, stop.signal]))) {
      yield batch;
      count += batch.length;
      const now = performance.now();
      const perSecond = Math.round((count * SECOND_MS) / Math.max(SECOND_MS, now - since));
      if (perSecond > maxPerSecond && !stop.signal.aborted) {
        onEvent?.({ is: 'too-fast', perSecond, limit: maxPerSecond });
        stop.abort();
      }
      if (now - since < SECOND_MS) continue;
      onEvent?.({ is: 'rate', perSecond });
      count = 0;
      since = now;
    }
  };
}
