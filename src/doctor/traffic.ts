import type { KnownGroup } from '../analyse/correlate-peers.ts';
import type { StreamRead } from '../model/frame.ts';
import type { Observed } from '../model/observed.ts';
import { Databases } from './taps/databases.ts';
import { Oddities } from './taps/oddities.ts';
import { Outcomes } from './taps/outcomes.ts';
import { PrivateRooms } from './taps/private-rooms.ts';
import { RepeatTap } from './taps/repeats.ts';
import { Replies } from './taps/replies.ts';
import { RoomChurn } from './taps/room-churn.ts';
import { Senders } from './taps/senders.ts';
import { Streams } from './taps/streams.ts';
import { Subscriptions } from './taps/subscriptions.ts';
import { Versions } from './taps/versions.ts';

export interface TrafficOptions {
  /** How long a request may wait for its answers, in milliseconds, where it does not say so itself. */
  readonly patienceMs: number;
  /** `requestsTimeout` of the servers, where the user knows it. */
  readonly timeoutMs?: number;
}

/** What was observed, as rules ask for it. Feed in order, then `finish`. */
export class Traffic {
  messages = 0;
  gaps = 0;
  /** What could not be read, and is on no channel of an adapter. */
  unread = 0;
  /** Microseconds since 1970 of the first and last message. */
  first = Number.NaN;
  last = Number.NaN;
  /** True where the capture shows who sent what. */
  showsClients = false;
  readonly outcomes: Outcomes;
  readonly senders = new Senders();
  readonly oddities = new Oddities();
  readonly repeats = new RepeatTap();
  readonly subscriptions = new Subscriptions();
  readonly versions = new Versions();
  readonly privateRooms = new PrivateRooms();
  readonly churn = new RoomChurn();
  readonly databases = new Databases();
  readonly replies = new Replies();
  readonly streams = new Streams();

  constructor(options: TrafficOptions) {
    this.outcomes = new Outcomes(options);
  }

  /** What a look has found: how many should answer. `lookedAt`: when it began, microseconds since 1970. */
  setServers(groups: readonly KnownGroup[], lookedAt?: number): void {
    this.outcomes.setServers(groups, lookedAt);
  }

  add(observed: Observed): void {
    if (observed.is === 'gap') this.gaps++;
    if (isUnread(observed)) this.unread++;
    if (observed.is !== 'message' || isUnread(observed)) return;
    const { time, client } = observed.frame;
    this.messages++;
    if (time !== undefined) {
      if (Number.isNaN(this.first)) this.first = time;
      this.last = time;
    }
    if (client !== undefined) this.showsClients = true;
    this.outcomes.add(observed);
    this.senders.add(observed);
    this.oddities.add(observed);
    this.repeats.add(observed);
    this.subscriptions.add(observed);
    this.versions.add(observed);
    this.privateRooms.add(observed);
    this.churn.add(observed);
    this.databases.add(observed);
    this.replies.add(observed);
    this.streams.add(observed);
  }

  /** What is asked of a stream: no message, but known in the same order. */
  addRead(read: StreamRead): void {
    this.streams.addRead(read);
  }

  /** `now`: the capture's clock at its end, where it goes on after the last message. */
  finish(now?: number): void {
    this.outcomes.finish(now);
    this.streams.finish();
  }
}

export function isUnread(observed: Observed): boolean {
  if (observed.is === 'unframed') return true;
  return (
    observed.is === 'message' && observed.message.kind === 'undecoded' && observed.message.key === undefined
  );
}
