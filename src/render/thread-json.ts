import type { Threads } from '../analyse/correlate.ts';
import type { Missing, Reply, Thread } from '../analyse/correlate-thread.ts';
import { formatTime } from './json-lines.ts';

/** A thread as a line of JSON (docs/follow.md): which records it consists of, who answered when, what is missing. */
export function writeThreadJson(thread: Thread, threads: Threads): string {
  const { requestedAt, request } = thread;
  const missing = thread.state === 'complete' ? undefined : (thread.missing ?? threads.missing(thread));
  return JSON.stringify({
    v: 1,
    thread: thread.requestId,
    key: thread.key,
    nsp: thread.nsp,
    adapter: thread.adapter,
    type: thread.type,
    state: thread.state,
    request: request.seq,
    ...(requestedAt === undefined ? {} : { requestedAt: formatTime(requestedAt) }),
    uid: thread.uid,
    client: thread.client,
    timeoutMs: thread.timeoutMs,
    expected: thread.expected,
    expectedFrom: thread.expectedFrom,
    replies: thread.replies.map(toJson),
    ...(thread.type === 'BROADCAST'
      ? { clientCounts: thread.clientCounts.map(toJson), acks: thread.acks.map(toJson) }
      : {}),
    ...(missing === undefined ? {} : { missing: missingJson(missing) }),
  });
}

function toJson({ observed, latencyMicros, uid, client, clients, isLate }: Reply): object {
  return {
    seq: observed.seq,
    latencyMicros,
    uid,
    client,
    clients,
    ...(isLate ? { late: true } : {}),
  };
}

function missingJson({ servers, who, among, notServers, acks, acksOf }: Missing): object {
  const peer = ({ uid, client }: { readonly uid?: string; readonly client?: string }): object => ({
    uid,
    client,
  });
  return {
    servers,
    who: who.map(peer),
    ...(among.length === 0 ? {} : { among: among.map(peer) }),
    ...(notServers === 0 ? {} : { notServers }),
    ...(acks === 0 ? {} : { acks, acksOf: acksOf.map((one) => ({ ...peer(one.peer), acks: one.acks })) }),
  };
}
