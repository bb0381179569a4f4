import { setTimeout as delay } from 'node:timers/promises';
import type { Gap } from '../../model/frame.ts';
import { connect } from '../../redis/connect.ts';
import { RedisFailure } from '../../redis/failure.ts';
import { type Attachment, attach, type Ending } from './attach.ts';
import type { Backlog } from './backlog.ts';
import { nowMicros } from './clock.ts';
import type { LiveOptions, Session, Way } from './way.ts';

/** Before each new try to connect; the last one again and again. */
const RECONNECT_DELAYS_MS = [0, 100, 250, 500, 1000, 2000, 5000];
/** How often to look whether the backlog has room again. */
const ROOM_CHECK_MS = 50;

const NO_BYTES = Buffer.alloc(0);

/** Keeps a way attached, whatever happens, and fills the backlog. */
export class Keeper {
  /** What is missing at the end, when it ended without a connection. */
  lastGap: Gap | undefined;
  /** What ended it against its will: no failure of Redis, which would be tried again. */
  failure: Error | undefined;

  readonly #way: Way;
  readonly #options: LiveOptions;
  readonly #backlog: Backlog;
  readonly #stop = new AbortController();
  readonly #sessions = new Map<number, Session>();
  #number = 0;
  #attachment: Attachment | undefined;
  #overflowed = false;
  #running: Promise<void> | undefined;

  constructor(way: Way, options: LiveOptions, backlog: Backlog) {
    this.#way = way;
    this.#options = options;
    this.#backlog = backlog;
  }

  /** @throws {RedisFailure} when the first attachment fails */
  async start(signal: AbortSignal): Promise<void> {
    await this.#attach(undefined, signal);
    if (!signal.aborted) this.#options.onEvent?.({ is: 'watching' });
    this.#running = this.#run()
      .catch((error: unknown) => {
        this.failure = error instanceof Error ? error : new Error(String(error));
      })
      .finally(() => {
        this.#backlog.end();
      });
  }

  /** Each session is asked for once, in order. */
  takeSession(number: number): Session | undefined {
    const session = this.#sessions.get(number);
    this.#sessions.delete(number);
    return session;
  }

  /** Gives the present connection up; a new one is made. */
  drop(): void {
    this.#attachment?.close();
  }

  /** Takes what has come so far, then ends. */
  async finish(): Promise<void> {
    const attachment = this.#attachment;
    this.#stop.abort();
    if (attachment === undefined) return;
    const from = nowMicros();
    const isWhole = await attachment.finish();
    if (!isWhole) this.lastGap ??= { via: this.#way.via, reason: 'disconnected', from, to: nowMicros() };
    attachment.close();
  }

  /** Ends now. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#attachment?.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let attachment = this.#attachment; attachment !== undefined;) {
      const ending = await attachment.ended;
      if (this.#stop.signal.aborted) break;
      this.#options.onEvent?.({ is: 'lost', node: attachment.node, why: ending.why });
      attachment = await this.#reattach(ending);
    }
  }

  async #reattach(ending: Ending): Promise<Attachment | undefined> {
    const reason = this.#overflowed ? 'dropped' : 'disconnected';
    const from = ending.time;
    const { signal } = this.#stop;
    try {
      while (this.#overflowed && !this.#backlog.hasRoom) await delay(ROOM_CHECK_MS, undefined, { signal });
      this.#overflowed = false;
      for (let attempt = 0; ; attempt++) {
        const delayMs = RECONNECT_DELAYS_MS[attempt] ?? RECONNECT_DELAYS_MS.at(-1) ?? 0;
        await delay(delayMs, undefined, { signal });
        try {
          return await this.#attach({ via: this.#way.via, reason, from }, signal);
        } catch (error) {
          if (!(error instanceof RedisFailure)) throw error;
          const next = RECONNECT_DELAYS_MS[attempt + 1] ?? delayMs;
          this.#options.onEvent?.({ is: 'retrying', failure: error, delayMs: next });
        }
      }
    } catch (error) {
      if (!signal.aborted) throw error;
      this.lastGap = { via: this.#way.via, reason, from, to: nowMicros() };
      return undefined;
    }
  }

  async #attach(missed: Gap | undefined, signal: AbortSignal): Promise<Attachment> {
    const { target } = this.#options;
    const link = await connect(typeof target === 'function' ? await target(signal) : target, signal);
    const number = ++this.#number;
    const attachment = await attach(this.#way, link, signal, ({ node, accepted, continues }) => {
      const isWhole = missed === undefined || continues !== undefined;
      const gap = isWhole ? {} : { gap: { ...missed, node, to: nowMicros() } };
      this.#sessions.set(number, { number, node, accepted, continuesBytes: continues === 'bytes', ...gap });
      // The gap is told even if nothing ever comes on this connection.
      this.#backlog.push({ session: number, time: nowMicros(), bytes: NO_BYTES });
      return (arrival) => {
        if (this.#backlog.push({ session: number, ...arrival })) return;
        this.#overflowed = true;
        this.drop();
      };
    });
    this.#attachment = attachment;
    if (signal.aborted) attachment.close();
    for (const { step, failure } of attachment.refused) {
      this.#options.onEvent?.({ is: 'refused', command: step.shown, failure });
    }
    const commands = attachment.accepted.map(({ shown }) => shown);
    this.#options.onEvent?.({ is: 'attached', node: attachment.node, commands });
    return attachment;
  }
}
