import type { Message } from '../model/message.ts';
import type { Observed } from '../model/observed.ts';
import type { ExpectedFrom, Peer, PeerGroup, Registered } from './correlate-peers.ts';
import { type Answerers, type Asked, clientCountOf, type Role, roleOf } from './correlate-shape.ts';

export type MessageSeen = Extract<Observed, { is: 'message' }>;

/** An answer to a request. */
export interface Reply {
  readonly observed: MessageSeen;
  readonly role: Role;
  /** Microseconds since 1970. */
  readonly at?: number;
  readonly latencyMicros?: number;
  /** Who sent it: by its uid, else by the address that another message of this uid came from. */
  readonly uid?: string;
  readonly client?: string;
  /** `client-count` only: how many clients this server asks. */
  readonly clients?: number;
  readonly isLate: boolean;
}

/** What has not come. */
export interface Missing {
  /** How many answers that the asker waits for, those of `notServers` with them. */
  readonly servers: number;
  /** Servers that are certain to be missing. Fewer than `servers`: nothing names the rest, or they are no servers. */
  readonly who: readonly Peer[];
  /** Where replies do not say who sent them: the missing servers are among these. */
  readonly among: readonly Peer[];
  /** How many of `servers` are subscribers that are counted and are no servers, as far as that is known. */
  readonly notServers: number;
  /** Broadcasts with acknowledgement: how many clients' acks of those announced. */
  readonly acks: number;
  /** The servers whose clients these are, where acks say who sent them. */
  readonly acksOf: readonly { readonly peer: Peer; readonly acks: number }[];
}

/** A request, and everything that answers it. Grows while the run goes on. */
export interface Thread {
  readonly id: string;
  readonly key?: string;
  readonly nsp?: string;
  readonly adapter?: Message['adapter'];
  readonly requestId: string;
  readonly type: string;
  readonly request: MessageSeen;
  readonly requestedAt?: number;
  /** The server that asks. */
  readonly uid?: string;
  readonly client?: string;
  readonly timeoutMs: number;
  /** How many servers should answer, and what says so. Absent while nothing tells. */
  readonly expected?: number;
  readonly expectedFrom?: ExpectedFrom;
  readonly replies: readonly Reply[];
  readonly clientCounts: readonly Reply[];
  readonly acks: readonly Reply[];
  readonly state: 'open' | 'complete' | 'timed-out';
  /** There was a gap while it was open: what is missing may have come. */
  readonly hasGap: boolean;
  /** Once it has timed out; until then ask `Threads.missing`. */
  readonly missing?: Missing;
}

/** A thread as the correlator builds it. */
export type Growing = { -readonly [K in keyof Thread]: Thread[K] } & {
  readonly answerers: Answerers;
  readonly group: PeerGroup;
  /** Who was there when the answers were counted. Who leaves later has been asked all the same. */
  registered?: Registered;
  readonly replies: Reply[];
  readonly clientCounts: Reply[];
  readonly acks: Reply[];
};

/** A new thread. */
export function startThread(
  observed: MessageSeen,
  asked: Asked,
  group: PeerGroup,
  peer: Peer | undefined,
): Growing {
  const { frame, message } = observed;
  const { key, nsp, adapter } = message;
  const { client, time } = frame;
  const uid = message.uid ?? peer?.uid;
  const thread: Growing = {
    id: asked.id,
    ...(key === undefined ? {} : { key }),
    ...(nsp === undefined ? {} : { nsp }),
    ...(adapter === undefined ? {} : { adapter }),
    requestId: asked.requestId,
    type: asked.type,
    request: observed,
    ...(time === undefined ? {} : { requestedAt: time }),
    ...(uid === undefined ? {} : { uid }),
    ...(client === undefined ? {} : { client }),
    timeoutMs: asked.timeoutMs,
    answerers: asked.answerers,
    group,
    replies: [],
    clientCounts: [],
    acks: [],
    state: 'open',
    hasGap: false,
  };
  expectAnswers(thread, time ?? 0);
  return thread;
}

/** Says how many answers there should be, by the best that is known around `at`. */
export function expectAnswers(thread: Growing, at: number): void {
  if (thread.answerers === 'owner') {
    thread.expected = 1;
    thread.expectedFrom = 'owner';
    return;
  }
  if (thread.expectedFrom === 'registry' || thread.expectedFrom === 'heartbeats') return;
  const { servers, from, registered } = thread.group.count(at);
  const others = thread.answerers === 'everyone' ? servers : servers - 1;
  thread.expected = from === 'heard' ? Math.max(others, leastAnswers(thread)) : Math.max(0, others);
  thread.expectedFrom = from;
  if (registered !== undefined) thread.registered = registered;
}

/** Servers do not ask at all where nobody else is; only a broadcast with acknowledgement is sent in any case. */
function leastAnswers({ type }: Growing): number {
  return type === 'BROADCAST' ? 0 : 1;
}

export function isComplete(thread: Growing): boolean {
  const { expected = 0, clientCounts, acks, replies, type } = thread;
  if (type !== 'BROADCAST') return replies.length >= expected;
  return clientCounts.length >= expected && acks.length >= clientsAsked(thread);
}

/** How many clients the servers have said that they ask. */
export function clientsAsked({ clientCounts }: Thread): number {
  return clientCounts.reduce((sum, { clients = 0 }) => sum + clients, 0);
}

export function toReply(thread: Growing, observed: MessageSeen, peer: Peer | undefined): Reply {
  const { frame, message } = observed;
  const uid = message.uid ?? peer?.uid;
  const latency =
    frame.time === undefined || thread.requestedAt === undefined
      ? undefined
      : frame.time - thread.requestedAt;
  const role = roleOf(message);
  return {
    observed,
    role,
    ...(frame.time === undefined ? {} : { at: frame.time }),
    ...(latency === undefined ? {} : { latencyMicros: latency }),
    ...(uid === undefined ? {} : { uid }),
    ...(frame.client === undefined ? {} : { client: frame.client }),
    ...(role === 'client-count' ? { clients: clientCountOf(message) } : {}),
    isLate: latency !== undefined && latency > thread.timeoutMs * 1000,
  };
}

export function listOf(thread: Growing, role: Role): Reply[] {
  switch (role) {
    case 'reply':
      return thread.replies;
    case 'client-count':
      return thread.clientCounts;
    case 'ack':
      return thread.acks;
  }
}

/** When the asking server gives up, in microseconds of the capture's clock. */
export function dueOf({ requestedAt = 0, timeoutMs }: Thread): number {
  return requestedAt + timeoutMs * 1000;
}
