import type { LiveEvent } from '../capture/live/way.ts';

/** An end so long after the beginning of the watching: attaching takes its own time, up to seconds. */
export interface WatchLimit {
  /** To be told what the sources tell. */
  readonly tell: (event: LiveEvent) => void;
  readonly release: () => void;
}

export function limitWatching(ms: number | undefined, stop: AbortController): WatchLimit {
  let timer: NodeJS.Timeout | undefined;
  return {
    tell: ({ is }) => {
      if (is !== 'watching' || ms === undefined) return;
      timer = setTimeout(() => {
        stop.abort();
      }, ms);
    },
    release: () => {
      clearTimeout(timer);
    },
  };
}
