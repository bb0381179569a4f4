import type { Absence } from '../doctor/absence.ts';
import type { Look } from '../doctor/evidence.ts';
import { examine, type Report } from '../doctor/examine.ts';
import { LookHistory } from '../doctor/look-history.ts';
import { readLook } from '../doctor/recorded-look.ts';
import { isUnread, Traffic } from '../doctor/traffic.ts';
import { plural } from '../doctor/words.ts';
import type { Observed } from '../model/observed.ts';
import type { HeaderSeen } from '../recording/recording-reader.ts';
import type { DiagnoseOptions } from './diagnose.ts';
import { type OfflineInput, readOffline } from './offline.ts';
import { patienceFor } from './patience.ts';
import { UnreadableInput } from './unreadable-input.ts';
import { untilEnough } from './until-enough.ts';

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

/** Checks the rules by captures. When `enough` aborts, by what was read of them until then. */
export async function diagnoseCapture(
  inputs: AsyncIterable<OfflineInput>,
  { rules, expect, keys = [], timeoutMs, enough, onSeen }: DiagnoseCaptureOptions,
): Promise<Report> {
  const traffic = new Traffic(patienceFor(undefined, timeoutMs));
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
