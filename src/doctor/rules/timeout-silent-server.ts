import { describePlace, type Evidence } from '../evidence.ts';
import type { Culprit, Diagnosis, Rule } from '../rule.ts';
import {
  type Judged,
  judgePlaces,
  lacksCount,
  lastingShortage,
  leastMissing,
  type Place,
} from '../shortfalls.ts';
import { findEars, findIdleServers, findSuspects, killHint, type Suspects } from '../suspects.ts';
import { listNames, plural } from '../words.ts';

/** A server is subscribed, is therefore waited for, and says nothing at all. */
export const timeoutSilentServer: Rule = {
  name: 'timeout-silent-server',
  severity: 'breaks',
  needs: 'traffic',
  summary: 'A server is subscribed but says nothing: blocked, stopped, or gone without a word.',
  fault: 'frozen-worker',
  check: (evidence: Evidence): readonly Diagnosis[] =>
    judgePlaces(evidence).flatMap((place) => {
      const short = lastingShortage(place.wide);
      if (short.length > 0) {
        const suspects = findSuspects(place, short, evidence);
        return suspects.isAlive ? [] : [diagnose(place, short, suspects, evidence)];
      }
      // Without any request that servers answer by themselves, an idle publisher is all there is to go by.
      if (place.wide.length > 0) return [];
      const unanswered = lastingShortage(place.handled);
      const idle = findIdleServers(unanswered, evidence);
      return idle.length > 0 && idle.length <= leastMissing(unanswered)
        ? [diagnose(place, unanswered, findSuspects(place, unanswered, evidence), evidence)]
        : [];
    }),
  lacks: lacksCount,
};

function diagnose(
  place: Place,
  short: readonly Judged[],
  { culprits, sure }: Suspects,
  evidence: Evidence,
): Diagnosis {
  const missing = leastMissing(short);
  const [first] = short;
  const servers = (first?.expected ?? 0) + 1;
  const all = place.wide.length > 0 ? place.wide : place.handled;
  const answers = first === undefined ? '' : `${first.outcome.answers} of ${first.expected}`;
  const named = missing === 1 ? nameOne(culprits) : listNames(culprits.map(({ value }) => value));
  const ears = findEars(culprits, evidence);
  const waiting = ears.reduce((sum, { outputBytes }) => sum + outputBytes, 0);
  return {
    where: describePlace(place),
    sentence: `${missing} of ${plural(servers, 'server')} ${missing === 1 ? 'does' : 'do'} not answer${sure === 'sure' ? `: ${named}` : ''}.`,
    seen: [
      `${short.length} of ${plural(all.length, 'request')} got ${answers} answers (${listNames([...new Set(short.map(({ outcome }) => outcome.type))])}).`,
      ...(place.group === undefined ? [] : ['It is subscribed, so that the others wait for it.']),
      `It said nothing else meanwhile, either: stopped, blocked, or cut off (half-open on both connections), which look the same from Redis.`,
      ...(waiting === 0 ? [] : [`${(waiting / 1e3).toFixed(0)} kB wait in Redis for it to read them.`]),
    ],
    culprits,
    symptom: `timeout reached: only ${first?.outcome.answers ?? 0} responses received out of ${first?.expected ?? 0}`,
    next: [
      'Look at that process: is its event loop blocked, is it stopped, is its host reachable?',
      ...killHint(ears, evidence),
    ],
    sure,
  };
}

/** A uid and the connection that belongs to it are one server, not two. */
function nameOne(culprits: readonly Culprit[]): string {
  const [uid, connection, ...others] = culprits.map(({ value }) => value);
  return others.length === 0 && culprits[0]?.is === 'uid' && culprits[1]?.is === 'connection'
    ? `${uid ?? ''} (${connection ?? ''})`
    : listNames(culprits.map(({ value }) => value));
}
