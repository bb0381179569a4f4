import { safeText } from '../render/safe-text.ts';
import { clearStatus, showStatus } from './notice.ts';

/** A file that is read sooner needs no progress. */
const QUIET_MS = 1000;
const EVERY_MS = 200;

/**
 * Passes chunks on and shows on standard error how much of the file is read, while that is a terminal and standard
 * output is none: there, records show it.
 */
export async function* showProgress(
  name: string,
  totalBytes: number,
  chunks: AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  if (!process.stderr.isTTY || process.stdout.isTTY) {
    yield* chunks;
    return;
  }
  let bytes = 0;
  let shownAt = performance.now() + QUIET_MS - EVERY_MS;
  try {
    for await (const chunk of chunks) {
      yield chunk;
      bytes += chunk.length;
      if (performance.now() - shownAt < EVERY_MS) continue;
      shownAt = performance.now();
      const percent = Math.min(100, Math.floor((bytes / Math.max(1, totalBytes)) * 100));
      showStatus(`${safeText(name)}: ${percent} % of ${(totalBytes / 1e6).toFixed(0)} MB`);
    }
  } finally {
    clearStatus();
  }
}
