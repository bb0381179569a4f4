import { plural } from '../render/phrase.ts';
import { clearStatus, showStatus } from './notice.ts';

const EVERY_MS = 500;

/** A sign of life while nothing else is printed. */
export interface Listening {
  readonly begin: () => void;
  readonly heard: (messages: number) => void;
  readonly end: () => void;
}

/** Shows on standard error for how long we have listened and what has come, while that is a terminal. */
export function showListening(forMs: number): Listening {
  let timer: NodeJS.Timeout | undefined;
  let messages = 0;
  let began = 0;
  const show = (): void => {
    const seconds = Math.min(forMs, performance.now() - began) / 1000;
    showStatus(
      `${seconds.toFixed(0)} of ${forMs / 1000} s · ${plural(messages, 'message')} · Ctrl-C: report now`,
    );
  };
  return {
    begin: () => {
      if (!process.stderr.isTTY) return;
      began = performance.now();
      timer = setInterval(show, EVERY_MS);
      show();
    },
    heard: (count) => {
      messages = count;
    },
    end: () => {
      clearInterval(timer);
      clearStatus();
    },
  };
}
