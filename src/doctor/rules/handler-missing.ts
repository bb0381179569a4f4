import { describePlace, type Evidence } from '../evidence.ts';
import type { Culprit, Diagnosis, Rule } from '../rule.ts';
import {
  type Judged,
  judgePlaces,
  lacksRequests,
  lastingShortage,
  leastMissing,
  type Place,
} from '../shortfalls.ts';
import { findIdle, identify } from '../suspects.ts';
import { plural } from '../words.ts';

/** All servers are alive, but not all answer to one event. */
export const handlerMissing: Rule = {
  name: 'handler-missing',
  severity: 'bites',
  needs: 'traffic',
  summary:
    'serverSideEmit() with acknowledgement waits for servers that do not handle the event, or never call back.',
  fault: 'missing-handler',
  check: (evidence: Evidence): readonly Diagnosis[] =>
    judgePlaces(evidence).flatMap((place) => {
      // Servers that answer nothing at all are another matter.
      if (lastingShortage(place.wide).length > 0) return [];
      const proof = proveAlive(place, evidence);
      return proof === undefined ? [] : checkEvents(place, proof, evidence);
    }),
  lacks: lacksRequests,
};

interface Proof {
  readonly says: string;
  readonly sure: Diagnosis['sure'];
}

/** That all servers do answer, if not this. */
function proveAlive(place: Place, evidence: Evidence): Proof | undefined {
  const complete = place.wide.filter(({ missing, expected }) => missing === 0 && expected > 0);
  if (complete.length > 0) {
    const type = complete[0]?.outcome.type ?? '';
    return {
      says: `The same servers all answered ${plural(complete.length, 'other request')} (${type}).`,
      sure: 'sure',
    };
  }
  const unanswered = lastingShortage(place.handled);
  if (unanswered.length === 0) return undefined;
  const answered = place.handled.filter(({ missing }) => missing === 0);
  if (answered.length > 0)
    return {
      says: `The same servers all answered ${answered[0]?.outcome.event ?? 'another event'}.`,
      sure: 'sure',
    };
  if (evidence.looks.at(-1)?.clients === undefined || findIdle(unanswered, evidence).length > 0)
    return undefined;
  return {
    says: 'No server was seen answering anything else; none of their publishers is idle.',
    sure: 'possible',
  };
}

function checkEvents(place: Place, proof: Proof, evidence: Evidence): readonly Diagnosis[] {
  const events = new Set(place.handled.map(({ outcome }) => outcome.event));
  return [...events].flatMap((event) => {
    const judged = place.handled.filter(({ outcome }) => outcome.event === event);
    const short = lastingShortage(judged);
    // Always, not now and then: a handler is there or not.
    return short.length > 0 && short.length === judged.length
      ? [diagnose(place, event ?? '', short, proof, evidence)]
      : [];
  });
}

function diagnose(
  place: Place,
  event: string,
  short: readonly Judged[],
  proof: Proof,
  evidence: Evidence,
): Diagnosis {
  const [first] = short;
  const expected = first?.expected ?? 0;
  const answers = first?.outcome.answers ?? 0;
  const missing = leastMissing(short);
  const culprits = findLacking(place, short, evidence).flatMap((name) => identify(name, evidence));
  return {
    where: describePlace(place),
    sentence: `${plural(missing, 'server')} of ${expected + 1} ${missing === 1 ? 'does' : 'do'} not answer to serverSideEmit("${event}").`,
    seen: [`All ${plural(short.length, 'request')} got ${answers} of ${expected} answers.`, proof.says],
    culprits: [
      { is: 'event', value: event },
      ...culprits.map((culprit): Culprit => ({ about: 'did not answer to the event', ...culprit })),
    ],
    symptom: `timeout reached: only ${answers} responses received out of ${expected}`,
    next: [
      `Handle it on every server, and call back on every path: io.on("${event}", (…, callback) => callback(…)).`,
      'Where not all servers can handle it, send it without acknowledgement.',
    ],
    sure: proof.sure,
  };
}

/** Uids that are certain to be missing; else those that answer other requests, and never this event. */
function findLacking(place: Place, short: readonly Judged[], { traffic }: Evidence): readonly string[] {
  const certain = new Set(short.flatMap(({ outcome }) => outcome.who.flatMap(({ uid }) => uid ?? [])));
  if (certain.size > 0) return [...certain];
  const nameOf = (name: string): string => traffic?.outcomes.nameAt(name) ?? name;
  const answerers = (list: readonly Judged[]): readonly string[] =>
    list.flatMap(({ outcome }) => [...outcome.answerers, outcome.asker ?? []].flat().map(nameOf));
  const here = new Set(answerers(short));
  const others = new Set(answerers([...place.wide, ...place.handled]).filter((name) => !here.has(name)));
  return others.size === leastMissing(short) ? [...others] : [];
}
