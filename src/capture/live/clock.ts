/** How far the fine clock may be off the system's before it is set anew: a suspended machine, a corrected clock. */
const TOLERATED_MS = 500;

let origin = performance.timeOrigin;

/** Microseconds since 1970. Finer than Date.now(), and follows it when the system's clock is set. */
export function nowMicros(): number {
  let ms = origin + performance.now();
  const coarse = Date.now();
  if (Math.abs(coarse - ms) > TOLERATED_MS) {
    origin += coarse - ms;
    ms = coarse;
  }
  return Math.round(ms * 1000);
}
