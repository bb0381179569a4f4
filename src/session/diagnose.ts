import { countListeners } from '../doctor/count-listeners.ts';
import type { Evidence, Look } from '../doctor/evidence.ts';
import { examine, type Report } from '../doctor/examine.ts';
import type { Rule } from '../doctor/rule.ts';
import { takeLook } from '../doctor/take-look.ts';
import { Attendance } from '../doctor/taps/attendance.ts';
import { Traffic } from '../doctor/traffic.ts';
import { RedisFailure } from '../redis/failure.ts';
import { findPlace, withAllLinks } from '../redis/place.ts';
import type { RedisTarget } from '../redis/target.ts';
import { attend } from './attend.ts';
import { listen, type ListenOptions } from './listen.ts';
import { patienceFor } from './patience.ts';
import { pause } from './pause.ts';
import { tellAbsence } from './tell-absence.ts';

export interface DiagnoseOptions {
  readonly rules: readonly Rule[];
  /** How many servers there should be. */
  readonly expect?: number;
  /** `requestsTimeout` of the servers, where it is not the default. */
  readonly timeoutMs?: number;
  readonly keys?: readonly string[];
}

export interface DiagnoseLiveOptions extends DiagnoseOptions, Omit<ListenOptions, 'keys'> {
  readonly target: RedisTarget;
  /** Name of the primary, where the target is a Sentinel. */
  readonly sentinel?: string;
  /** How long to listen; 0 looks only. Nobody listens when no rule needs traffic. */
  readonly forMs: number;
  /** Aborts when the user has waited long enough: what was seen by then is examined. */
  readonly enough?: AbortSignal;
  /** Called with the first look, before anything else takes time. */
  readonly onLook?: (look: Look) => void;
}

/** Between two looks without listening: what deploys do to the counts is over sooner. */
const STATIC_GAP_MS = 1000;
/** Looks at a live Redis two or three times, listens in between, and checks the rules. @throws {RedisFailure} */
export async function diagnoseLive(options: DiagnoseLiveOptions): Promise<Report> {
  const { rules, forMs, signal, expect, keys = [] } = options;
  const ended = options.enough === undefined ? signal : AbortSignal.any([signal, options.enough]);
  const place = await findPlace(options.target, options.sentinel, signal);
  return withAllLinks(place, signal, async (links, unreached) => {
    const traffic = new Traffic(patienceFor(forMs, options.timeoutMs));
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
    const hasListenedOn = await listen(place, { ...options, signal: ended }, traffic, async (over) => {
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
      ...(hasListenedOn ? [tellLonger(listenedMs)] : []),
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
