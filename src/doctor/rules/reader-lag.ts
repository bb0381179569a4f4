import { isOpenedTogether } from '../connections.ts';
import type { Evidence } from '../evidence.ts';
import type { Culprit, Diagnosis, Rule } from '../rule.ts';
import { identify } from '../suspects.ts';
import type { Reading } from '../taps/streams.ts';
import { lacksReads } from '../stream-words.ts';

/** Clients notice; a reading that waits for its turn takes some milliseconds. */
const LEAST_MS = 1000;
/** A single long pause is caught up with. */
const LEAST_READINGS = 2;

/** A server reads the stream more slowly than it is written. */
export const readerLag: Rule = {
  name: 'reader-lag',
  severity: 'breaks',
  needs: 'traffic',
  summary:
    'A server reads entries of a stream long after they were written: its clients hear everything late.',
  fault: 'slow-reader',
  check: (evidence: Evidence): readonly Diagnosis[] =>
    (evidence.traffic?.streams.readers() ?? []).flatMap((readings) => {
      const behind = readings.slice(-LEAST_READINGS);
      const last = behind.at(-1);
      const isLasting =
        behind.length === LEAST_READINGS && behind.every(({ behindMs }) => behindMs >= LEAST_MS);
      return last !== undefined && isLasting ? [diagnose(last, readings, evidence)] : [];
    }),
  lacks: lacksReads,
};

function diagnose(last: Reading, readings: readonly Reading[], evidence: Evidence): Diagnosis {
  const { stream, client, behindMs, behindEntries } = last;
  const culprits = nameReader(client, evidence);
  const uid = culprits.find(({ is }) => is === 'uid')?.value;
  const times = readings.map((reading) => (reading.behindMs / 1000).toFixed(1)).join(', ');
  return {
    where: `stream ${stream}`,
    sentence: `${uid ?? 'A server'} reads the stream ${(behindMs / 1000).toFixed(1)} s late.`,
    seen: [
      `Its last XREADs ask for what comes after entries that were ${times} s older than the newest.`,
      ...(behindEntries === 0 ? [] : [`${behindEntries} entries wait for it.`]),
    ],
    culprits,
    symptom: 'no error: clients of that server hear everything late, and later and later',
    next: [
      'Look at that process: its event loop cannot keep up with the stream (perf_hooks: monitorEventLoopDelay).',
      'If it is idle in between, let it read more at once (readCount). If not: fewer or smaller broadcasts, or several streams for several namespaces (streamCount).',
    ],
    sure: 'sure',
  };
}

/** The reading connection, and the server that has opened it: its other connections have the same name, host and age. */
function nameReader(client: string, evidence: Evidence): readonly Culprit[] {
  const clients = evidence.looks.at(-1)?.clients ?? [];
  const reader = clients.find(({ address }) => address === client);
  const uids = clients
    .filter((other) => reader !== undefined && other.name === reader.name && isOpenedTogether(other, reader))
    .map(({ address }) => evidence.traffic?.outcomes.nameAt(address) ?? address)
    .filter((name) => !name.includes(':'));
  const own = identify(client, evidence).filter(({ is }) => is === 'connection');
  const reads = own.map((culprit) => ({ ...culprit, about: `reads the stream: ${culprit.about ?? ''}` }));
  const [uid] = uids;
  return [...(uid === undefined || uids.length > 1 ? [] : [{ is: 'uid' as const, value: uid }]), ...reads];
}
