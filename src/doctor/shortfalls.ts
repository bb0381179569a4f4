import type { ServerGroup } from '../redis/registry.ts';
import { allLooks, type Evidence, type Look } from './evidence.ts';
import { plural } from './words.ts';
import type { Outcome } from './taps/outcomes.ts';
import type { Traffic } from './traffic.ts';

/** Requests of one key and namespace that can be judged, and what each lacks. */
export interface Judged {
  readonly outcome: Outcome;
  /** Answers that never came; subscribers that are no servers are not waited for. */
  readonly missing: number;
  readonly expected: number;
}

export interface Place {
  readonly key: string;
  readonly nsp: string;
  readonly group?: ServerGroup;
  readonly wide: readonly Judged[];
  readonly handled: readonly Judged[];
}

/** One request without its answers may be a matter of a moment. */
export const LEAST_SHORT = 2;

/** No two late answers are late by the same. */
const SLACK = 1.5;

/**
 * All places where requests were seen. Of those whose servers came or went meanwhile nothing is judged but what was
 * asked since, and before the last look: nobody is to blame for the rest.
 */
export function judgePlaces(evidence: Evidence): readonly Place[] {
  const { traffic, expect } = evidence;
  if (traffic === undefined || missesAnswers(evidence)) return [];
  const { outcomes } = traffic;
  const places = new Map<string, { key: string; nsp: string }>();
  for (const { key, nsp } of outcomes.list) places.set(JSON.stringify([key, nsp]), { key, nsp });
  return [...places.values()].flatMap(({ key, nsp }) => {
    const steady = findSteady(allLooks(evidence), key, nsp);
    if (steady === undefined) return [];
    const { group } = steady;
    const phantoms =
      group === undefined ? 0 : Math.max(0, group.counted - (group.uids.length || group.counted));
    const isHere = (outcome: Outcome): boolean =>
      outcome.key === key && outcome.nsp === nsp && isWithin(outcome, steady);
    const latest = outcomes.until - slowestOf(outcomes.list.filter(isHere));
    const judge = (list: readonly Outcome[]): Judged[] =>
      list
        .filter(isHere)
        .map((outcome) => judgeOne(outcome, phantoms, expect))
        // What is late here may be later still.
        .filter(({ outcome: { at }, missing }) => missing === 0 || at <= latest);
    const wide = judge(outcomes.wide());
    const handled = judge(outcomes.handled());
    return [{ key, nsp, wide, handled, ...(group === undefined ? {} : { group }) }];
  });
}

/** How long the same servers were there, up to the last look: from one look to another, microseconds since 1970. */
interface Steady {
  readonly group?: ServerGroup | undefined;
  /** Absent where nobody came or went since the first look. */
  readonly from?: number;
  /** Absent where there was only one look, or none. */
  readonly to?: number;
}

/** Undefined where the last look has found others than the one before. */
function findSteady(looks: readonly Look[], key: string, nsp: string): Steady | undefined {
  const groups = looks.map((look) => findGroup(look, key, nsp));
  const group = groups.at(-1);
  const changed = groups.findLastIndex((other) => !isSame(other, group));
  const last = looks.at(-1);
  if (looks.length < 2 || last === undefined) return { group };
  if (changed === looks.length - 2) return undefined;
  const since = changed === -1 ? undefined : looks[changed + 1]?.from;
  return { group, to: last.from, ...(since === undefined ? {} : { from: since }) };
}

/** By the look that came before it, so that no two clocks are compared. */
function isWithin({ lookedAt }: Outcome, { from, to }: Steady): boolean {
  if (from !== undefined && (lookedAt === undefined || lookedAt < from)) return false;
  return to === undefined || lookedAt === undefined || lookedAt < to;
}

/** What several nodes of a cluster show by MONITOR comes in no certain order: answers before their requests, too. */
export function missesAnswers({ looks, traffic }: Evidence): boolean {
  return traffic?.showsClients === true && looks.some(({ facts }) => facts.mode === 'cluster');
}

/** What keeps rules about unanswered requests from being judged. */
export function lacksRequests(evidence: Evidence): string | undefined {
  const { traffic } = evidence;
  if (traffic === undefined) return undefined;
  if (missesAnswers(evidence))
    return 'MONITOR of several nodes mixes up requests and answers: --via subscribe';
  if (askedOfAll(traffic).length > 0) {
    if (judgePlaces(evidence).every(({ wide, handled }) => wide.length + handled.length === 0))
      return 'servers came or went meanwhile, and no request was seen to its end since';
    return tellUndecided(evidence) === undefined ? undefined : UNDECIDED;
  }
  return evidence.isCapture === true
    ? 'no request to other servers was seen to its end'
    : 'no request to other servers was seen to its end; listen longer: --for 1m';
}

/** Why rules are not checked where `tellUndecided` has something to say. */
export const UNDECIDED = 'requests lacked answers, see below';

/** Requests that lacked answers although that has not lasted, or not been seen often enough: a sentence or two. */
export function tellUndecided(evidence: Evidence): string | undefined {
  const undecided = findUndecided(evidence);
  if (undecided === undefined) return tellLate(evidence);
  const { short, judged } = undecided;
  const [first, last] = [short[0], short.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const few = `${short.length} of ${plural(judged.length, 'request')} got fewer answers than there are other servers (${first.outcome.answers} of ${first.expected})`;
  if (last === judged.at(-1)) {
    const more = evidence.isCapture === true ? 'it takes a longer recording' : 'listen longer: --for 30s';
    return `${few}. One alone does not tell why; ${more}.`;
  }
  return `${few}, ${describeTimes(first.outcome.at, last.outcome.at)}; those after got all. It is over, or it comes and goes.`;
}

/** A single answer that came when nobody waited for it any more; two are for late-reply. */
function tellLate(evidence: Evidence): string | undefined {
  const judged = judgePlaces(evidence).flatMap(({ wide, handled }) => [...wide, ...handled]);
  const late = judged.flatMap(({ outcome }) =>
    outcome.belated
      .filter(({ latencyMicros }) => latencyMicros > outcome.limitMs * 1000)
      .map(({ latencyMicros }) => ({ outcome, latencyMicros })),
  );
  const [only, ...more] = late;
  if (only === undefined || more.length > 0) return undefined;
  const { at, limitMs } = only.outcome;
  return `1 of ${plural(judged.length, 'request')} got its last answer after ${(only.latencyMicros / 1e6).toFixed(1)} s, ${describeTimes(at, at)}: who asks has given up after ${limitMs / 1000} s. One alone does not tell why.`;
}

interface Undecided {
  readonly short: readonly Judged[];
  readonly judged: readonly Judged[];
}

function findUndecided(evidence: Evidence): Undecided | undefined {
  return judgePlaces(evidence)
    .flatMap(({ wide, handled }) => [wide, handled])
    .map((judged) => ({ judged, short: judged.filter(({ missing }) => missing > 0) }))
    .find(({ judged, short }) => short.length > 0 && lastingShortage(judged).length === 0);
}

/** `between 01:30:47 and 01:30:59 UTC`; times are microseconds since 1970. */
function describeTimes(from: number, to: number): string {
  const [first, last] = [from, to].map((time) => new Date(time / 1000).toISOString().slice(11, 19));
  return first === last ? `at ${first ?? ''} UTC` : `between ${first ?? ''} and ${last ?? ''} UTC`;
}

/** A server that says nothing at all is missed only by those who know how many there are. */
export function lacksCount(evidence: Evidence): string | undefined {
  const lacking = lacksRequests(evidence);
  if (lacking !== undefined || evidence.traffic === undefined || evidence.expect !== undefined)
    return lacking;
  return askedOfAll(evidence.traffic).every(({ isCounted }) => isCounted)
    ? undefined
    : 'needs to know how many servers there are: --expect N';
}

function askedOfAll({ outcomes }: Traffic): readonly Outcome[] {
  return [...outcomes.wide(), ...outcomes.handled()];
}

function judgeOne(outcome: Outcome, phantoms: number, expect: number | undefined): Judged {
  const known = Math.max(0, (outcome.expected ?? 0) - phantoms);
  const expected = outcome.isCounted || expect === undefined ? known : Math.max(known, expect - 1);
  const came = outcome.answers + outcome.belated.length;
  return { outcome, expected, missing: Math.max(0, expected - came) };
}

/** After how long the slowest answer came that was waited for no more, and some more: microseconds. */
function slowestOf(outcomes: readonly Outcome[]): number {
  const latencies = outcomes.flatMap(({ belated }) => belated.map(({ latencyMicros }) => latencyMicros));
  return SLACK * latencies.reduce((most, latency) => Math.max(most, latency), 0);
}

/** The same shortage again and again, up to the last: what a server that came or went leaves behind looks different. */
export function lastingShortage(judged: readonly Judged[]): readonly Judged[] {
  const short = judged.filter(({ missing }) => missing > 0);
  const isLasting = short.length >= LEAST_SHORT && (judged.at(-1)?.missing ?? 0) > 0;
  return isLasting ? short : [];
}

/** How many are missing in each of them. */
export function leastMissing(short: readonly Judged[]): number {
  return Math.min(...short.map(({ missing }) => missing));
}

function findGroup({ groups }: Look, key: string, nsp: string): ServerGroup | undefined {
  const here = groups.filter((group) => group.key === key && group.nsp === nsp);
  return here.length === 1 ? here[0] : undefined;
}

function isSame(a: ServerGroup | undefined, b: ServerGroup | undefined): boolean {
  return a?.uids.join() === b?.uids.join() && a?.counted === b?.counted;
}
