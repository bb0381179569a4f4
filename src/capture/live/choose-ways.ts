import { RedisFailure } from '../../redis/failure.ts';
import { withAllLinks, withLink } from '../../redis/place.ts';
import { listAllServers } from '../../redis/registry.ts';
import { nameStreams, openWay, type WaysOptions } from './open-ways.ts';
import type { LiveWay } from './way.ts';

export interface Choice {
  /** No two of them see the same message. */
  readonly ways: readonly LiveWay[];
  /** One line for people. */
  readonly because: string;
  /** Ways that were tried before these and that Redis refuses. */
  readonly refused: readonly RedisFailure[];
}

const PRICE_OF_MONITOR = 'it shows all there is, and makes a busy Redis several times slower';

/**
 * `--via auto`: what shows most of what is there at the least cost, of the ways that Redis lets us go. Each is tried
 * for a moment first; MONITOR only where none of the others works. @throws {RedisFailure}
 */
export async function chooseWays(options: WaysOptions, signal: AbortSignal): Promise<Choice> {
  const { place, keys } = options;
  const { groups } = await withAllLinks(place, signal, listAllServers);
  const hasSharded = groups.some(({ adapter }) => adapter === 'redis-sharded');
  const { watched, found } = await nameStreams(place, keys, signal);
  const trials = new Trials(options, signal);
  const { refused } = trials;
  if (hasSharded && place.mode !== 'cluster' && (await place.locateReplica(signal)) !== undefined) {
    const because =
      'replica: there are servers with the sharded adapter, and a replica shows all that they say';
    if (await trials.tryReplica()) return { ways: ['replica'], because, refused };
  }
  const cheap = [
    ...((await trials.try('subscribe')) ? (['subscribe'] as const) : []),
    ...(found.length > 0 && (await trials.tryStreams(found)) ? (['stream'] as const) : []),
  ];
  if (cheap.length > 0) return { ways: cheap, because: explainCheap(cheap, found, hasSharded), refused };
  if (await trials.try('monitor')) {
    const because = `monitor, because nothing cheaper is permitted: ${PRICE_OF_MONITOR}`;
    return { ways: ['monitor'], because, refused };
  }
  throw explainNone(refused, found.length === 0 && (await trials.tryStreams(watched)));
}

function explainCheap(ways: readonly LiveWay[], found: readonly string[], hasSharded: boolean): string {
  const streams = found.length === 1 ? 'a stream' : 'more than one stream';
  const reasons = ways.map((way) =>
    way === 'stream'
      ? `stream: there is ${streams} of the streams adapter`
      : 'subscribe: cheap, and shows what is published',
  );
  if (!ways.includes('subscribe')) reasons.push('what is published stays unseen');
  if (hasSharded) reasons.push('sharded pub/sub stays unseen (--via monitor would show it, at a price)');
  return reasons.join('; ');
}

function explainNone(refused: readonly RedisFailure[], areStreamsOpen: boolean): RedisFailure {
  const says = refused.map(({ message }) => message).join(' ');
  const instead = areStreamsOpen
    ? ' What works is --via stream, which shows the streams adapter and nothing else; nobody uses it here yet.'
    : '';
  return new RedisFailure(refused[0]?.code ?? 'no-permission', `${says}${instead}`);
}

/** Tries ways for a moment each, by connections of their own. */
class Trials {
  readonly refused: RedisFailure[] = [];
  readonly #options: WaysOptions;
  readonly #signal: AbortSignal;

  constructor(options: WaysOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
  }

  /** Whether Redis lets us attach so. @throws {RedisFailure} for anything but a refusal */
  try(way: LiveWay): Promise<boolean> {
    return this.#attempt(() => this.#attach(way), isRefusal);
  }

  /** A replica is a Redis of its own: it may be out of reach, or not know our user. */
  tryReplica(): Promise<boolean> {
    return this.#attempt(() => this.#attach('replica'), isFailure);
  }

  async #attach(way: LiveWay): Promise<void> {
    const attached = new AbortController();
    const onEvent: WaysOptions['onEvent'] = (event) => {
      if (event.is === 'attached') attached.abort();
    };
    const source = await openWay(way, { ...this.#options, onEvent }, this.#signal);
    const batches = source(AbortSignal.any([this.#signal, attached.signal]))[Symbol.asyncIterator]();
    while ((await batches.next()).done !== true);
  }

  async tryStreams(names: readonly string[]): Promise<boolean> {
    const { place } = this.#options;
    return this.#attempt(async () => {
      for (const name of names) {
        const target = await place.locateOwner(name, this.#signal);
        await withLink(target, this.#signal, (link) => link.ask('XREAD', 'COUNT', '1', 'STREAMS', name, '$'));
      }
    }, isRefusal);
  }

  async #attempt(
    act: () => Promise<void>,
    isNo: (error: unknown) => error is RedisFailure,
  ): Promise<boolean> {
    try {
      await act();
      return true;
    } catch (error) {
      if (!isNo(error)) throw error;
      this.refused.push(error);
      return false;
    }
  }
}

function isFailure(error: unknown): error is RedisFailure {
  return error instanceof RedisFailure;
}

function isRefusal(error: unknown): error is RedisFailure {
  if (!isFailure(error)) return false;
  return error.code === 'no-permission' || error.code === 'unknown-command' || error.code === 'unsuitable';
}
