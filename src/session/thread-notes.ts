import type { ThreadEvent } from '../analyse/correlate.ts';
import type { Thread } from '../analyse/correlate-thread.ts';
import type { Observed } from '../model/observed.ts';
import type { Place } from '../redis/place.ts';
import type { Theme } from '../render/theme.ts';
import { writeVerdict } from '../render/thread.ts';
import { LiveThreads } from './live-threads.ts';

export interface ThreadNotesOptions {
  readonly place: Place;
  readonly signal: AbortSignal;
  readonly theme: Theme;
  /** Which requests are of interest. */
  readonly wanted: (observed: Observed) => boolean;
  /** A line for a person about a request that is slow or lacks answers. */
  readonly onNote: (line: string) => void;
}

/** A tap: feed it every observation; end it with the run. */
export interface ThreadNotes {
  readonly add: (observed: Observed) => void;
  readonly end: () => Promise<void>;
}

/** A request that takes longer is worth a note, even when it gets all answers. */
const SLOW_MICROS = 1e6;

/** Notes on requests as they time out or turn out slow. @throws {RedisFailure} when Redis cannot be reached */
export async function threadNotes({
  place,
  signal,
  theme,
  wanted,
  onNote,
}: ThreadNotesOptions): Promise<ThreadNotes> {
  const note = (events: readonly ThreadEvent[]): void => {
    for (const { is, thread } of events) {
      if (!wanted(thread.request)) continue;
      if (is === 'timed-out' || (is === 'completed' && isSlow(thread)))
        onNote(writeVerdict(thread, live.threads, theme));
    }
  };
  const live = new LiveThreads({ place, signal, onExpired: note });
  await live.begin();
  return {
    add: (observed) => {
      note(live.add(observed));
    },
    end: () => live.end(),
  };
}

function isSlow({ replies, clientCounts }: Thread): boolean {
  return [...replies, ...clientCounts].some(({ latencyMicros = 0 }) => latencyMicros > SLOW_MICROS);
}
