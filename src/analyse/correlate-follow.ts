import type { Observed } from '../model/observed.ts';
import type { ThreadEvent, Threads } from './correlate.ts';
import { type Selection, touches } from './correlate-selection.ts';
import type { MessageSeen, Reply, Thread } from './correlate-thread.ts';

/** What is shown, in order. */
export type FollowStep =
  | { readonly is: 'observed'; readonly observed: Observed; readonly reply?: Reply }
  | { readonly is: 'closed'; readonly thread: Thread };

/** Threads that are being followed at most; the oldest are let go first. */
const MAX_FOLLOWED = 5000;

/** Picks what touches a selection, and everything of the threads that it belongs to. */
export class Follower {
  readonly threads: Threads;
  readonly #selection: Selection;
  readonly #followed = new Set<Thread>();

  constructor(threads: Threads, selection: Selection) {
    this.threads = threads;
    this.#selection = selection;
  }

  /** `events` are those of `threads.add(observed)`. */
  add(observed: Observed, events: readonly ThreadEvent[]): readonly FollowStep[] {
    const reply = events.find((event) => event.is === 'answered')?.reply;
    const before = this.closed(events.filter((event) => event.is === 'timed-out'));
    const shown = this.#show(observed, reply);
    return [...before, ...shown, ...this.closed(events.filter((event) => event.is === 'completed'))];
  }

  /** Verdicts on followed threads. */
  closed(events: readonly ThreadEvent[]): readonly FollowStep[] {
    return events.flatMap(({ is, thread }): FollowStep[] =>
      (is === 'completed' || is === 'timed-out') && this.#followed.has(thread)
        ? [{ is: 'closed', thread }]
        : [],
    );
  }

  /** Followed threads that nothing has closed. */
  open(): readonly Thread[] {
    return [...this.#followed].filter(({ state }) => state === 'open');
  }

  #show(observed: Observed, reply: Reply | undefined): readonly FollowStep[] {
    if (observed.is === 'gap') return [{ is: 'observed', observed }];
    if (observed.is !== 'message') return [];
    const thread = this.threads.threadOf(observed);
    const step: FollowStep = { is: 'observed', observed, ...(reply === undefined ? {} : { reply }) };
    if (thread !== undefined && this.#followed.has(thread)) return [step];
    if (!touches(this.#selection, observed, thread)) return [];
    if (thread === undefined) return [step];
    this.#follow(thread);
    return [...earlierOf(thread, observed), step];
  }

  #follow(thread: Thread): void {
    if (this.#followed.size >= MAX_FOLLOWED) {
      for (const oldest of this.#followed) {
        this.#followed.delete(oldest);
        break;
      }
    }
    this.#followed.add(thread);
  }
}

/** What came of a thread before something in it was of interest. */
function earlierOf(thread: Thread, observed: MessageSeen): readonly FollowStep[] {
  const replies = [...thread.replies, ...thread.clientCounts, ...thread.acks];
  const steps: { readonly observed: MessageSeen; readonly reply?: Reply }[] = [
    { observed: thread.request },
    ...replies.map((reply) => ({ observed: reply.observed, reply })),
  ];
  return steps
    .filter((step) => step.observed.seq < observed.seq)
    .sort((a, b) => a.observed.seq - b.observed.seq)
    .map((step) => ({ is: 'observed', ...step }));
}
