import { timeOf } from '../../redis/stream-info.ts';
import type { Evidence, StreamLook } from '../evidence.ts';
import type { Diagnosis, Rule } from '../rule.ts';
import { describeSeconds } from '../words.ts';

/** The stream forgets sooner than sessions do: the entry that a client has seen last is gone when it comes back. */
export const recoveryWindow: Rule = {
  name: 'recovery-window',
  severity: 'bites',
  needs: 'static',
  isAboutServers: true,
  summary:
    'The stream holds less than the time for which sessions are kept: clients that come back are not restored.',
  fault: 'recovery-window',
  check: ({ looks }: Evidence): readonly Diagnosis[] => {
    const [first, ...later] = looks;
    if (first === undefined || later.length === 0) return [];
    return (first.streams ?? []).flatMap((stream) => {
      const versions = [first, ...later].map(({ streams = [], sessionMs = 0 }) => {
        const version = streams.find(({ name }) => name === stream.name);
        return { sessionMs, windowMs: windowOf(version), firstId: version?.firstId };
      });
      const isShort = versions.every(({ sessionMs, windowMs }) => windowMs < sessionMs);
      // A stream that is only young has not lost anything.
      const isTrimmed = versions.at(-1)?.firstId !== stream.firstId;
      const last = versions.at(-1);
      return isShort && isTrimmed && last !== undefined ? [diagnose(stream, last)] : [];
    });
  },
  lacks: ({ looks }: Evidence): string | undefined =>
    looks.some(({ streams = [] }) => streams.length > 0) &&
    looks.every(({ sessionMs }) => sessionMs === undefined)
      ? 'no session is kept: connection state recovery is not used, or nobody has left'
      : undefined,
};

/** Between the oldest entry and the newest, in milliseconds; without limit where there is none. */
function windowOf(stream: StreamLook | undefined): number {
  return stream?.firstId === undefined
    ? Number.POSITIVE_INFINITY
    : (timeOf(stream.lastId) - timeOf(stream.firstId)) / 1000;
}

function diagnose(
  { name, length }: StreamLook,
  { sessionMs, windowMs }: { readonly sessionMs: number; readonly windowMs: number },
): Diagnosis {
  return {
    where: `stream ${name}`,
    sentence: `The stream holds the last ${(windowMs / 1000).toFixed(1)} s, and sessions are kept for ${describeSeconds(sessionMs / 1000)} at least: who is away longer than the stream remembers is not restored.`,
    seen: [
      `${length} entries, and the oldest are trimmed away meanwhile (XINFO STREAM).`,
      `A session that lives on for ${describeSeconds(sessionMs / 1000)} (PTTL sio:session:…).`,
    ],
    culprits: [],
    symptom: 'socket.recovered is false after a short absence, and what was sent meanwhile is lost',
    next: [
      'Raise maxLen of the streams adapter: entries in a second × maxDisconnectionDuration in seconds, and some more. A namespace in which nothing is sent loses its last entry to the others: give it a broadcast now and then.',
    ],
    sure: 'sure',
  };
}
