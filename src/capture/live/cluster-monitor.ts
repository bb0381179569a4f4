import { setTimeout as delay } from 'node:timers/promises';
import type { Source } from '../../model/frame.ts';
import { RedisFailure } from '../../redis/failure.ts';
import type { Place } from '../../redis/place.ts';
import { parseTarget, type RedisTarget } from '../../redis/target.ts';
import { nowMicros } from './clock.ts';
import { Merger } from './merge.ts';
import { monitorSource } from './monitor.ts';
import { tellTogether } from './together.ts';
import type { LiveOptions } from './way.ts';

/** How often to look whether the cluster has other primaries. */
const LOOK_MS = 5000;
/** The same while a node is lost: a failover is under way. */
const HURRIED_LOOK_MS = 500;

type Options = Omit<LiveOptions, 'target'>;

/**
 * MONITOR on every primary of a cluster: it shows what its own node executes. Follows the cluster: a primary that was
 * not there before gets a gap from the last look until it was attached.
 */
export function clusterMonitorSource(place: Place, options: Options): Source {
  return async function* (signal) {
    const merger = new Merger(signal);
    const nodes = new Nodes(place, options, merger);
    await nodes.look(signal);
    const following = nodes.follow(signal).catch((error: unknown) => {
      merger.fail(error);
    });
    try {
      yield* merger.batches(() => !signal.aborted);
    } finally {
      nodes.end();
      await following;
    }
  };
}

interface Node {
  readonly stop: () => void;
  isAttached: boolean;
}

class Nodes {
  readonly #place: Place;
  readonly #options: Options;
  readonly #merger: Merger;
  readonly #nodes = new Map<string, Node>();
  readonly #end = new AbortController();
  #lookedAt: number | undefined;
  #isHurried = false;
  /** The first primaries are watched together; what comes later does not begin the watching. */
  #onEvent: Options['onEvent'];

  constructor(place: Place, options: Options, merger: Merger) {
    this.#place = place;
    this.#options = options;
    this.#merger = merger;
  }

  /** @throws {RedisFailure} when no node of the cluster answers */
  async look(signal: AbortSignal): Promise<void> {
    const before = this.#lookedAt;
    const now = nowMicros();
    const primaries = await this.#place.locatePrimaries(signal);
    this.#lookedAt = now;
    if (before === undefined) this.#onEvent = tellTogether(primaries.length, this.#options.onEvent);
    for (const target of primaries) {
      if (!this.#nodes.has(target.url)) this.#add(target, before);
    }
    const present = new Set(primaries.map(({ url }) => url));
    const areAllAttached = primaries.every(({ url }) => this.#nodes.get(url)?.isAttached === true);
    // The gap of one that is gone lasts until its successor is attached.
    if (!areAllAttached) return;
    for (const [url, { stop }] of this.#nodes) {
      if (present.has(url)) continue;
      stop();
      this.#nodes.delete(url);
    }
    this.#isHurried = false;
  }

  async follow(outer: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([outer, this.#end.signal]);
    signal.addEventListener('abort', () => {
      this.#merger.wake();
    });
    let lookedAt = performance.now();
    for (;;) {
      await delay(HURRIED_LOOK_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      if (!this.#isHurried && performance.now() - lookedAt < LOOK_MS) continue;
      lookedAt = performance.now();
      // While no node answers, the ones that are attached say so themselves.
      await this.look(signal).catch(ignoreFailure);
    }
  }

  end(): void {
    this.#end.abort();
  }

  #add(target: RedisTarget, unseenSince: number | undefined): void {
    const source = monitorSource({
      ...this.#options,
      target,
      onEvent: (event) => {
        if (event.is === 'attached') this.#noteAttached(target, node, unseenSince);
        if (event.is === 'lost') this.#isHurried = true;
        this.#onEvent?.(event);
      },
    });
    const isLater = unseenSince !== undefined;
    const node: Node = {
      stop: this.#merger.add(isLater ? this.#untilRefused(source, target) : source),
      isAttached: false,
    };
    this.#nodes.set(target.url, node);
    this.#isHurried ||= isLater;
  }

  #noteAttached(target: RedisTarget, node: Node, unseenSince: number | undefined): void {
    if (!node.isAttached && unseenSince !== undefined) {
      const gap = { via: 'monitor', reason: 'disconnected', node: parseTarget(target).node } as const;
      this.#merger.put([{ is: 'gap', gap: { ...gap, from: unseenSince, to: nowMicros() } }]);
    }
    node.isAttached = true;
  }

  /** A node that was announced and does not let us in is tried again at the next look. */
  #untilRefused(source: Source, { url }: RedisTarget): Source {
    const nodes = this.#nodes;
    return async function* (signal) {
      try {
        yield* source(signal);
      } catch (error) {
        nodes.delete(url);
        ignoreFailure(error);
      }
    };
  }
}

function ignoreFailure(error: unknown): void {
  if (!(error instanceof RedisFailure) && !(error instanceof Error && error.name === 'AbortError'))
    throw error;
}
