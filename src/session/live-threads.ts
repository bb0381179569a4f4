import { type ThreadEvent, Threads, type ThreadsOptions } from '../analyse/correlate.ts';
import type { Observed } from '../model/observed.ts';
import { RedisFailure } from '../redis/failure.ts';
import { type Place, withAllLinks } from '../redis/place.ts';
import { listAllServers } from '../redis/registry.ts';

export interface LiveThreadsOptions extends ThreadsOptions {
  readonly place: Place;
  readonly signal: AbortSignal;
  /** Told when time closes threads, between two observations. */
  readonly onExpired: (events: readonly ThreadEvent[]) => void;
}

const TICK_MS = 100;
/** What was sent in time may reach us a little later. */
const GRACE_MICROS = 200_000;
/** How old a look at the registry may be when a request is judged by it. */
const REGISTRY_MS = 5000;

/** Threads of a live run: knows who is there by asking Redis, and closes threads when their time is over. */
export class LiveThreads {
  readonly threads: Threads;
  readonly #options: LiveThreadsOptions;
  #timer: NodeJS.Timeout | undefined;
  #lastTime: number | undefined;
  #lastAt = 0;
  #askedAt = 0;
  #isForbidden = false;
  #asking: Promise<void> | undefined;

  constructor(options: LiveThreadsOptions) {
    this.#options = options;
    this.threads = new Threads(options);
  }

  /** @throws {RedisFailure} when Redis cannot be reached */
  async begin(): Promise<void> {
    await this.#lookAtServers();
    this.#timer = setInterval(() => {
      this.#tick();
    }, TICK_MS);
  }

  add(observed: Observed): readonly ThreadEvent[] {
    const time = observed.is === 'message' ? observed.frame.time : undefined;
    if (time !== undefined) {
      this.#lastTime = Math.max(this.#lastTime ?? time, time);
      this.#lastAt = performance.now();
    }
    const events = this.threads.add(observed);
    if (events.some(({ is }) => is === 'opened')) this.#refresh();
    return events;
  }

  async end(): Promise<void> {
    clearInterval(this.#timer);
    await this.#asking;
  }

  /** The capture's clock, which may be Redis': the last time in it, and what has passed since. */
  #tick(): void {
    if (this.#lastTime === undefined) return;
    const now = this.#lastTime + (performance.now() - this.#lastAt) * 1000;
    const events = this.threads.expire(now - GRACE_MICROS);
    if (events.length > 0) this.#options.onExpired(events);
  }

  #refresh(): void {
    if (this.#isForbidden || this.#asking !== undefined || performance.now() - this.#askedAt < REGISTRY_MS)
      return;
    this.#asking = this.#lookAtServers()
      .catch((error: unknown) => {
        // The source notices a lost Redis too, and says so; the last look has to do until it is back.
        if (!(error instanceof RedisFailure) && !this.#options.signal.aborted) throw error;
      })
      .finally(() => {
        this.#asking = undefined;
      });
  }

  async #lookAtServers(): Promise<void> {
    const { place, signal } = this.#options;
    await withAllLinks(place, signal, async (links) => {
      const { groups, hidden } = await listAllServers(links);
      this.threads.setServers(groups);
      // Redis keeps a log of what it refuses.
      this.#isForbidden = hidden.length > 0;
    });
    this.#askedAt = performance.now();
  }
}
