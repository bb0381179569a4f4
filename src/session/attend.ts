import { type Links, takeGlance } from '../doctor/take-look.ts';
import type { Attendance } from '../doctor/taps/attendance.ts';
import { pause } from './pause.ts';

/** Short enough to see a server that lives for a second. */
const LEAST_PAUSE_MS = 500;
/** However long it takes. */
const MOST_GLANCES = 60;
/** Redis shall have most of the time for others, however much it has to tell. */
const PAUSE_PER_GLANCE = 4;

/** Looks who is there, again and again, for a while or until the signal aborts. @throws {RedisFailure} */
export async function attend(
  links: Links,
  attendance: Attendance,
  { forMs, signal }: { readonly forMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const end = performance.now() + forMs;
  while (!signal.aborted && performance.now() < end) {
    const began = performance.now();
    const glance = await takeGlance(links);
    attendance.add(glance);
    // What is forbidden would be refused again and again, and Redis keeps a log of that.
    if (glance.hidden.length > 0) return;
    const tookMs = performance.now() - began;
    const pauseMs = Math.max(LEAST_PAUSE_MS, forMs / MOST_GLANCES, tookMs * PAUSE_PER_GLANCE);
    if (performance.now() + pauseMs >= end) return;
    await pause(pauseMs, signal);
  }
}
