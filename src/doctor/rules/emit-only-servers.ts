import { EMITTER } from '../../model/message.ts';
import { allLooks, describePlace, type Evidence, groupByPlace } from '../evidence.ts';
import { NEEDS_REDIS } from '../known-groups.ts';
import { ADAPTER_OF } from '../own-channels.ts';
import type { Culprit, Diagnosis, Rule } from '../rule.ts';
import type { Sender } from '../taps/senders.ts';
import { plural } from '../words.ts';

/** A server that restarts is replaced once or twice in a while, functions come one after the other. */
const LEAST_UIDS = 5;
/** What a function says in its life; a server at work says more, and asks. */
const MOST_MESSAGES = 5;
const MOST_SECONDS = 2;
/** With the time that it takes to connect, and to be noticed. */
const MOST_STAY_SECONDS = 10;

/** Processes start a server only to emit something, and end. */
export const emitOnlyServers: Rule = {
  name: 'emit-only-servers',
  severity: 'bites',
  needs: 'traffic',
  summary:
    'Short-lived processes are servers only to emit: while they live, all others wait for their answers.',
  fault: 'emitting-functions',
  check: (evidence: Evidence): readonly Diagnosis[] => {
    if (lacksLooks(evidence) !== undefined) return [];
    const visitors = (evidence.traffic?.senders.list() ?? []).filter((sender) => isVisitor(sender, evidence));
    return groupByPlace(visitors).flatMap(([where, here]) => {
      return here.length >= LEAST_UIDS ? [diagnose(where, here, evidence)] : [];
    });
  },
  lacks: (evidence: Evidence): string | undefined => {
    const hasSenders = evidence.traffic?.senders.list().some(({ uid }) => uid !== EMITTER) === true;
    return hasSenders ? lacksLooks(evidence) : undefined;
  },
};

/** Who has stayed for how long is known by looks that are close to each other. */
function lacksLooks(evidence: Evidence): string | undefined {
  const { looks, attendance, isCapture } = evidence;
  const [first, last] = [allLooks(evidence)[0], looks.at(-1)];
  if (first === undefined || last === undefined) return `${NEEDS_REDIS}, to know who is still there`;
  // In so short a time nobody can have stayed for longer.
  if (isCapture !== true || last.to - first.from <= MOST_STAY_SECONDS * 1e6) return undefined;
  const isSeldom = attendance === undefined || attendance.widestGap > MOST_STAY_SECONDS * 1e6;
  return isSeldom ? 'needs a recording in which Redis was looked at every few seconds' : undefined;
}

/** It came after the first look, broadcast something, and was gone at the last. */
function isVisitor(sender: Sender, evidence: Evidence): boolean {
  const { uid, key, nsp, bus, messages, broadcasts, first, last } = sender;
  if (uid === EMITTER || messages !== broadcasts || messages > MOST_MESSAGES) return false;
  if (last - first > MOST_SECONDS * 1e6 || hasStayed(uid, evidence)) return false;
  const looks = allLooks(evidence);
  const [before, now] = [looks[0], looks.at(-1)].map((look) =>
    look?.groups.find((group) => group.adapter === ADAPTER_OF[bus] && group.key === key && group.nsp === nsp),
  );
  if (now === undefined || now.uids.length === 0) return false;
  return !now.uids.includes(uid) && before?.uids.includes(uid) !== true;
}

/** A server with little to say was there for longer. */
function hasStayed(uid: string, { attendance }: Evidence): boolean {
  const stays = attendance?.servers().filter((stay) => stay.uid === uid) ?? [];
  return stays.some((stay) => (attendance?.lifeMicros(stay) ?? 0) > MOST_STAY_SECONDS * 1e6);
}

function diagnose(where: string, visitors: readonly Sender[], { looks }: Evidence): Diagnosis {
  const lasting = looks.at(-1)?.groups.find((group) => describePlace(group) === where)?.uids.length ?? 0;
  const messages = visitors.reduce((sum, sender) => sum + sender.messages, 0);
  const seconds = Math.max(...visitors.map(({ first, last }) => last - first)) / 1e6;
  const events = [...new Set(visitors.flatMap(({ event }) => event ?? []))];
  return {
    where,
    sentence: `${plural(visitors.length, 'server')} came, broadcast and went again meanwhile: each counts as a server while it is connected, and others wait for its answers.`,
    seen: [
      `${visitors.length} uids with ${plural(messages, 'message')} in all, nothing but broadcasts, each within ${Math.max(1, Math.ceil(seconds))} s; none is subscribed any more, ${plural(lasting, 'other server')} ${lasting === 1 ? 'is' : 'are'}.`,
    ],
    culprits: [
      ...events.map((value): Culprit => ({ is: 'event', value, about: 'what they send' })),
      ...visitors.map(({ uid, client }): Culprit => {
        return { is: 'uid', value: uid, ...(client === undefined ? {} : { about: `came from ${client}` }) };
      }),
    ],
    symptom: 'timeout reached: only 2 responses received out of 3, now and then',
    next: [
      'What only emits should use the emitter, which is no server: new Emitter(redis).emit(…), from @socket.io/redis-emitter.',
      'If these are servers that crash and start again, look at their logs instead.',
    ],
    sure: 'likely',
  };
}
