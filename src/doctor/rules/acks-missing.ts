import { describePlace, type Evidence } from '../evidence.ts';
import type { Culprit, Diagnosis, Rule } from '../rule.ts';
import { missesAnswers } from '../shortfalls.ts';
import type { Outcome } from '../taps/outcomes.ts';
import { listNames, plural } from '../words.ts';

/** One client that leaves at the wrong moment is no fault. */
const LEAST_SHORT = 2;

/** A broadcast asks clients for acknowledgements, and some never give one. */
export const acksMissing: Rule = {
  name: 'acks-missing',
  severity: 'bites',
  needs: 'traffic',
  summary: 'Broadcasts with acknowledgement wait for clients that do not answer in time.',
  fault: 'slow-acks',
  check: (evidence: Evidence): readonly Diagnosis[] => {
    if (missesAnswers(evidence)) return [];
    const broadcasts = evidence.traffic?.outcomes.list.filter(({ type }) => type === 'BROADCAST') ?? [];
    const events = new Map<string, Outcome[]>();
    for (const outcome of broadcasts) {
      const name = JSON.stringify([outcome.key, outcome.nsp, outcome.event]);
      events.set(name, [...(events.get(name) ?? []), outcome]);
    }
    return [...events.values()].flatMap((list) => {
      const short = list.filter(({ acksMissing: missing }) => missing > 0);
      const isLasting = short.length >= LEAST_SHORT && (list.at(-1)?.acksMissing ?? 0) > 0;
      return isLasting ? [diagnose(short, list.length)] : [];
    });
  },
};

function diagnose(short: readonly Outcome[], all: number): Diagnosis {
  const [first] = short;
  const event = first?.event ?? '';
  const missing = short.reduce((sum, outcome) => sum + outcome.acksMissing, 0);
  const asked = short.reduce((sum, outcome) => sum + outcome.acksAsked, 0);
  const servers = new Set(
    short.flatMap(({ acksOf }) => acksOf.flatMap(({ peer }) => peer.uid ?? peer.client ?? [])),
  );
  const culprits = [...servers].map((value): Culprit => ({
    is: 'uid',
    value,
    about: 'its clients did not answer',
  }));
  return {
    ...(first === undefined ? {} : { where: describePlace(first) }),
    sentence: `${missing} of ${plural(asked, 'client')} did not acknowledge "${event}" in time.`,
    seen: [
      `${short.length} of ${plural(all, 'broadcast')} with acknowledgement ended without all acks of the other servers' clients.`,
      ...(servers.size === 0 ? [] : [`They are clients of ${listNames([...servers])}.`]),
    ],
    culprits: [{ is: 'event', value: event }, ...culprits],
    symptom: 'operation has timed out',
    next: [
      'In the client, call the callback on every path, also when something fails.',
      'In the server, allow for slow clients: io.timeout(10000).emit(…), and use the partial answers that the callback gets with the error.',
    ],
    sure: 'sure',
  };
}
