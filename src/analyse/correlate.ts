import type { Observed } from '../model/observed.ts';
import { findMissing } from './correlate-missing.ts';
import { type KnownGroup, type Peer, type PeerGroup, Peers } from './correlate-peers.ts';
import { type Asked, answeredBy, askedBy } from './correlate-shape.ts';
import {
  dueOf,
  expectAnswers,
  type Growing,
  isComplete,
  listOf,
  type MessageSeen,
  type Missing,
  type Reply,
  startThread,
  type Thread,
  toReply,
} from './correlate-thread.ts';

export type ThreadEvent =
  | { readonly is: 'opened'; readonly thread: Thread }
  | { readonly is: 'answered'; readonly thread: Thread; readonly reply: Reply }
  | { readonly is: 'completed'; readonly thread: Thread }
  | { readonly is: 'timed-out'; readonly thread: Thread };

export interface ThreadsOptions {
  /** `requestsTimeout` of the servers where it is not the default; a request's own timeout wins. */
  readonly timeoutMs?: number;
}

/** Requests remembered at most, open or closed: a minute of very heavy traffic. The oldest is forgotten first. */
const MAX_THREADS = 10_000;

/**
 * Ties requests and their answers together by key and request id (python-socketio: by host_id, sid, namespace and id).
 * Time is the capture's own: feed every observation in order, and `expire` with the time that it is.
 */
export class Threads {
  /** Requests that were forgotten before their time was over: too many at once. */
  forgotten = 0;
  readonly peers = new Peers();
  readonly #threads = new Map<string, Growing>();
  readonly #open = new Set<Growing>();
  readonly #timeoutMs: number | undefined;
  #nextDue = Number.POSITIVE_INFINITY;

  constructor(options: ThreadsOptions = {}) {
    this.#timeoutMs = options.timeoutMs;
  }

  /** What a look at Redis has found: how many should answer, and who they are. `goodUntil`: microseconds since 1970. */
  setServers(groups: readonly KnownGroup[], goodUntil?: number): void {
    this.peers.setRegistry(groups, goodUntil);
  }

  /** What this observation opens, answers and closes; what its time makes late comes first. */
  add(observed: Observed): readonly ThreadEvent[] {
    if (observed.is === 'gap') for (const thread of this.#open) thread.hasGap = true;
    if (observed.is !== 'message') return [];
    const { frame, message } = observed;
    const expired = frame.time === undefined ? [] : this.expire(frame.time);
    if (message.kind === 'subscription') {
      this.peers.learn(frame);
      return expired;
    }
    if (message.kind === 'undecoded') return expired;
    const group = this.peers.groupOf(frame, message);
    const peer = hear(group, observed);
    const asked = askedBy(message, this.#timeoutMs);
    if (asked !== undefined) return [...expired, ...this.#ask(observed, asked, group, peer)];
    const thread = this.#threads.get(answeredBy(message) ?? '');
    return thread === undefined ? expired : [...expired, ...this.#answer(thread, observed, peer)];
  }

  /** Closes what should have been complete by now. `nowMicros` is the capture's clock; Infinity closes all. */
  expire(nowMicros: number): readonly ThreadEvent[] {
    if (nowMicros < this.#nextDue) return [];
    const events: ThreadEvent[] = [];
    this.#nextDue = Number.POSITIVE_INFINITY;
    for (const thread of this.#open) {
      const due = dueOf(thread);
      if (due > nowMicros && nowMicros !== Number.POSITIVE_INFINITY)
        this.#nextDue = Math.min(this.#nextDue, due);
      else events.push(this.#close(thread));
    }
    return events;
  }

  /** The capture has ended: closes what is complete as far as can be told, and leaves open what may have gone on. */
  finish(): readonly ThreadEvent[] {
    const events: ThreadEvent[] = [];
    for (const thread of this.#open) {
      expectAnswers(thread, dueOf(thread));
      if (isComplete(thread)) events.push(this.#complete(thread));
    }
    return events;
  }

  /** The thread that a message belongs to, as the request or as an answer. */
  threadOf({ message }: MessageSeen): Thread | undefined {
    return this.#threads.get(askedBy(message)?.id ?? answeredBy(message) ?? '');
  }

  /** What a thread lacks at this moment. */
  missing(thread: Thread): Missing {
    return findMissing(thread as Growing);
  }

  openThreads(): readonly Thread[] {
    return [...this.#open];
  }

  #ask(observed: MessageSeen, asked: Asked, group: PeerGroup, peer: Peer | undefined): ThreadEvent[] {
    const before = this.#threads.get(asked.id);
    if (before?.state === 'open') return [];
    const thread = startThread(observed, asked, group, peer);
    this.#forgetOldest();
    this.#threads.delete(asked.id);
    this.#threads.set(asked.id, thread);
    this.#open.add(thread);
    this.#nextDue = Math.min(this.#nextDue, dueOf(thread));
    const isAlone = thread.expected === 0 && thread.expectedFrom === 'registry';
    return [{ is: 'opened', thread }, ...(isAlone ? [this.#complete(thread)] : [])];
  }

  #answer(thread: Growing, observed: MessageSeen, peer: Peer | undefined): ThreadEvent[] {
    const reply = toReply(thread, observed, peer);
    listOf(thread, reply.role).push(reply);
    const events: ThreadEvent[] = [{ is: 'answered', thread, reply }];
    // What was only heard of is no number to be sure by: more may come until the time is over.
    const isSure = thread.expectedFrom !== undefined && thread.expectedFrom !== 'heard';
    if (thread.state === 'open' && isSure && isComplete(thread)) events.push(this.#complete(thread));
    return events;
  }

  #complete(thread: Growing): ThreadEvent {
    thread.state = 'complete';
    this.#open.delete(thread);
    return { is: 'completed', thread };
  }

  #close(thread: Growing): ThreadEvent {
    expectAnswers(thread, dueOf(thread));
    if (isComplete(thread)) return this.#complete(thread);
    this.#open.delete(thread);
    thread.state = 'timed-out';
    thread.missing = findMissing(thread);
    return { is: 'timed-out', thread };
  }

  #forgetOldest(): void {
    if (this.#threads.size < MAX_THREADS) return;
    for (const [id, thread] of this.#threads) {
      this.#threads.delete(id);
      if (this.#open.delete(thread)) this.forgotten++;
      return;
    }
  }
}

/** A classic reply has no uid: the connection that sent it tells, where the capture shows it. */
function hear(group: PeerGroup, { frame, message }: MessageSeen): Peer | undefined {
  if (message.type === 'ADAPTER_CLOSE' && message.uid !== undefined) {
    group.left(message.uid);
    group.unregisterOne(message.uid);
    return undefined;
  }
  if (message.type === 'HEARTBEAT' || message.type === 'INITIAL_HEARTBEAT') group.beat(frame.time);
  return group.hear(message.uid, frame.client, frame.time);
}
