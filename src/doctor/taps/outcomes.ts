import { type ThreadEvent, Threads } from '../../analyse/correlate.ts';
import type { KnownGroup, Peer } from '../../analyse/correlate-peers.ts';
import type { MessageSeen, Thread } from '../../analyse/correlate-thread.ts';

/** What became of one request. */
export interface Outcome {
  readonly key: string;
  readonly nsp: string;
  readonly type: string;
  /** SERVER_SIDE_EMIT only. */
  readonly event?: string;
  readonly asker?: string;
  readonly at: number;
  readonly timeoutMs: number;
  /** Answers of other servers that came, and how many should; the latter absent where nothing tells. */
  readonly answers: number;
  readonly expected?: number;
  /** True where `expected` is what the servers themselves count. */
  readonly isCounted: boolean;
  readonly replyBytes: number;
  /** Servers that certainly did not answer, and those among which they are. */
  readonly who: readonly Peer[];
  readonly among: readonly Peer[];
  /** Broadcasts with acknowledgement: clients' acks that did not come, of how many. */
  readonly acksMissing: number;
  readonly acksAsked: number;
  readonly acksOf: readonly { readonly peer: Peer; readonly acks: number }[];
  /** The slowest answer, microseconds. */
  readonly slowest: number;
}

/** Requests that every server answers by itself, whatever the application does. */
const WIDE = new Set([
  'SOCKETS',
  'ALL_ROOMS',
  'REMOTE_FETCH',
  'FETCH_SOCKETS',
  'BROADCAST',
  'clients',
  'allRooms',
]);
/** Requests that a server answers only where the application has a listener that calls back. */
const HANDLED = new Set(['SERVER_SIDE_EMIT', 'customRequest']);
const MAX_OUTCOMES = 20_000;

/** How requests ended: the correlator's threads, told when they are over. */
export class Outcomes {
  readonly list: Outcome[] = [];
  readonly #threads: Threads;
  #last = 0;

  /** `patienceMs`: answers later than this have not come in time, unless the request itself says how long it waits. */
  constructor(patienceMs: number) {
    this.#threads = new Threads({ timeoutMs: patienceMs });
  }

  setServers(groups: readonly KnownGroup[]): void {
    this.#threads.setServers(groups);
  }

  add(observed: MessageSeen): void {
    this.#last = Math.max(this.#last, observed.frame.time ?? 0);
    this.#take(this.#threads.add(observed));
  }

  /** Judges what should have been complete by `now`, or by the last message; what is still under way is not judged. */
  finish(now?: number): void {
    this.#take(this.#threads.expire(now ?? this.#last));
  }

  wide(): readonly Outcome[] {
    return this.list.filter(({ type }) => WIDE.has(type));
  }

  handled(): readonly Outcome[] {
    return this.list.filter(({ type }) => HANDLED.has(type));
  }

  #take(events: readonly ThreadEvent[]): void {
    for (const event of events) {
      if (event.is !== 'completed' && event.is !== 'timed-out') continue;
      if (this.list.length < MAX_OUTCOMES) this.list.push(toOutcome(event.thread, this.#threads));
    }
  }
}

function toOutcome(thread: Thread, threads: Threads): Outcome {
  const { key = '', nsp = '/', type, uid, requestedAt = 0, timeoutMs, expected } = thread;
  const answers = type === 'BROADCAST' ? thread.clientCounts : thread.replies;
  const missing = threads.missing(thread);
  const event = thread.request.message.event;
  return {
    key,
    nsp,
    type,
    at: requestedAt,
    timeoutMs,
    answers: answers.length,
    isCounted: thread.expectedFrom === 'registry' || thread.expectedFrom === 'heartbeats',
    replyBytes: answers.reduce((sum, { observed }) => sum + (observed.frame.payload?.length ?? 0), 0),
    who: missing.who,
    among: missing.among,
    acksMissing: missing.acks,
    acksAsked: missing.acks + thread.acks.length,
    acksOf: missing.acksOf,
    slowest: Math.max(0, ...answers.map(({ latencyMicros = 0 }) => latencyMicros)),
    ...(expected === undefined ? {} : { expected }),
    ...(uid === undefined ? {} : { asker: uid }),
    ...(event === undefined ? {} : { event }),
  };
}
