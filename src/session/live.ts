import type { Source } from '../model/frame.ts';
import type { Observed } from '../model/observed.ts';
import type { Inspector } from './inspector.ts';

export interface LiveRun {
  readonly source: Source;
  readonly inspector: Pick<Inspector, 'observe'>;
  /** Aborts when the user, a time limit or the reader of our output wants an end. */
  readonly stop: AbortController;
  /** Called for every observation in order; answers whether it counts towards `count`. */
  readonly onObserved: (observed: Observed) => boolean;
  /** Called after each batch: output is written here, while the source goes on draining its socket. */
  readonly onBatch: () => Promise<void>;
  /** Ends after this many observations that counted. */
  readonly count?: number;
}

/** Watches until the source ends, `stop` aborts or `count` is reached. What has arrived by then is handed over first. */
export async function watch(run: LiveRun): Promise<void> {
  let counted = 0;
  for await (const batch of run.source(run.stop.signal)) {
    for (const captured of batch) {
      const observed = run.inspector.observe(captured);
      if (observed === undefined || !run.onObserved(observed)) continue;
      counted++;
      if (counted === run.count) {
        await run.onBatch();
        run.stop.abort();
        return;
      }
    }
    await run.onBatch();
  }
}
