import { clusterMonitorSource } from '../capture/live/cluster-monitor.ts';
import { monitorSource } from '../capture/live/monitor.ts';
import { subscribeSource } from '../capture/live/subscribe.ts';
import { DEFAULT_KEY } from '../capture/live/visibility.ts';
import type { Outcome } from '../doctor/taps/outcomes.ts';
import type { Traffic } from '../doctor/traffic.ts';
import type { Source } from '../model/frame.ts';
import { literalPattern } from '../redis/glob.ts';
import type { Place } from '../redis/place.ts';
import { Inspector } from './inspector.ts';
import { watch } from './live.ts';
import { pause } from './pause.ts';

/** Twice what servers wait for answers by default, and how often it is looked whether another request has ended. */
const MOST_MORE_MS = 10_000;
const MORE_MS = 250;
/** A node of a cluster that cannot be reached is not waited for. */
const ATTACH_MS = 5000;
/** What an adapter's broadcast channel looks like, whatever its key: an emitter with a wrong one is heard too. */
const ANY_KEY = '*#/*';

export interface ListenOptions {
  readonly via: 'subscribe' | 'monitor';
  readonly forMs: number;
  readonly signal: AbortSignal;
  readonly keys?: readonly string[];
  /** Listens no longer than for so many messages. */
  readonly count?: number;
  /** Listens on for a while where a request lacks answers, which one alone does not tell the reason of. */
  readonly mayListenOn?: boolean;
  /** Called with the number of messages so far. */
  readonly onHeard?: (messages: number) => void;
}

/** Feeds the traffic with what passes, from when it is attached; `meanwhile` runs beside it. Answers whether it listened on. */
export async function listen(
  place: Place,
  { forMs, signal, via, keys = [], onHeard, count, mayListenOn = false }: ListenOptions,
  traffic: Traffic,
  meanwhile: (ended: AbortSignal) => Promise<void>,
): Promise<boolean> {
  const stop = new AbortController();
  const onAbort = (): void => {
    stop.abort();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  let missing = via === 'monitor' ? (await place.locatePrimaries(signal)).length : 1;
  let attached: () => void = () => undefined;
  const isAttached = new Promise<void>((resolve) => {
    attached = () => {
      if (--missing === 0) resolve();
    };
  });
  const over = new AbortController();
  const watching = watch({
    source: openSource(place, { via, keys }, attached),
    inspector: new Inspector({
      keys,
      onRead: (read) => {
        traffic.addRead(read);
      },
    }),
    stop,
    onObserved: (observed) => {
      traffic.add(observed);
      return observed.is === 'message';
    },
    ...(count === undefined ? {} : { count }),
    onBatch: () => {
      onHeard?.(traffic.messages);
      return Promise.resolve();
    },
  }).finally(() => {
    over.abort();
  });
  try {
    await Promise.race([isAttached, watching, pause(ATTACH_MS, stop.signal)]);
    const ended = AbortSignal.any([stop.signal, over.signal]);
    await Promise.all([pause(forMs, ended), meanwhile(ended)]);
    const hasListenedOn = mayListenOn && (await listenOn(traffic, ended));
    traffic.finish(Date.now() * 1000);
    return hasListenedOn;
  } finally {
    stop.abort();
    signal.removeEventListener('abort', onAbort);
    await watching;
  }
}

/** As long as there is exactly one short request, the next one tells more: two are enough for rules. */
async function listenOn({ outcomes }: Traffic, ended: AbortSignal): Promise<boolean> {
  const isShort = ({ answers, expected = 0, belated }: Outcome): boolean =>
    answers + belated.length < expected;
  const end = performance.now() + MOST_MORE_MS;
  for (let turns = 0; ; turns++) {
    outcomes.finish(Date.now() * 1000);
    const isSingle = [...outcomes.wide(), ...outcomes.handled()].filter(isShort).length === 1;
    if (!isSingle || ended.aborted || performance.now() >= end) return turns > 0;
    await pause(MORE_MS, ended);
  }
}

/** MONITOR shows what its own node executes, a pattern what is published at any node of a cluster. */
function openSource(
  place: Place,
  { via, keys }: Pick<ListenOptions, 'via' | 'keys'>,
  attached: () => void,
): Source {
  const onEvent = ({ is }: { readonly is: string }): void => {
    if (is === 'attached') attached();
  };
  const target = place.locate;
  if (via === 'monitor') {
    return place.mode === 'cluster'
      ? clusterMonitorSource(place, { onEvent })
      : monitorSource({ target, onEvent });
  }
  const named = keys === undefined || keys.length === 0 ? [DEFAULT_KEY] : keys;
  const patterns = named.map((key) => literalPattern(key, { andMore: true }));
  return subscribeSource({ target, onEvent, patterns, optionalPatterns: [ANY_KEY] });
}
