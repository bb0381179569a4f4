import type { LiveEvent } from './way.ts';

type OnEvent = (event: LiveEvent) => void;

/** An `onEvent` for so many sources that are one to whoever listens: it is watching when the last of them is. */
export function tellTogether(sources: number, onEvent: OnEvent | undefined): OnEvent {
  let missing = sources;
  return (event) => {
    if (event.is === 'watching' && --missing !== 0) return;
    onEvent?.(event);
  };
}
