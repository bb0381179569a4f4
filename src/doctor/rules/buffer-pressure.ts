import { isSameConnection, isSubscribed } from '../connections.ts';
import { type Evidence, limitOf, type Look } from '../evidence.ts';
import type { Diagnosis, Rule } from '../rule.ts';
import { nameConnection, plural } from '../words.ts';

/** Several messages wait at once as soon as one subscriber is slow. */
const GIANT_SHARE = 1 / 4;

/** Redis drops subscribers that do not read fast enough, and whatever was waiting for them. */
export const bufferPressure: Rule = {
  name: 'buffer-pressure',
  severity: 'breaks',
  needs: 'static',
  summary:
    'A subscriber reads too slowly, or a message is too large: Redis closes the connection and messages are lost.',
  fault: 'giant-message',
  check: (evidence: Evidence): readonly Diagnosis[] => [...findSlow(evidence.looks), ...findGiant(evidence)],
  lacks: ({ looks }: Evidence): string | undefined =>
    looks.some(({ clients }) => clients === undefined) ? 'needs CLIENT LIST' : undefined,
};

/** Much is waiting for the same connection each time. */
function findSlow(looks: readonly Look[]): readonly Diagnosis[] {
  const [first, ...later] = looks;
  if (first?.clients === undefined || later.length === 0) return [];
  const { hardBytes, softBytes } = limitOf(looks);
  const most = softBytes > 0 ? softBytes : hardBytes;
  if (most === 0) return [];
  const isSlow = (outputBytes: number): boolean => outputBytes > most / 2;
  const slow = first.clients.filter(
    (client) =>
      isSubscribed(client) &&
      isSlow(client.outputBytes) &&
      later.every(({ clients }) => {
        const same = clients?.find((other) => isSameConnection(other, client));
        return isSlow(same?.outputBytes ?? 0);
      }),
  );
  return slow.map((client): Diagnosis => ({
    sentence: `A subscriber does not read fast enough: ${megabytes(client.outputBytes)} wait for it in Redis, which closes the connection at ${megabytes(hardBytes)}.`,
    seen: [
      `More than half of the soft limit (${megabytes(most)}), ${plural(looks.length, 'time')} in a row.`,
    ],
    culprits: [nameConnection(client)],
    symptom: 'the sub connection is closed and opened again; what was sent meanwhile is lost',
    next: ['Look at that process: blocked event loop, or more traffic than it can decode?'],
    sure: 'sure',
  }));
}

function findGiant({ looks, traffic }: Evidence): readonly Diagnosis[] {
  const giant = traffic?.oddities.giant;
  const { hardBytes } = limitOf(looks);
  if (giant === undefined || hardBytes === 0 || giant.bytes < hardBytes * GIANT_SHARE) return [];
  const { bytes, channel, event, uid, client } = giant;
  const isFatal = bytes >= hardBytes;
  return [
    {
      sentence: isFatal
        ? `A message of ${megabytes(bytes)} is larger than what Redis keeps for a subscriber (${megabytes(hardBytes)}): it closes the connection of every server.`
        : `A message of ${megabytes(bytes)} takes more than a quarter of what Redis keeps for a subscriber (${megabytes(hardBytes)}): a few at once, and it closes the connections of servers.`,
      seen: [
        `The largest payload on ${channel}; client-output-buffer-limit pubsub is ${megabytes(hardBytes)}.`,
      ],
      culprits: [
        { is: 'channel', value: channel },
        ...(event === undefined ? [] : [{ is: 'event' as const, value: event }]),
        ...(uid === undefined ? [] : [{ is: 'uid' as const, value: uid, about: 'sent it' }]),
        ...(client === undefined
          ? []
          : [{ is: 'connection' as const, value: client, about: 'published it' }]),
      ],
      symptom: 'sub connections are closed and opened again; messages meanwhile are lost',
      next: [
        'Send a reference instead of the data. Or raise the limit: redis-cli CONFIG SET client-output-buffer-limit "pubsub 128mb 32mb 60"',
      ],
      sure: 'sure',
    },
  ];
}

function megabytes(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
