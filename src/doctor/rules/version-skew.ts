import { EMITTER } from '../../model/message.ts';
import { allLooks, describePlace, type Evidence, type Look } from '../evidence.ts';
import type { Culprit, Diagnosis, Rule } from '../rule.ts';
import type { Speaker } from '../taps/versions.ts';
import { listNames, plural } from '../words.ts';

/** Versions on both sides of a change on the wire, at the same time in the same namespace. */
export const versionSkew: Rule = {
  name: 'version-skew',
  severity: 'bites',
  needs: 'traffic',
  summary: 'Servers of one namespace run versions that read each other wrongly, or not at all.',
  fault: 'mixed-versions',
  check: (evidence: Evidence): readonly Diagnosis[] => {
    const speakers = (evidence.traffic?.versions.list() ?? []).filter(
      (speaker) => !isGone(speaker, evidence),
    );
    const places = new Set(speakers.map(placeOf));
    return [...places].flatMap((place) => {
      const here = speakers.filter((speaker) => placeOf(speaker) === place);
      // An old emitter does no harm: it reads nothing, and newer servers still read what it writes.
      const old = here.filter(({ era, uid }) => era === 'old' && uid !== EMITTER);
      const fresh = here.filter(({ era, uid }) => era === 'new' && old.every((other) => other.uid !== uid));
      const [metOld, metFresh] = [meeting(old, fresh), meeting(fresh, old)];
      return metOld.length > 0 ? [diagnose(metOld, metFresh)] : [];
    });
  },
};

function placeOf({ family, key, nsp }: Speaker): string {
  return JSON.stringify([family, key, nsp]);
}

/** Who has said nothing for so long at the end of a capture may be gone. */
const QUIET_MICROS = 60e6;

/** It was subscribed and is no more, or has long been quiet: replaced, as a roll-out should do. */
function isGone({ uid, key, nsp, last }: Speaker, evidence: Evidence): boolean {
  const { traffic } = evidence;
  const looks = allLooks(evidence);
  const isIn = (look: Look | undefined): boolean =>
    look?.groups.some(({ uids }) => uids.includes(uid)) === true;
  if (looks.some(isIn)) return !isIn(looks.at(-1));
  const senders = traffic?.senders.list() ?? [];
  const times = senders
    .filter((sender) => sender.uid === uid && sender.key === key && sender.nsp === nsp)
    .map((sender) => sender.last);
  return (traffic?.last ?? Number.NaN) - Math.max(last, ...times) > QUIET_MICROS;
}

/** Those who spoke before one of the others had finished, and after it had begun. A capture without times cannot tell. */
function meeting(speakers: readonly Speaker[], others: readonly Speaker[]): readonly Speaker[] {
  return speakers.filter((one) =>
    others.some((other) => !(one.last < other.first) && !(other.last < one.first)),
  );
}

interface Words {
  readonly old: string;
  readonly fresh: string;
  readonly harm: string;
  readonly seen: string;
  readonly symptom: string;
}

const WORDS: Readonly<Record<Speaker['family'], Words>> = {
  classic: {
    old: 'adapter 7 or older',
    fresh: 'adapter 8',
    harm: 'dates from the newer ones reach clients of the older ones as arrays of bytes',
    seen: 'Dates and undefined of the one side are written as notepack.io 1 and 2 write them (d7 00 …, d4 00 00), those of the other as notepack.io 3 (d6 ff …, d7 ff …, c0)',
    symptom: '[-1, <Buffer …>] where a date should be; undefined becomes null',
  },
  sharded: {
    old: 'sharded adapter 8.2',
    fresh: 'sharded adapter 8.3 or later',
    harm: 'the newer ones ignore what the older ones send (with socket.io-adapter 2.5.6 or later)',
    seen: 'The messages of the one side do not name their namespace, those of the other do',
    symptom: 'no error: messages arrive in one direction only',
  },
  streams: {
    old: 'streams adapter 0.1 or 0.2',
    fresh: 'streams adapter 0.3 or later',
    harm: 'broadcasts arrive, requests and their answers do not: the one side looks for them in the stream, the other in pub/sub',
    seen: 'Heartbeats or requests of the one side are in the stream, requests of the other are published',
    symptom: 'timeout reached: missing 1 responses; on the newer side no error, but partial answers',
  },
};

function diagnose(old: readonly Speaker[], fresh: readonly Speaker[]): Diagnosis {
  const [first] = old;
  const words = WORDS[first?.family ?? 'classic'];
  const isProven = fresh.some((speaker) => speaker.isProven);
  const names = (speakers: readonly Speaker[]): readonly string[] => [
    ...new Set(speakers.map(({ uid }) => uid)),
  ];
  const culprit = (value: string, about: string, speakers: readonly Speaker[]): Culprit => {
    const from = speakers.find(({ uid, client }) => uid === value && client !== undefined)?.client;
    return { is: 'uid', value, about: from === undefined ? about : `${about}, from ${from}` };
  };
  const count = (speakers: readonly Speaker[]): number =>
    speakers.reduce((sum, { messages }) => sum + messages, 0);
  return {
    ...(first === undefined ? {} : { where: describePlace(first) }),
    sentence: `Two versions are mixed, ${words.old} (${listNames(names(old))}) and ${words.fresh} (${listNames(names(fresh))}): ${words.harm}.`,
    seen: [
      isProven
        ? `${words.seen}: ${plural(count(old), 'message')} and ${count(fresh)}.`
        : `${plural(count(old), 'message')} written as only ${words.old} writes, and uids with - or _, which only ${words.fresh} draws.`,
    ],
    culprits: [
      ...names(old).map((uid) => culprit(uid, words.old, old)),
      ...names(fresh).map((uid) => culprit(uid, words.fresh, fresh)),
    ],
    symptom: words.symptom,
    next: [
      'Finish the roll-out: the same version in all servers and emitters. Next time give the new version a key (channelPrefix, streamName) of its own until all servers have it.',
    ],
    sure: isProven ? 'sure' : 'likely',
  };
}
