import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { Frame } from '../model/frame.ts';
import type { Observed } from '../model/observed.ts';
import { parseTarget, type RedisTarget } from '../redis/target.ts';
import { DemoError } from './demo-error.ts';
import { describeForeigners, findForeigners, type Foreigners } from './foreign.ts';
import { openRedis } from './redis-tap.ts';

export interface ReplayOptions {
  readonly target: RedisTarget;
  /** Times as fast as it was; `Infinity` for at once. */
  readonly speed: number;
  /** Into a Redis where others' servers live, and what could not be decoded as well. */
  readonly force: boolean;
  readonly signal: AbortSignal;
}

/** What became of everything that the capture holds. */
export interface ReplayCount {
  readonly sent: number;
  readonly undecoded: number;
  /** Subscriptions, session keys, payloads without a channel: nothing that one publishes. */
  readonly unpublished: number;
  /** Lines that could not be framed: neither a command nor a channel is known. */
  readonly unreadable: number;
  /** Places where the capture lacks something, such as a payload that had to go: there are no bytes to send. */
  readonly gaps: number;
}

/** Commands under way at a time: more would only wait in memory. */
const MOST_UNANSWERED = 1000;

/**
 * Publishes the messages of a capture again, each by the command that published it, with the time between them.
 * @throws {DemoError} where others' servers would hear it; {RedisFailure} when Redis cannot be reached
 */
export async function replay(
  batches: AsyncIterable<readonly Observed[]>,
  { target, speed, force, signal }: ReplayOptions,
): Promise<ReplayCount> {
  const foreigners = await findForeigners(target);
  if (foreigners !== undefined && !force) throw refuse(target, foreigners);
  const redis = openRedis(target, 'sio-inspect-demo-replay', () => undefined);
  const pace = new Pace(speed, signal);
  const count = { sent: 0, undecoded: 0, unpublished: 0, unreadable: 0, gaps: 0 };
  let unanswered: Promise<unknown>[] = [];
  try {
    for await (const batch of batches) {
      for (const observed of batch) {
        if (signal.aborted) return count;
        const fate = judge(observed, force);
        count[fate]++;
        if (fate !== 'sent' || observed.is !== 'message') continue;
        await pace.wait(observed.frame.time);
        unanswered.push(publish(redis, observed.frame));
        if (unanswered.length < MOST_UNANSWERED) continue;
        await Promise.all(unanswered);
        unanswered = [];
      }
    }
    await Promise.all(unanswered);
    return count;
  } finally {
    await Promise.allSettled(unanswered);
    redis.disconnect();
  }
}

function judge(observed: Observed, force: boolean): keyof ReplayCount {
  switch (observed.is) {
    case 'gap':
      return 'gaps';
    case 'unframed':
      return 'unreadable';
    case 'message':
      if (commandOf(observed.frame) === undefined) return 'unpublished';
      return observed.message.kind === 'undecoded' && !force ? 'undecoded' : 'sent';
  }
}

/** The command that published a frame, also where only its delivery was seen; undefined for all others. */
function commandOf({ command, channel, entry, payload }: Frame): 'PUBLISH' | 'SPUBLISH' | 'XADD' | undefined {
  if (channel === undefined) return undefined;
  if (entry !== undefined) return 'XADD';
  if (payload === undefined) return undefined;
  if (command === 'SPUBLISH' || command === 'SMESSAGE') return 'SPUBLISH';
  return command === 'PUBLISH' || command === 'PMESSAGE' || command === 'MESSAGE' ? 'PUBLISH' : undefined;
}

/** Ids of stream entries are given anew: the old ones lie before what is in the stream already. */
function publish(redis: Redis, frame: Frame): Promise<unknown> {
  const command = commandOf(frame) ?? 'PUBLISH';
  const words = frame.entry === undefined ? [frame.payload] : ['*', ...frame.entry.fields.flat()];
  const args = [frame.channel, ...words].flatMap((word) => (word === undefined ? [] : [toArgument(word)]));
  return redis.call(command, args);
}

function toArgument(word: string | Uint8Array): string | Buffer {
  return typeof word === 'string' ? word : Buffer.from(word.buffer, word.byteOffset, word.byteLength);
}

/** Waits until as much time has gone by as between the first frame and this one. */
class Pace {
  readonly #speed: number;
  readonly #signal: AbortSignal;
  #firstTime: number | undefined;
  #started = 0;

  constructor(speed: number, signal: AbortSignal) {
    this.#speed = speed;
    this.#signal = signal;
  }

  async wait(time: number | undefined): Promise<void> {
    if (time === undefined || this.#speed === Number.POSITIVE_INFINITY) return;
    if (this.#firstTime === undefined) {
      this.#firstTime = time;
      this.#started = performance.now();
      return;
    }
    const due = (time - this.#firstTime) / 1000 / this.#speed;
    const early = due - (performance.now() - this.#started);
    if (early >= 1) await sleep(early, undefined, { signal: this.#signal }).catch(() => undefined);
  }
}

function refuse(target: RedisTarget, foreigners: Foreigners): DemoError {
  return new DemoError(
    'redis',
    [
      ...describeForeigners(foreigners, parseTarget(target).node),
      'Name a Redis of your own or that of "sio-inspect demo"; --force publishes there all the same.',
    ].join('\n'),
  );
}
