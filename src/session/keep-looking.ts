import { setTimeout as delay } from 'node:timers/promises';
import type { Look } from '../doctor/evidence.ts';
import { countListeners } from '../doctor/count-listeners.ts';
import { takeLook } from '../doctor/take-look.ts';
import { PrivateRooms } from '../doctor/taps/private-rooms.ts';
import type { Observed } from '../model/observed.ts';
import { RedisFailure } from '../redis/failure.ts';
import { type Place, withAllLinks } from '../redis/place.ts';

export interface KeepLookingOptions {
  readonly place: Place;
  readonly signal: AbortSignal;
  /** Takes each look, in order of time. */
  readonly onLook: (look: Look) => void;
}

/** A tap that looks who is there as long as it runs: feed it what is observed; end it with the run. */
export interface Looking {
  add(observed: Observed): void;
  /** Looks no more: nobody takes it. */
  readonly stop: () => void;
  /** Looks once more, unless that takes too long. */
  end(): Promise<void>;
}

/** Short enough to see a server that lives for a second. */
const LEAST_PAUSE_MS = 500;
/** The longer it goes on, the rarer; as often at least as `follow` looks live. */
const PAUSE_SHARE = 1 / 60;
const MOST_PAUSE_MS = 5000;
/** Redis shall have nearly all of the time for others, and the disk for what is recorded. */
const PAUSE_PER_LOOK = 20;
const BYTES_PER_MS = 5;
/** What a row of CLIENT LIST and a uid take up as JSON, about. */
const CLIENT_BYTES = 280;
const UID_BYTES = 25;
/** The end is not to be waited for when Redis is gone. */
const LAST_LOOK_MS = 2000;

/**
 * Looks at Redis now, again and again, and at the end. What cannot be asked is left out: whatever is wrong with Redis,
 * the source notices it too, and says so.
 */
export async function keepLooking({ place, signal, onLook }: KeepLookingOptions): Promise<Looking> {
  const rooms = new PrivateRooms();
  const began = performance.now();
  const over = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> = Promise.resolve();
  const stop = (): void => {
    over.abort();
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  };
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();

  const look = async (within: AbortSignal): Promise<Look | undefined> => {
    try {
      const taken = await lookOnce(place, within, rooms.channels());
      onLook(taken);
      return taken;
    } catch (error) {
      if (!(error instanceof RedisFailure) && !within.aborted) throw error;
      return undefined;
    }
  };
  const goOn = async (): Promise<void> => {
    const from = performance.now();
    const taken = await look(over.signal);
    // What is forbidden would be refused again and again, and Redis keeps a log of that.
    if (over.signal.aborted || (taken?.hidden.length ?? 0) > 0) return;
    const now = performance.now();
    const pauseMs = Math.max(
      LEAST_PAUSE_MS,
      Math.min(MOST_PAUSE_MS, (now - began) * PAUSE_SHARE),
      (now - from) * PAUSE_PER_LOOK,
      sizeOf(taken) / BYTES_PER_MS,
    );
    timer = setTimeout(() => {
      looking = goOn();
    }, pauseMs);
  };
  await goOn();
  return {
    add: (observed) => {
      if (observed.is === 'message') rooms.add(observed);
    },
    stop,
    end: async () => {
      stop();
      const last = looking.then(() => look(AbortSignal.timeout(LAST_LOOK_MS)));
      await within(LAST_LOOK_MS, last);
    },
  };
}

/** A Redis that does not answer is not waited for. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const giveUp = new AbortController();
  const patience = delay(ms, undefined, { signal: giveUp.signal }).catch(() => undefined);
  await Promise.race([work, patience]).finally(() => {
    giveUp.abort();
  });
}

async function lookOnce(place: Place, signal: AbortSignal, channels: readonly string[]): Promise<Look> {
  return withAllLinks(place, signal, async (links, unreached) => {
    const listeners = await countListeners(links, channels);
    return { ...(await takeLook(links)), unreached, ...(channels.length === 0 ? {} : { listeners }) };
  });
}

function sizeOf(look: Look | undefined): number {
  const uids = look?.groups.reduce((sum, group) => sum + group.uids.length, 0) ?? 0;
  return (look?.clients?.length ?? 0) * CLIENT_BYTES + uids * UID_BYTES;
}
