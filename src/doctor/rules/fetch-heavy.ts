import { type Evidence, groupByPlace } from '../evidence.ts';
import type { Diagnosis, Rule } from '../rule.ts';
import type { Outcome } from '../taps/outcomes.ts';
import { plural } from '../words.ts';

const FETCHES = new Set(['REMOTE_FETCH', 'FETCH_SOCKETS']);
const LEAST_SECONDS = 1;
/** Each costs every server the serialising of all its handshakes. */
const MOST_PER_SECOND = 50;
const MOST_BYTES_PER_SECOND = 2e6;

/** All sockets of all servers are fetched again and again. */
export const fetchHeavy: Rule = {
  name: 'fetch-heavy',
  severity: 'bites',
  needs: 'traffic',
  summary: 'fetchSockets() is called so often, or brings so much, that it is most of what servers do.',
  fault: 'fetch-heavy',
  check: ({ traffic }: Evidence): readonly Diagnosis[] => {
    if (traffic === undefined) return [];
    const seconds = (traffic.last - traffic.first) / 1e6;
    if (!(seconds >= LEAST_SECONDS)) return [];
    const fetches = traffic.outcomes.list.filter(({ type }) => FETCHES.has(type));
    return groupByPlace(fetches).flatMap(([where, here]) => {
      const bytes = here.reduce((sum, { replyBytes }) => sum + replyBytes, 0);
      const isHeavy = here.length / seconds >= MOST_PER_SECOND || bytes / seconds >= MOST_BYTES_PER_SECOND;
      return isHeavy ? [diagnose(where, here, bytes, seconds)] : [];
    });
  },
};

function diagnose(where: string, fetches: readonly Outcome[], bytes: number, seconds: number): Diagnosis {
  const askers = new Set(fetches.flatMap(({ asker }) => asker ?? []));
  return {
    where,
    sentence: `fetchSockets() is called ${(fetches.length / seconds).toFixed(0)} times a second, and brings ${(bytes / seconds / 1e3).toFixed(0)} kB of handshakes a second.`,
    seen: [
      `${plural(fetches.length, 'request')} in ${seconds.toFixed(1)} s, ${(bytes / 1e3).toFixed(0)} kB of answers.`,
    ],
    culprits: [...askers].map((value) => ({ is: 'uid' as const, value, about: 'asks' })),
    symptom:
      'event loops busy with JSON, slow answers, timeout reached while waiting for fetchSockets response',
    next: [
      'To count, let each server tell a number: io.serverSideEmitWithAck("count"). To know who is there, keep a list and update it on connection and disconnect.',
    ],
    sure: 'sure',
  };
}
