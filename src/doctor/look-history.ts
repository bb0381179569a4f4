import type { Look } from './evidence.ts';
import { Attendance } from './taps/attendance.ts';

/** What rules say is wrong was wrong all this time, at the end of a recording. */
const RECENT_MICROS = 60e6;
/** Or as often, where a recording holds fewer looks. */
const LEAST_RECENT = 3;
/** Two looks within less are one: what deploys do to the counts may last as long. */
const LEAST_APART_MICROS = 1e6;
/** Of all the time, thinned out where there were more; even, so that the first and the last stay. */
const MOST_KEPT = 128;
/** Fewer do not show who comes and goes. */
const LEAST_GLANCES = 4;

/** The looks of a recording, in order of time: as many as rules need, however long it is. */
export class LookHistory {
  readonly #attendance = new Attendance();
  #kept: Look[] = [];
  readonly #recent: Look[] = [];

  /** A further file of a recording begins with the last look of the one before: that is known already. */
  add(look: Look): void {
    const last = this.#recent.at(-1);
    if (last !== undefined && look.from <= last.from) return;
    this.#attendance.add({ ...look, at: look.to });
    this.#recent.push(look);
    while (this.#recent.length > LEAST_RECENT && (this.#recent[0]?.to ?? 0) < look.from - RECENT_MICROS)
      this.#recent.shift();
    this.#kept.push(look);
    if (this.#kept.length > MOST_KEPT) this.#kept = this.#kept.filter((_, index) => index % 2 === 0);
  }

  /** The latest, with at least a second between the first and the last; else only the last. */
  recent(): readonly Look[] {
    const [first, last] = [this.#recent[0], this.#recent.at(-1)];
    if (first === undefined || last === undefined) return [];
    return last.from - first.to < LEAST_APART_MICROS ? [last] : this.#recent;
  }

  /** From the first to the last. */
  all(): readonly Look[] {
    return this.#kept;
  }

  /** Who came and went; undefined where there were too few looks to see it. */
  attendance(): Attendance | undefined {
    return this.#attendance.glances < LEAST_GLANCES ? undefined : this.#attendance;
  }
}
