import { timeOf } from '../../redis/stream-info.ts';
import type { Evidence, StreamLook } from '../evidence.ts';
import type { Diagnosis, Rule } from '../rule.ts';
import { lacksReads } from '../stream-words.ts';
import { identify } from '../suspects.ts';
import type { Restoring } from '../taps/streams.ts';
import { plural } from '../words.ts';

/** For one client that comes back; after a network failure all come at once. */
const LEAST_BYTES = 1e6;
/** What an entry has beside its payload: id, uid, nsp, type and the names of its fields. */
const ENTRY_BYTES = 60;

/** Restoring a session reads all of the stream that the client has missed, at once. */
export const recoveryFlood: Rule = {
  name: 'recovery-flood',
  severity: 'bites',
  needs: 'traffic',
  summary: 'A client that comes back makes its server read a large part of the stream in one reply.',
  fault: 'recovery-flood',
  check: ({ looks, traffic }: Evidence): readonly Diagnosis[] => {
    if (traffic === undefined) return [];
    const streams = new Set(traffic.streams.restorings.map(({ stream }) => stream));
    return [...streams].flatMap((name) => {
      const look = looks.at(-1)?.streams?.find((stream) => stream.name === name);
      const floods = traffic.streams.restorings
        .filter(({ stream }) => stream === name)
        .map((restoring) => estimate(restoring, look, traffic.streams.meanBytes(name)))
        .filter(({ bytes }) => bytes >= LEAST_BYTES);
      const counted = floods.filter(({ isCounted }) => isCounted);
      const best = counted.length > 0 ? counted : floods;
      return best.length === 0 ? [] : [diagnose(name, best, { looks, traffic })];
    });
  },
  lacks: lacksReads,
};

interface Flood {
  readonly client: string;
  readonly entries: number;
  readonly bytes: number;
  readonly isCounted: boolean;
}

/** What was seen to be written since; else what is probable where as much is written at all times. */
function estimate(restoring: Restoring, look: StreamLook | undefined, mean: number): Flood {
  const { client, at, fromMs, entries, bytes } = restoring;
  if (entries !== undefined && bytes !== undefined)
    return { client, entries, bytes: bytes + entries * ENTRY_BYTES, isCounted: true };
  const { firstId, lastId, length } = look ?? { lastId: '0-0', length: 0 };
  const lifeMs = (timeOf(lastId) - timeOf(firstId ?? lastId)) / 1000;
  const share = lifeMs > 0 ? Math.min(1, (at / 1000 - fromMs) / lifeMs) : 0;
  const probable = Math.round(length * share);
  return { client, entries: probable, bytes: probable * (mean + ENTRY_BYTES), isCounted: false };
}

function diagnose(stream: string, floods: readonly Flood[], evidence: Evidence): Diagnosis {
  const largest = floods.reduce((most, flood) => (flood.bytes > most.bytes ? flood : most));
  const isCounted = floods.every((flood) => flood.isCounted);
  const about = isCounted ? '' : 'about ';
  return {
    where: `stream ${stream}`,
    sentence: `Restoring one session reads ${about}${plural(largest.entries, 'entry', 'entries')} at once: ${(largest.bytes / 1e6).toFixed(1)} MB in a single reply.`,
    seen: [
      `${plural(floods.length, 'XRANGE')} without COUNT to the end of the stream, of more than ${LEAST_BYTES / 1e6} MB each.`,
      ...(isCounted
        ? []
        : [
            'How many were written before we listened is estimated, as if as many were written at all times.',
          ]),
    ],
    culprits: identify(largest.client, evidence),
    symptom: 'memory and event loops of servers jump when clients come back, all the more when many do',
    next: [
      'Keep less: a smaller maxLen, a shorter maxDisconnectionDuration, and references instead of data in broadcasts. The adapter filters by room only after it has read everything.',
    ],
    sure: isCounted ? 'sure' : 'likely',
  };
}
