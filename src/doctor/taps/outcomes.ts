import { EMITTER } from '../../model/message.ts';
import { type ThreadEvent, Threads } from '../../analyse/correlate.ts';
import type { KnownGroup, Peer } from '../../analyse/correlate-peers.ts';
import { askedBy } from '../../analyse/correlate-shape.ts';
import type { MessageSeen, Reply, Thread } from '../../analyse/correlate-thread.ts';
import { noteUnder } from './bounded.ts';

/** An answer that came when nobody waited for it any more, or at least not this program. */
export interface Belated {
  /** Uid, else the address that it came from; absent where nothing tells. */
  readonly from?: string;
  readonly latencyMicros: number;
}

/** What became of one request. */
export interface Outcome {
  readonly key: string;
  readonly nsp: string;
  readonly type: string;
  /** SERVER_SIDE_EMIT only. */
  readonly event?: string;
  readonly asker?: string;
  readonly at: number;
  /** When the look began that `expected` was known from: microseconds since 1970; absent where there was none before. */
  readonly lookedAt?: number;
  /** How long the asker waits, and whether that is known: the request says so, or the user. Else it is the default. */
  readonly limitMs: number;
  readonly isLimitKnown: boolean;
  /** Answers of other servers that came, and how many should; the latter absent where nothing tells. */
  readonly answers: number;
  readonly expected?: number;
  /** True where `expected` is what the servers themselves count. */
  readonly isCounted: boolean;
  /** Who has answered in time, each by its uid or by the address that it came from, as far as either is known. */
  readonly answerers: readonly string[];
  readonly belated: readonly Belated[];
  readonly replyBytes: number;
  /** Servers that certainly did not answer, and those among which they are. */
  readonly who: readonly Peer[];
  readonly among: readonly Peer[];
  /** Broadcasts with acknowledgement: clients' acks that did not come, of how many. */
  readonly acksMissing: number;
  readonly acksAsked: number;
  readonly acksOf: readonly { readonly peer: Peer; readonly acks: number }[];
}

/** An outcome as it grows: answers may come after it was judged. */
type Growing = Outcome & { readonly belated: Belated[] };

export interface OutcomesOptions {
  /** Answers later than this have not come in time, unless the request itself says how long it waits. */
  readonly patienceMs: number;
  /** `requestsTimeout` of the servers, where the user knows it. */
  readonly timeoutMs?: number;
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
/** Of one request: as many servers as may well be late at once. */
const MAX_BELATED = 200;

/** Gives the same name back as the same string: there are many outcomes, and few servers. */
class Names {
  readonly #names = new Map<string, string>();

  of<T extends string | undefined>(name: T): T {
    return name === undefined ? name : ((noteUnder(this.#names, name, () => name) ?? name) as T);
  }
}

/** How requests ended: the correlator's threads, told when they are over. */
export class Outcomes {
  readonly list: Growing[] = [];
  /** Until when answers were listened for, microseconds since 1970. */
  until = 0;
  readonly #threads: Threads;
  readonly #timeoutMs: number | undefined;
  readonly #addresses = new Map<string, string>();
  readonly #names = new Names();
  readonly #ended = new WeakMap<Thread, Growing>();
  readonly #lookedAt = new WeakMap<Thread, number>();
  #lastLook: number | undefined;

  constructor({ patienceMs, timeoutMs }: OutcomesOptions) {
    this.#threads = new Threads({ timeoutMs: patienceMs });
    this.#timeoutMs = timeoutMs;
  }

  /** `lookedAt`: when somebody looked who is there, microseconds since 1970. */
  setServers(groups: readonly KnownGroup[], lookedAt?: number): void {
    this.#threads.setServers(groups);
    this.#lastLook = lookedAt;
  }

  add(observed: MessageSeen): void {
    const { frame, message } = observed;
    this.until = Math.max(this.until, frame.time ?? 0);
    if (message.uid !== undefined && message.uid !== EMITTER && frame.client !== undefined)
      noteUnder(this.#addresses, message.uid, () => frame.client ?? '');
    this.#take(this.#threads.add(observed));
  }

  /** Judges what should have been complete by `now`, or by the last message; what is still under way is not judged. */
  finish(now?: number): void {
    this.until = now ?? this.until;
    this.#take(this.#threads.expire(this.until));
  }

  /** Where the server with this uid publishes from, where the capture shows it. */
  addressOf(uid: string): string | undefined {
    return this.#addresses.get(uid);
  }

  /** The server that publishes from there, unless several do: else the address. */
  nameAt(address: string): string {
    const uids = [...this.#addresses].flatMap(([uid, client]) => (client === address ? [uid] : []));
    return uids.length === 1 ? (uids[0] ?? address) : address;
  }

  wide(): readonly Outcome[] {
    return this.list.filter(({ type }) => WIDE.has(type));
  }

  handled(): readonly Outcome[] {
    return this.list.filter(({ type }) => HANDLED.has(type));
  }

  #take(events: readonly ThreadEvent[]): void {
    for (const event of events) {
      switch (event.is) {
        case 'opened':
          if (this.#lastLook !== undefined) this.#lookedAt.set(event.thread, this.#lastLook);
          break;
        case 'answered':
          this.#takeBelated(event.thread, event.reply);
          break;
        case 'completed':
        case 'timed-out':
          this.#end(event.thread);
      }
    }
  }

  #end(thread: Thread): void {
    if (this.list.length >= MAX_OUTCOMES) return;
    const lookedAt = this.#lookedAt.get(thread);
    const outcome = {
      ...toOutcome(thread, this.#threads, this.#timeoutMs),
      answerers: this.#answerersOf(thread),
      ...(lookedAt === undefined ? {} : { lookedAt }),
    };
    this.list.push(outcome);
    this.#ended.set(thread, outcome);
  }

  #answerersOf(thread: Thread): readonly string[] {
    return timelyOf(thread).flatMap(({ uid, client }) => this.#names.of(uid ?? client) ?? []);
  }

  #takeBelated(thread: Thread, { uid, client, latencyMicros, role }: Reply): void {
    const outcome = this.#ended.get(thread);
    if (outcome === undefined || thread.state !== 'timed-out' || latencyMicros === undefined) return;
    if (role === 'ack' || outcome.belated.length >= MAX_BELATED) return;
    const from = uid ?? client;
    outcome.belated.push({ latencyMicros, ...(from === undefined ? {} : { from: this.#names.of(from) }) });
  }
}

function toOutcome(
  thread: Thread,
  threads: Threads,
  timeoutMs: number | undefined,
): Omit<Growing, 'answerers'> {
  const { key = '', nsp = '/', type, uid, requestedAt = 0, expected, request } = thread;
  const answers = timelyOf(thread);
  const missing = thread.missing ?? threads.missing(thread);
  const { event } = request.message;
  return {
    key,
    nsp,
    type,
    at: requestedAt,
    ...limitOf(thread, timeoutMs),
    answers: answers.length,
    isCounted: thread.expectedFrom === 'registry' || thread.expectedFrom === 'heartbeats',
    belated: [],
    replyBytes: answers.reduce((sum, { observed }) => sum + (observed.frame.payload?.length ?? 0), 0),
    who: missing.who,
    among: missing.among,
    acksMissing: missing.acks,
    acksAsked: missing.acks + thread.acks.length,
    acksOf: missing.acksOf,
    ...(expected === undefined ? {} : { expected }),
    ...(uid === undefined ? {} : { asker: uid }),
    ...(event === undefined ? {} : { event }),
  };
}

/** The answer by whose time it was seen to be over is there already, and is none of these. */
function timelyOf({ type, clientCounts, replies }: Thread): readonly Reply[] {
  return (type === 'BROADCAST' ? clientCounts : replies).filter(({ isLate }) => !isLate);
}

/** By its own words, by the user's, or by the default of the version that wrote it. */
function limitOf(
  { request: { message }, timeoutMs: waited }: Thread,
  timeoutMs: number | undefined,
): Pick<Outcome, 'limitMs' | 'isLimitKnown'> {
  const limitMs = askedBy(message, timeoutMs)?.timeoutMs ?? waited;
  const isSaid = askedBy(message, limitMs + 1)?.timeoutMs === limitMs;
  return { limitMs, isLimitKnown: timeoutMs !== undefined || isSaid };
}
