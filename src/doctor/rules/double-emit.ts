import { describePlace, type Evidence } from '../evidence.ts';
import type { Diagnosis, Rule } from '../rule.ts';
import type { Repeats } from '../taps/repeats.ts';
import { plural } from '../words.ts';

/** Less often may be chance. */
const LEAST_OCCASIONS = 3;
/** Share of an event's broadcasts that come from several servers at once. */
const LEAST_SHARE = 0.8;

/** Every server passes the same outside event on to everybody. */
export const doubleEmit: Rule = {
  name: 'double-emit',
  severity: 'bites',
  needs: 'traffic',
  summary: 'Several servers send the very same to everybody: each client gets it several times.',
  fault: 'double-emit',
  check: ({ traffic, redaction }: Evidence): readonly Diagnosis[] =>
    // What was removed leaves all args the same.
    (redaction === undefined ? (traffic?.repeats.list() ?? []) : [])
      .filter(
        ({ occasions, copies, broadcasts }) =>
          occasions >= LEAST_OCCASIONS && copies / broadcasts >= LEAST_SHARE,
      )
      .map(diagnose),
  lacks: ({ redaction }: Evidence): string | undefined =>
    redaction === undefined ? undefined : `needs what was removed: ${redaction.join(', ')}`,
};

function diagnose(repeats: Repeats): Diagnosis {
  const { event, uids, occasions, copies, isForRooms } = repeats;
  const times = Math.max(2, Math.round(copies / occasions));
  return {
    where: describePlace(repeats),
    sentence: `${plural(uids.size, 'server')} send the same "${event}" to ${isForRooms ? 'the same rooms' : 'everybody'} within a second: clients get it ${times} times.`,
    seen: [
      `${plural(occasions, 'time')} the same args and rooms from several servers, ${copies} broadcasts in all.`,
    ],
    culprits: [
      { is: 'event', value: event },
      ...[...uids].map((value) => ({ is: 'uid' as const, value, about: 'sends it' })),
    ],
    symptom: 'clients receive the message once for each server',
    next: [
      'If every server hears of it (a queue, a database, Redis pub/sub of your own), let each tell its own clients: io.local.emit(…), io.local.to(room).emit(…).',
      'If only one should tell, let only one hear of it.',
    ],
    sure: 'likely',
  };
}
