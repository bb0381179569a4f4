import { describePlace, type Evidence } from '../evidence.ts';
import type { Diagnosis, Rule } from '../rule.ts';
import {
  type Judged,
  judgePlaces,
  lacksRequests,
  lastingShortage,
  leastMissing,
  type Place,
} from '../shortfalls.ts';
import { findEars, findSuspects, killHint, type Suspects } from '../suspects.ts';
import { listNames, nameConnection, plural } from '../words.ts';

/** A server speaks and is subscribed, but nothing reaches it: its sub connection is dead, and Redis does not know. */
export const halfOpenConnection: Rule = {
  name: 'half-open-connection',
  severity: 'breaks',
  needs: 'traffic',
  summary:
    'A server publishes and is subscribed, but never answers: its sub connection is dead, and neither end has noticed.',
  fault: 'half-open',
  check: (evidence: Evidence): readonly Diagnosis[] =>
    judgePlaces(evidence).flatMap((place) => {
      const short = lastingShortage(place.wide);
      if (short.length === 0) return [];
      const suspects = findSuspects(place, short, evidence);
      return suspects.isAlive ? [diagnose(place, short, suspects, evidence)] : [];
    }),
  lacks: lacksRequests,
};

function diagnose(
  place: Place,
  short: readonly Judged[],
  { culprits }: Suspects,
  evidence: Evidence,
): Diagnosis {
  const missing = leastMissing(short);
  const [first] = short;
  const { answers = 0 } = first?.outcome ?? {};
  const expected = first?.expected ?? 0;
  const isOne = missing === 1;
  const named = listNames(culprits.filter(({ is }) => is === 'uid').map(({ value }) => value));
  const ears = findEars(culprits, evidence);
  const known = new Set(culprits.map(({ value }) => value));
  const waiting = ears.reduce((sum, { outputBytes }) => sum + outputBytes, 0);
  return {
    where: describePlace(place),
    sentence: `${missing} of ${plural(expected + 1, 'server')} ${isOne ? 'speaks but hears' : 'speak but hear'} nothing${named === '' ? '' : `: ${named}`}.`,
    seen: [
      `${short.length} of ${plural(place.wide.length, 'request')} got ${answers} of ${expected} answers, and ${isOne ? 'it has itself' : 'they have themselves'} published meanwhile.`,
      place.group === undefined
        ? 'It runs and reaches Redis. That what is sent to it gets lost is concluded from this; whether it is still subscribed, only Redis tells.'
        : 'It runs, it reaches Redis, and Redis has it subscribed. That what Redis sends it gets lost on the way is concluded from this.',
      ...(waiting === 0 ? [] : [`${(waiting / 1e3).toFixed(0)} kB wait in Redis for it to read them.`]),
    ],
    culprits: [
      ...culprits,
      ...ears
        .filter(({ address }) => !known.has(address))
        .map(nameConnection)
        .map((ear) => ({ ...ear, about: `most probably its sub connection: ${ear.about ?? ''}` })),
    ],
    symptom: `timeout reached: only ${answers} responses received out of ${expected}`,
    next: [
      ...(culprits.length === 0 ? ['See which server it is: sio-inspect doctor --via monitor'] : []),
      'Restart that server, or cut its sub connection, so that it connects again. Against the next time: keep-alive pings on that connection (ioredis: keepAlive, redis: pingInterval), shorter than the idle timeout of what stands between.',
      ...killHint(ears, evidence),
    ],
    sure: place.group === undefined ? 'possible' : 'likely',
  };
}
