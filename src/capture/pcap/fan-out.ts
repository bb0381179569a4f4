import { hash } from 'node:crypto';
import { asBuffer } from '../../bytes/decode-error.ts';
import type { Held } from './hold-queue.ts';

/** How often one message was published and how often each subscription got it. */
interface Tally {
  published: number;
  /** Deliveries that stand for a publish which was not captured. */
  readonly standIns: Held[];
  standInCount: number;
  /** Subscription, count, subscription, count, … */
  readonly received: number[];
}

/** A subscriber that falls behind further is cut off by Redis long before (client-output-buffer-limit pubsub). */
const KEEP_US = 60_000_000;
const MAX_TALLIES = 50_000;

/**
 * Pairs deliveries with the publishes that they come from, so that one message becomes one record: every subscription
 * gets each publish once. A delivery beyond the number of publishes stands for one that was not captured.
 */
export class FanOut {
  #young = new Map<string, Tally>();
  #old = new Map<string, Tally>();
  #youngSince = 0;

  publish(channel: Uint8Array, payload: Uint8Array, now: number): void {
    const tally = this.#tally(channel, payload, now);
    // Its delivery may come first in the file.
    const early = tally.standIns.shift();
    if (early !== undefined && !early.isOut) {
      early.captured = undefined;
      tally.standInCount--;
    }
    tally.published++;
  }

  /** The publish was refused: nobody gets it. */
  retract(channel: Uint8Array, payload: Uint8Array, now: number): void {
    this.#tally(channel, payload, now).published--;
  }

  /**
   * Counts a delivery to a subscription (a number for each connection and pattern). Undefined where its publish is
   * known; else how to put it into the capture in the place of the publish.
   */
  deliver(
    subscription: number,
    channel: Uint8Array,
    payload: Uint8Array,
    now: number,
  ): ((standIn: Held) => void) | undefined {
    const tally = this.#tally(channel, payload, now);
    const received = countUp(tally.received, subscription);
    if (received <= tally.published + tally.standInCount) return undefined;
    return (standIn) => {
      tally.standIns.push(standIn);
      tally.standInCount++;
    };
  }

  #tally(channel: Uint8Array, payload: Uint8Array, now: number): Tally {
    if (this.#young.size >= MAX_TALLIES || now - this.#youngSince > KEEP_US) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngSince = now;
    }
    const key = `${asBuffer(channel).toString('latin1')}\n${hash('sha1', payload, 'base64')}`;
    const known = this.#young.get(key);
    if (known !== undefined) return known;
    const tally = this.#old.get(key) ?? { published: 0, standIns: [], standInCount: 0, received: [] };
    this.#young.set(key, tally);
    return tally;
  }
}

function countUp(counts: number[], id: number): number {
  let at = 0;
  while (at < counts.length && counts[at] !== id) at += 2;
  const count = (counts[at + 1] ?? 0) + 1;
  counts[at] = id;
  counts[at + 1] = count;
  return count;
}
