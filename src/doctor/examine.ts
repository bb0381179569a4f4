import { type Absence, findAbsence } from './absence.ts';
import type { Evidence } from './evidence.ts';
import { NEEDS_REDIS } from './known-groups.ts';
import { tellUndecided, UNDECIDED } from './shortfalls.ts';
import type { Diagnosis, Rule } from './rule.ts';

/** A rule that does not hold. */
export interface Case extends Diagnosis {
  readonly rule: Rule;
}

/** What an examination has found. */
export interface Report {
  readonly cases: readonly Case[];
  /** Rules that were checked and hold. */
  readonly held: readonly Rule[];
  /** Rules for which nothing was there to judge by, and why. */
  readonly unchecked: readonly { readonly rule: Rule; readonly why: string }[];
  /** What Redis did not let us see. */
  readonly hidden: readonly string[];
  readonly messages: number;
  readonly gaps: number;
  /** What a capture has in it that could not be read at all. */
  readonly unread: number;
  /** What was assumed about captures or left out, and why listening ended early. */
  readonly notes: readonly string[];
  /** True where Redis was lost before the examination was over. */
  readonly isLost?: boolean;
  /** Where there was nothing to examine. */
  readonly absence?: Absence;
}

/** Checks every rule by the evidence there is. */
export function examine(rules: readonly Rule[], evidence: Evidence): Report {
  const cases: Case[] = [];
  const held: Rule[] = [];
  const unchecked: { rule: Rule; why: string }[] = [];
  const absence = findAbsence(evidence);
  for (const rule of rules) {
    const why = lacks(rule, evidence, absence);
    const found = isPartial(rule, evidence) ? [] : rule.check(evidence);
    if (found.length > 0) cases.push(...found.map((diagnosis) => ({ ...diagnosis, rule })));
    else if (why === undefined) held.push(rule);
    else unchecked.push({ rule, why });
  }
  return {
    cases,
    held,
    unchecked,
    hidden: [...new Set(evidence.looks.flatMap(({ hidden, unreached }) => [...unreached, ...hidden]))],
    messages: evidence.traffic?.messages ?? 0,
    gaps: evidence.traffic?.gaps ?? 0,
    unread: evidence.traffic?.unread ?? 0,
    notes: unchecked.some(({ why }) => why === UNDECIDED) ? [tellUndecided(evidence) ?? ''] : [],
    ...(absence === undefined ? {} : { absence }),
  };
}

/** True where a case is a problem, and not only worth knowing. */
export function isProblem({ rule }: Case): boolean {
  return rule.severity !== 'info';
}

/** Fewer do not show that anybody came and went. */
const LEAST_GLANCES = 3;

function lacks(rule: Rule, evidence: Evidence, absence: Absence | undefined): string | undefined {
  const lacking = lacksAnything(rule, evidence) ?? rule.lacks?.(evidence);
  if (lacking !== undefined) return lacking;
  return absence !== undefined && rule.isAboutServers === true ? 'no server was found' : undefined;
}

/** What was not recorded would be taken for what has not come. */
function isPartial({ needs }: Rule, { filter }: Evidence): boolean {
  return needs === 'traffic' && filter !== undefined;
}

function lacksAnything(rule: Rule, evidence: Evidence): string | undefined {
  const { looks, traffic, attendance, isCapture, filter = [] } = evidence;
  if (isPartial(rule, evidence)) return `only a part was recorded: ${filter.join(' ')}`;
  if (rule.needs !== 'traffic' && looks.length === 0) return NEEDS_REDIS;
  if (rule.needs !== 'traffic' && looks.length === 1)
    return isCapture === true
      ? 'needs a longer recording: Redis was looked at once'
      : 'needs a second look at Redis';
  if (rule.needs === 'watch' && (attendance?.glances ?? 0) < LEAST_GLANCES) {
    if (looks.some(({ hidden }) => hidden.length > 0)) return 'needs what Redis did not permit';
    return isCapture === true ? 'needs a longer recording' : 'needs time to watch: --for 10s';
  }
  if (rule.needs === 'traffic' && traffic === undefined) return 'needs traffic: --for 10s';
  if (rule.needs !== 'traffic' || traffic?.messages !== 0) return undefined;
  const isSharded = looks.at(-1)?.groups.some(({ adapter }) => adapter === 'redis-sharded') === true;
  return isSharded && !traffic.showsClients
    ? 'no message was seen; sharded pub/sub needs --via monitor'
    : 'no message was seen';
}
