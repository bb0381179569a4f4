import { setTimeout as delay } from 'node:timers/promises';
import { clusterMonitorSource } from '../capture/live/cluster-monitor.ts';
import { monitorSource } from '../capture/live/monitor.ts';
import { subscribeSource } from '../capture/live/subscribe.ts';
import type { Absence } from '../doctor/absence.ts';
import { DEFAULT_KEY } from '../capture/live/visibility.ts';
import { countListeners } from '../doctor/count-listeners.ts';
import type { Evidence, Look } from '../doctor/evidence.ts';
import { examine, type Report } from '../doctor/examine.ts';
import { LookHistory } from '../doctor/look-history.ts';
import { readLook } from '../doctor/recorded-look.ts';
import type { Rule } from '../doctor/rule.ts';
import { takeLook } from '../doctor/take-look.ts';
import { Attendance } from '../doctor/taps/attendance.ts';
import type { Outcome } from '../doctor/taps/outcomes.ts';
import { isUnread, Traffic, type TrafficOptions } from '../doctor/traffic.ts';
import { plural } from '../doctor/words.ts';
import type { Observed } from '../model/observed.ts';
import type { Source } from '../model/frame.ts';
import { literalPattern } from '../redis/glob.ts';
import { RedisFailure } from '../redis/failure.ts';
import type { HeaderSeen } from '../recording/recording-reader.ts';
import { findPlace, type Place, withAllLinks } from '../redis/place.ts';
import type { RedisTarget } from '../redis/target.ts';
import { attend } from './attend.ts';
import { Inspector } from './inspector.ts';
import { watch } from './live.ts';
import { type OfflineInput, readOffline } from './offline.ts';
import { tellAbsence } from './tell-absence.ts';
import { UnreadableInput } from './unreadable-input.ts';
import { untilEnough } from './until-enough.ts';

export interface DiagnoseOptions {
  readonly rules: readonly Rule[];
  /** How many servers there should be. */
  readonly expect?: number;
  /** `requestsTimeout` of the servers, where it is not the default. */
  readonly timeoutMs?: number;
  readonly keys?: readonly string[];
}

/** What was read: for a person, before what was found in it. Texts are a stranger's. */
export interface CaptureSeen {
  readonly names: readonly string[];
  /** The Redis, without its password; recordings only. */
  readonly url?: string;
  readonly redisVersion?: string;
  readonly via?: readonly string[];
  /** Microseconds since 1970, of the first and the last message or look; NaN where nothing has a time. */
  readonly from: number;
  readonly to: number;
  /** As the last look counted them; absent where there was none. */
  readonly servers?: number;
}

interface DiagnoseCaptureOptions extends DiagnoseOptions {
  readonly enough?: AbortSignal;
  /** Told when all has been read. */
  readonly onSeen?: (seen: CaptureSeen) => void;
}

export interface DiagnoseLiveOptions extends DiagnoseOptions {
  readonly target: RedisTarget;
  /** Name of the primary, where the target is a Sentinel. */
  readonly sentinel?: string;
  readonly via: 'subscribe' | 'monitor';
  /** How long to listen; 0 looks only. Nobody listens when no rule needs traffic. */
  readonly forMs: number;
  readonly signal: AbortSignal;
  /** Aborts when the user has waited long enough: what was seen by then is examined. */
  readonly enough?: AbortSignal;
  /** Listens on for a while where a request lacks answers, which one alone does not tell the reason of. */
  readonly mayListenOn?: boolean;
  /** Listens no longer than for so many messages. */
  readonly count?: number;
  /** Called with the number of messages so far. */
  readonly onHeard?: (messages: number) => void;
  /** Called with the first look, before anything else takes time. */
  readonly onLook?: (look: Look) => void;
}

/** Between two looks without listening: what deploys do to the counts is over sooner. */
const STATIC_GAP_MS = 1000;
/** An answer has this share of the listening to come, within bounds. */
const PATIENCE_SHARE = 1 / 4;
const MAX_PATIENCE_MS = 5000;
/** Twice what servers wait for answers by default, and how often it is looked whether another request has ended. */
const MOST_MORE_MS = 10_000;
const MORE_MS = 250;
/** A node of a cluster that cannot be reached is not waited for. */
const ATTACH_MS = 5000;
/** What an adapter's broadcast channel looks like, whatever its key: an emitter with a wrong one is heard too. */
const ANY_KEY = '*#/*';

/** Looks at a live Redis two or three times, listens in between, and checks the rules. @throws {RedisFailure} */
export async function diagnoseLive(options: DiagnoseLiveOptions): Promise<Report> {
  const { rules, forMs, signal, expect, keys = [] } = options;
  const ended = options.enough === undefined ? signal : AbortSignal.any([signal, options.enough]);
  const place = await findPlace(options.target, options.sentinel, signal);
  return withAllLinks(place, signal, async (links, unreached) => {
    const traffic = new Traffic(waitFor(Math.min(MAX_PATIENCE_MS, forMs * PATIENCE_SHARE), options));
    const look = async (): Promise<Look> => {
      return { ...(await takeLook(links, traffic.streams.names())), unreached };
    };
    const first = await look();
    const looks = [first];
    options.onLook?.(first);
    const expected = { keys, ...(expect === undefined ? {} : { expect }) };
    const losses: RedisFailure[] = [];
    const conclude = async (evidence: Evidence): Promise<Report> => {
      const report = examine(rules, evidence);
      const [loss] = losses;
      return loss === undefined ? tellAbsence(report, links, keys) : tellLoss(report, loss, looks);
    };
    if (forMs === 0 || rules.every(({ needs }) => needs === 'static')) {
      await pause(STATIC_GAP_MS, signal);
      looks.push(await look());
      return conclude({ looks, ...expected });
    }
    traffic.setServers(first.groups, first.from);
    /** What was heard is worth a report, even where Redis is gone. */
    const unlessLost = (work: Promise<unknown>): Promise<unknown> =>
      work.catch((error: unknown) => {
        if (!(error instanceof RedisFailure)) throw error;
        losses.push(error);
      });
    const lookAgain = async (): Promise<void> => {
      const listeners = await countListeners(links, traffic.privateRooms.channels());
      const again = { ...(await look()), listeners };
      looks.push(again);
      traffic.setServers(again.groups, again.from);
    };
    const attendance = new Attendance();
    const began = performance.now();
    await listen(place, { ...options, signal: ended }, traffic, async (over) => {
      await Promise.all([
        unlessLost(attend(links, attendance, { forMs, signal: over })),
        pause(forMs / 2, over).then(() => (over.aborted ? undefined : unlessLost(lookAgain()))),
      ]);
    });
    const listenedMs = performance.now() - began;
    if (listenedMs < STATIC_GAP_MS) await pause(STATIC_GAP_MS - listenedMs, signal);
    await unlessLost(lookAgain());
    const report = await conclude({ looks, traffic, attendance, ...expected });
    const notes = [
      ...(ended.aborted ? [tellInterrupted(listenedMs, forMs)] : []),
      ...(listenedMs > forMs + ATTACH_MS ? [tellLonger(listenedMs)] : []),
    ];
    return { ...report, notes: [...report.notes, ...notes] };
  });
}

function tellLonger(listenedMs: number): string {
  return `We have listened for ${(listenedMs / 1000).toFixed(0)} s: a single request had lacked answers until then.`;
}

/** What is said rests on what was seen before. */
function tellLoss(report: Report, { code, message }: RedisFailure, looks: readonly Look[]): Report {
  const at = looks.at(-1)?.facts.node ?? '';
  const why = code === 'closed' ? `Redis at ${at} closed our connection, or has ended` : message;
  return { ...report, isLost: true, notes: [...report.notes, `While we listened: ${why}.`] };
}

function tellInterrupted(listenedMs: number, forMs: number): string {
  return `Interrupted: we have listened for ${(listenedMs / 1000).toFixed(1)} s of ${forMs / 1000} s, and what takes longer to be seen was not seen.`;
}

async function listen(
  place: Place,
  { forMs, signal, via, keys = [], onHeard, count, mayListenOn = false }: DiagnoseLiveOptions,
  traffic: Traffic,
  meanwhile: (ended: AbortSignal) => Promise<void>,
): Promise<void> {
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
    if (mayListenOn) await listenOn(traffic, ended);
    traffic.finish(Date.now() * 1000);
  } finally {
    stop.abort();
    signal.removeEventListener('abort', onAbort);
    await watching;
  }
}

/** As long as there is exactly one short request, the next one tells more: two are enough for rules. */
async function listenOn({ outcomes }: Traffic, ended: AbortSignal): Promise<void> {
  const isShort = ({ answers, expected = 0, belated }: Outcome): boolean =>
    answers + belated.length < expected;
  const end = performance.now() + MOST_MORE_MS;
  while (!ended.aborted && performance.now() < end) {
    outcomes.finish(Date.now() * 1000);
    if ([...outcomes.wide(), ...outcomes.handled()].filter(isShort).length !== 1) return;
    await pause(MORE_MS, ended);
  }
}

/** MONITOR shows what its own node executes, a pattern what is published at any node of a cluster. */
function openSource(
  place: Place,
  { via, keys }: Pick<DiagnoseLiveOptions, 'via' | 'keys'>,
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

/** Checks the rules by captures. When `enough` aborts, by what was read of them until then. */
export async function diagnoseCapture(
  inputs: AsyncIterable<OfflineInput>,
  { rules, expect, keys = [], timeoutMs, enough, onSeen }: DiagnoseCaptureOptions,
): Promise<Report> {
  const traffic = new Traffic(waitFor(MAX_PATIENCE_MS * PATIENCE_SHARE, { timeoutMs }));
  const history = new LookHistory();
  const names: string[] = [];
  const notes: string[] = [];
  const [filter, redaction] = [new Set<string>(), new Set<string>()];
  let first: HeaderSeen | undefined;
  let damaged = 0;
  for await (const batch of readOffline(untilEnough(inputs, names, enough), {
    keys,
    onRead: (read) => {
      traffic.addRead(read);
    },
    onLook: (recorded) => {
      const look = readLook(recorded);
      if (look === undefined) damaged++;
      else {
        history.add(look, JSON.stringify(recorded).length);
        if (history.flaw !== undefined) throw refuseTogether(names, history.flaw);
        traffic.setServers(look.groups, look.from);
      }
    },
    onHeader: (header) => {
      const { url, filter: words, redaction: removed } = header;
      history.begin(url);
      first ??= header;
      for (const word of removed ?? []) redaction.add(word);
      for (const word of words ?? []) filter.add(word);
    },
    onNote: (note) => notes.push(note),
  })) {
    for (const observed of batch) if (enough?.aborted !== true || !isCutOff(observed)) traffic.add(observed);
  }
  traffic.finish();
  if (enough?.aborted === true) notes.push('Interrupted: it was not read to its end.');
  if (damaged > 0) notes.push(`${plural(damaged, 'look')} at Redis in it could not be read.`);
  const looks = history.recent();
  const attendance = history.attendance();
  const report = examine(rules, {
    looks,
    history: history.all(),
    isCapture: true,
    ...(filter.size === 0 ? {} : { filter: [...filter] }),
    ...(redaction.size === 0 ? {} : { redaction: [...redaction] }),
    traffic,
    keys,
    ...(attendance === undefined ? {} : { attendance }),
    ...(expect === undefined ? {} : { expect }),
  });
  onSeen?.(toSeen(names, first, traffic, history));
  const last = looks.at(-1);
  if (last !== undefined && report.cases.length > 0) notes.push(tellPast(last));
  const absence =
    traffic.messages === 0 && last === undefined ? { absence: nothingIn(names, traffic.unread) } : {};
  return { ...report, notes: [...report.notes, ...notes], ...absence };
}

function toSeen(
  names: readonly string[],
  header: HeaderSeen | undefined,
  { first, last }: Traffic,
  history: LookHistory,
): CaptureSeen {
  const looks = history.all();
  const times = [first, last, looks[0]?.from ?? Number.NaN, looks.at(-1)?.to ?? Number.NaN].filter(
    (time) => !Number.isNaN(time),
  );
  const look = looks.at(-1);
  const servers = look?.groups.reduce((most, { uids, counted }) => Math.max(most, uids.length || counted), 0);
  return {
    names,
    from: times.length === 0 ? Number.NaN : Math.min(...times),
    to: times.length === 0 ? Number.NaN : Math.max(...times),
    ...(servers === undefined ? {} : { servers }),
    ...(header?.url === undefined ? {} : { url: header.url }),
    ...(header?.via === undefined ? {} : { via: header.via }),
    ...(header?.redisVersion === undefined ? {} : { redisVersion: header.redisVersion }),
  };
}

function refuseTogether(names: readonly string[], flaw: string): UnreadableInput {
  return new UnreadableInput(
    `cannot examine ${names.join(', ')} together: ${flaw}. Examine each by itself; files of one recording in order.`,
  );
}

/** Addresses and ids of connections may be somebody else's by now. */
function tellPast({ to }: Look): string {
  const until = new Date(to / 1000).toISOString();
  return `What Redis said is as it was recorded, until ${until}: look again before you end a connection.`;
}

/** What is cut off by our own ending is neither a gap nor unreadable. */
function isCutOff(observed: Observed): boolean {
  return observed.is === 'gap' ? observed.gap.reason === 'truncated' : isUnread(observed);
}

function nothingIn(names: readonly string[], unread: number): Absence {
  return {
    says: `No message of a Socket.IO server was found in ${names.join(', ')}.`,
    lookedFor:
      'messages and subscriptions on channels and streams of the adapters, in every form that decode reads',
    instead:
      unread === 0 || names.includes('stdin')
        ? []
        : [{ says: 'what could not be read. Why not:', command: ['decode', ...names] }],
  };
}

/** No longer than the servers themselves. */
function waitFor(
  patienceMs: number,
  { timeoutMs }: { readonly timeoutMs?: number | undefined },
): TrafficOptions {
  return timeoutMs === undefined
    ? { patienceMs }
    : { patienceMs: Math.min(patienceMs, timeoutMs), timeoutMs };
}

/** Ends early, without an error, when the signal aborts. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
