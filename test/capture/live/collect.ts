import type { LiveEvent } from '../../../src/capture/live/way.ts';
import type { Captured, Frame, Gap, Source } from '../../../src/model/frame.ts';
import { waitFor } from '../../support/wait.ts';

/** A source that runs in the background of a test. */
export interface Collecting {
  readonly captured: readonly Captured[];
  readonly events: readonly LiveEvent[];
  frames(): readonly Frame[];
  gaps(): readonly Gap[];
  /** Waits for the first attachment, or the failure instead of it. */
  attached(times?: number): Promise<void>;
  until(what: string, holds: () => boolean, timeoutMs?: number): Promise<void>;
  /** Aborts, and resolves when the source has ended. */
  stop(): Promise<void>;
}

/** `create` is given the `onEvent` to pass on. `turn` may slow the consumer down. */
export function collect(
  create: (onEvent: (event: LiveEvent) => void) => Source,
  turn: (batch: readonly Captured[]) => Promise<void> | void = () => undefined,
): Collecting {
  const captured: Captured[] = [];
  const events: LiveEvent[] = [];
  const abort = new AbortController();
  let failure: unknown;
  const source = create((event) => events.push(event));
  const done = (async () => {
    for await (const batch of source(abort.signal)) {
      for (const one of batch) captured.push(one);
      await turn(batch);
    }
  })();
  done.catch((error: unknown) => {
    failure = error;
  });
  const until = async (what: string, holds: () => boolean, timeoutMs?: number): Promise<void> => {
    const ask = (): true | undefined => (failure !== undefined || holds() ? true : undefined);
    await waitFor(what, ask, timeoutMs);
    if (failure !== undefined) throw failure as Error;
  };
  return {
    captured,
    events,
    frames: () => captured.flatMap((one) => (one.is === 'frame' ? [one.frame] : [])),
    gaps: () => captured.flatMap((one) => (one.is === 'gap' ? [one.gap] : [])),
    attached: (times = 1) =>
      until(`attached ${times} times`, () => events.filter(({ is }) => is === 'attached').length >= times),
    until,
    stop: async () => {
      abort.abort();
      await done;
    },
  };
}
