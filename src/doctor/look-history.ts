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
/** Bytes of JSON, of the latest and of all: 200 servers in 20 namespaces with their connections take 200 kB a look. */
const MOST_BYTES = 32e6;
/** Fewer, or in less time, do not show who comes and goes. */
const LEAST_GLANCES = 4;
const LEAST_ATTENDANCE_MICROS = 3e6;

interface Sized {
  readonly look: Look;
  readonly bytes: number;
}

/** The looks of recordings, in order of time: as many as rules need, however long they are. */
export class LookHistory {
  /** Why these recordings cannot be judged as one; they can where it is absent. */
  flaw: string | undefined;
  readonly #attendance = new Attendance();
  #kept: Sized[] = [];
  #recent: Sized[] = [];
  #source: string | undefined;
  #beginsAt: string | undefined;

  /** A recording begins, or a further file of one. `source`: the Redis that it names. */
  begin(source = ''): void {
    this.#beginsAt = source;
  }

  /** `bytes`: of the look as JSON. */
  add(look: Look, bytes: number): void {
    const last = this.#recent.at(-1)?.look;
    const source = this.#beginsAt;
    this.#beginsAt = undefined;
    // A further file begins with the last look of the one before.
    if (last?.from === look.from) return;
    if (source !== undefined && last !== undefined) this.#compare(last, look, source);
    this.#source = source ?? this.#source;
    this.#attendance.add({ ...look, at: look.to });
    const sized = { look, bytes };
    this.#recent = keepRecent([...this.#recent, sized]);
    this.#kept.push(sized);
    while (this.#kept.length > 3 && (this.#kept.length > MOST_KEPT || sum(this.#kept) > MOST_BYTES))
      this.#kept = this.#kept.filter((_, index) => index % 2 === 0 || index === this.#kept.length - 1);
  }

  /** The latest, with at least a second between the first and the last; else only the last. */
  recent(): readonly Look[] {
    const looks = this.#recent.map(({ look }) => look);
    const [first, last] = [looks[0], looks.at(-1)];
    if (first === undefined || last === undefined) return [];
    return last.from - first.to < LEAST_APART_MICROS ? [last] : looks;
  }

  /** From the first to the last. */
  all(): readonly Look[] {
    return this.#kept.map(({ look }) => look);
  }

  /** Who came and went; undefined where there were too few looks to see it. */
  attendance(): Attendance | undefined {
    const { glances, duration } = this.#attendance;
    return glances < LEAST_GLANCES || duration < LEAST_ATTENDANCE_MICROS ? undefined : this.#attendance;
  }

  #compare(last: Look, look: Look, source: string): void {
    if (source !== this.#source && look.facts.node !== last.facts.node)
      this.flaw ??= `they were recorded at different Redis, ${last.facts.node} and ${look.facts.node}`;
    else if (look.from < last.from) this.flaw ??= 'they are of the same time, or not in order of time';
  }
}

function keepRecent(looks: Sized[]): Sized[] {
  const end = looks.at(-1)?.look.from ?? 0;
  let bytes = 0;
  let first = looks.length;
  while (first > 0) {
    const before = looks[first - 1];
    if (before === undefined) break;
    const isFew = looks.length - first < LEAST_RECENT;
    bytes += before.bytes;
    if (!isFew && (before.look.to < end - RECENT_MICROS || looks.length - first >= MOST_KEPT)) break;
    if (bytes > MOST_BYTES && first < looks.length) break;
    first--;
  }
  return first === 0 ? looks : looks.slice(first);
}

function sum(looks: readonly Sized[]): number {
  return looks.reduce((total, { bytes }) => total + bytes, 0);
}
