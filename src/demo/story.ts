import type { ChatClient } from './chat-client.ts';
import type { DemoAdapter } from './choices.ts';
import type { Fleet, FleetWorker } from './fleet.ts';
import type { Outcome, Received, Report, SentCommand } from './reports.ts';

/** Who takes part: two clients, and where they landed. */
export interface Cast {
  readonly a: ChatClient;
  readonly b: ChatClient;
}

/** What was seen of one message, by those who saw it. Nothing in here is concluded. */
export interface Events {
  readonly text: string;
  /** The command that the worker of A sent, and Redis' answer. */
  readonly sent?: SentCommand;
  /** What came out of Redis. */
  readonly received?: Received;
  /** Worker number → what it did with its copy. */
  readonly outcomes: ReadonlyMap<number, Outcome>;
  /** Ids of the sockets that the worker of A wrote to without being told by Redis. */
  readonly toldDirectly: readonly string[];
  /** From A's saying to B's hearing; absent when B heard nothing in `waitedMs`. */
  readonly heardAfterMs?: number;
  readonly waitedMs: number;
}

const PLACING_ATTEMPTS = 50;
/** Far longer than anything takes on one machine, so that a story that fails does so for a reason. */
const PATIENCE_MS = 5000;
/** How long B listens where it should hear nothing. */
const SILENCE_MS = 1000;

/** Connects A and B to different workers, if there are two; B tries again until it is so. */
export async function castClients(
  connect: (name: string, onHeard?: (text: string) => void) => Promise<ChatClient>,
  workers: number,
  onHeard: (text: string) => void,
): Promise<Cast> {
  const a = await connect('A');
  for (let attempt = 1; ; attempt++) {
    const b = await connect('B', onHeard);
    if (workers === 1 || b.welcome.worker !== a.welcome.worker || attempt === PLACING_ATTEMPTS)
      return { a, b };
    b.close();
  }
}

/** Collects what happens to one line of A, until everything has happened that is going to, or patience ends. */
export class Witness {
  readonly #fleet: Fleet;
  readonly #adapter: DemoAdapter;
  #heard: number | undefined;
  #onChange: () => void = () => undefined;

  constructor(fleet: Fleet, adapter: DemoAdapter) {
    this.#fleet = fleet;
    this.#adapter = adapter;
  }

  /** To be called when B hears something. */
  hear(text: string, expected: string): void {
    if (text !== expected) return;
    this.#heard ??= performance.now();
    this.#onChange();
  }

  async watch(cast: Cast, text: string): Promise<Events> {
    const speaker = this.#fleet.workers.find(({ number }) => number === cast.a.welcome.worker);
    const seen = { outcomes: new Map<number, Outcome>(), toldDirectly: [] as string[] } as Seen;
    const stopListening = this.#fleet.listen((worker, report) => {
      witness(seen, text, speaker, worker, report);
      this.#onChange();
    });
    try {
      const started = performance.now();
      await cast.a.say(text);
      await this.#until(() => this.#isOver(seen, cast), this.#patience(cast));
      if (speaker !== undefined) await this.#fleet.settle(speaker);
      const { outcomes, toldDirectly, sent, received } = seen;
      return {
        text,
        outcomes,
        toldDirectly,
        waitedMs: performance.now() - started,
        ...(sent === undefined ? {} : { sent }),
        ...(received === undefined ? {} : { received }),
        ...(this.#heard === undefined ? {} : { heardAfterMs: this.#heard - started }),
      };
    } finally {
      stopListening();
    }
  }

  #patience({ a, b }: Cast): number {
    return this.#adapter === 'none' && a.welcome.worker !== b.welcome.worker ? SILENCE_MS : PATIENCE_MS;
  }

  #isOver(seen: Seen, cast: Cast): boolean {
    if (this.#heard === undefined) return false;
    if (this.#adapter === 'none') return seen.toldDirectly.includes(cast.b.welcome.id);
    return seen.sent !== undefined && seen.outcomes.size === this.#fleet.workers.length;
  }

  async #until(isTrue: () => boolean, timeoutMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
      this.#onChange = () => {
        if (isTrue()) resolve();
      };
      this.#onChange();
    });
    clearTimeout(timer);
  }
}

interface Seen {
  outcomes: Map<number, Outcome>;
  toldDirectly: string[];
  sent?: SentCommand;
  received?: Received;
}

function witness(
  seen: Seen,
  text: string,
  speaker: FleetWorker | undefined,
  worker: FleetWorker,
  report: Report,
): void {
  switch (report.type) {
    case 'demo:published':
      if (worker === speaker) seen.sent ??= report.sent;
      break;
    case 'demo:told-directly':
      if (worker === speaker) seen.toldDirectly.push(report.to);
      break;
    case 'demo:received':
      // Somebody's open tab may be talking too.
      if (report.uid !== speaker?.uid || !Buffer.from(report.received.payload).includes(text)) break;
      seen.received ??= report.received;
      seen.outcomes.set(worker.number, report.outcome);
      break;
    case 'demo:hello':
    case 'demo:ready':
    case 'demo:failed':
    case 'demo:client':
    case 'demo:client-gone':
    case 'demo:settled':
      break;
  }
}

/** Why the story did not come true, or undefined. Without an adapter the truth is that B hears nothing. */
export function findFlaw(
  events: Events,
  cast: Cast,
  adapter: DemoAdapter,
  workers: number,
): string | undefined {
  const together = cast.a.welcome.worker === cast.b.welcome.worker;
  if (workers > 1 && together)
    return `A and B both landed on worker ${cast.a.welcome.worker}, ${PLACING_ATTEMPTS} times over.`;
  const heard = events.heardAfterMs !== undefined;
  if (adapter === 'none') {
    if (heard === together) return undefined;
    return heard
      ? 'B heard A although nothing joins their workers.'
      : 'B did not hear A, although they share a worker.';
  }
  if (events.sent === undefined || events.received === undefined)
    return 'Nothing of what A said went through Redis.';
  if (!heard) return `B did not hear A in ${Math.round(events.waitedMs / 1000)} s.`;
  if (events.outcomes.size < workers) {
    return `Only ${events.outcomes.size} of ${workers} workers got their copy from Redis in ${Math.round(events.waitedMs / 1000)} s.`;
  }
  if (events.outcomes.get(cast.a.welcome.worker)?.is !== 'own')
    return 'The worker of A did not know its own message again.';
  if (together) return undefined;
  const told = events.outcomes.get(cast.b.welcome.worker);
  if (told?.is === 'delivered' && told.to.includes(cast.b.welcome.id)) return undefined;
  return 'B heard A, but not because its worker was told by Redis.';
}
