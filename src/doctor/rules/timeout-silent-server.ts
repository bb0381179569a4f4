import type { ClientRow } from '../../redis/client-list.ts';
import { describePlace, type Evidence } from '../evidence.ts';
import type { Culprit, Diagnosis, Rule } from '../rule.ts';
import { type Judged, judgePlaces, lastingShortage, type Place } from '../shortfalls.ts';
import { describeSeconds, listNames, nameConnection, plural } from '../words.ts';

/** A server is subscribed, is therefore waited for, and does not answer. */
export const timeoutSilentServer: Rule = {
  name: 'timeout-silent-server',
  severity: 'breaks',
  needs: 'traffic',
  summary: 'A server is subscribed but does not answer: blocked, stopped, or gone without a word.',
  fault: 'frozen-worker',
  check: (evidence: Evidence): readonly Diagnosis[] =>
    judgePlaces(evidence).flatMap((place) => {
      const short = lastingShortage(place.wide);
      if (short.length > 0) return [diagnose(place, short, evidence)];
      // Without any request that servers answer by themselves, an idle publisher is all there is to go by.
      if (place.wide.length > 0) return [];
      const unanswered = lastingShortage(place.handled);
      const idle = findIdle(unanswered, evidence);
      return idle.length > 0 && idle.length <= leastMissing(unanswered)
        ? [diagnose(place, unanswered, evidence)]
        : [];
    }),
};

export function leastMissing(short: readonly Judged[]): number {
  return Math.min(...short.map(({ missing }) => missing));
}

function diagnose(place: Place, short: readonly Judged[], evidence: Evidence): Diagnosis {
  const missing = leastMissing(short);
  const [first] = short;
  const servers = (first?.expected ?? 0) + 1;
  const { culprits, sure } = nameSilent(place, short, evidence);
  const all = place.wide.length > 0 ? place.wide : place.handled;
  const answers = first === undefined ? '' : `${first.outcome.answers} of ${first.expected}`;
  const named = listNames(culprits.map(({ value }) => value));
  const slow = short.filter(({ outcome }) => outcome.slowest > outcome.timeoutMs * 1000);
  return {
    where: describePlace(place),
    sentence: `${missing} of ${plural(servers, 'server')} ${missing === 1 ? 'does' : 'do'} not answer${sure === 'sure' ? `: ${named}` : ''}.`,
    seen: [
      `${short.length} of ${plural(all.length, 'request')} got ${answers} answers (${listNames([...new Set(short.map(({ outcome }) => outcome.type))])}).`,
      ...(place.group === undefined ? [] : ['It is subscribed, so that the others wait for it.']),
      ...(slow.length === 0
        ? []
        : [
            `It does answer, but too late: after ${(Math.max(...slow.map(({ outcome }) => outcome.slowest)) / 1e6).toFixed(1)} s.`,
          ]),
    ],
    culprits,
    symptom: `timeout reached: only ${first?.outcome.answers ?? 0} responses received out of ${first?.expected ?? 0}`,
    next: [
      'Look at that process: is its event loop blocked, is it stopped, is its host reachable?',
      ...killHint(culprits, evidence),
    ],
    sure,
  };
}

interface Named {
  readonly culprits: readonly Culprit[];
  readonly sure: Diagnosis['sure'];
}

/** By uid where answers say who they are; else by the connection that has been quiet; else by elimination. */
function nameSilent(place: Place, short: readonly Judged[], evidence: Evidence): Named {
  const missing = leastMissing(short);
  const byAnswers = alwaysMissing(short);
  const idle = findIdle(short, evidence);
  if (byAnswers.length > 0 && byAnswers.length <= missing) {
    const culprits = byAnswers.map((value): Culprit => ({
      is: 'uid',
      value,
      about: aboutUid(value, evidence),
    }));
    return {
      culprits: [...culprits, ...(idle.length <= missing ? idle.map(nameConnection) : [])],
      sure: 'sure',
    };
  }
  const quiet = quietUids(place, evidence);
  const uids = quiet.length <= missing ? quiet.map((value): Culprit => ({ is: 'uid', value })) : [];
  if (idle.length > 0 && idle.length <= missing) {
    const told = 'the only publisher that said nothing meanwhile';
    const culprits = idle
      .map(nameConnection)
      .map((c) => ({ ...c, about: [c.about, told].filter(Boolean).join('; ') }));
    return { culprits: [...uids, ...culprits], sure: 'sure' };
  }
  if (uids.length > 0) return { culprits: uids, sure: 'likely' };
  const among = quiet.map((value): Culprit => ({ is: 'uid', value, about: 'said nothing meanwhile' }));
  return { culprits: [...among, ...idle.map(nameConnection)], sure: 'likely' };
}

/** Uids that were missing in every short request. */
function alwaysMissing(short: readonly Judged[]): readonly string[] {
  const lists = short.map(({ outcome }) => outcome.who.flatMap(({ uid }) => uid ?? []));
  const [first = [], ...rest] = lists;
  return first.filter((uid) => rest.every((list) => list.includes(uid)));
}

/** Servers that are subscribed and have said nothing by which they could be known. */
function quietUids({ key, nsp, group }: Place, { traffic }: Evidence): readonly string[] {
  const heard = new Set(
    (traffic?.senders.list() ?? [])
      .filter((sender) => sender.key === key && sender.nsp === nsp)
      .map(({ uid }) => uid),
  );
  return (group?.uids ?? []).filter((uid) => !heard.has(uid));
}

function aboutUid(uid: string, { traffic }: Evidence): string {
  const client = traffic?.senders.list().find((sender) => sender.uid === uid)?.client;
  return client === undefined ? 'never among those who answered' : `it published from ${client}`;
}

/** What a publishing connection of a server last said; one that has published nothing yet has only greeted. */
const PUBLISHER = /^(?:s?publish|pubsub\|.*|pubsub|info|auth|hello|select|ping|client\|.*|client|NULL)$/;
/** Redis rounds idle times down. */
const ROUNDING_SECONDS = 1;

/** Publishers that have said nothing since the first request that lacks an answer, when they should have answered. */
export function findIdle(short: readonly Judged[], { looks }: Evidence): readonly ClientRow[] {
  const look = looks.at(-1);
  const at = short[0]?.outcome.at;
  if (look?.clients === undefined || at === undefined) return [];
  const since = (look.from - at) / 1e6;
  if (since < ROUNDING_SECONDS) return [];
  return look.clients.filter(
    ({ channels, patterns, shardChannels, idleSeconds, ageSeconds, lastCommand, flags }) =>
      channels + patterns + shardChannels === 0 &&
      !/[OSM]/.test(flags) &&
      idleSeconds >= since - ROUNDING_SECONDS &&
      ageSeconds >= since - ROUNDING_SECONDS &&
      PUBLISHER.test(lastCommand),
  );
}

function killHint(culprits: readonly Culprit[], { looks }: Evidence): readonly string[] {
  const addresses = new Set(culprits.filter(({ is }) => is === 'connection').map(({ value }) => value));
  const publishers = (looks.at(-1)?.clients ?? []).filter(({ address }) => addresses.has(address));
  return publishers.flatMap((publisher) => {
    const pair = (looks.at(-1)?.clients ?? []).filter((client) => isPairOf(publisher, client));
    const [sub] = pair;
    if (pair.length !== 1 || sub === undefined) return [];
    return [
      `If it is gone for good, end its subscription (${sub.address}, ${describeSeconds(sub.ageSeconds)} old): redis-cli CLIENT KILL ID ${sub.id}`,
    ];
  });
}

/** A server opens its two connections within the same seconds, from the same host, and by the same name if it has one. */
function isPairOf(publisher: ClientRow, client: ClientRow): boolean {
  const host = (address: string): string => address.slice(0, address.lastIndexOf(':'));
  return (
    client.channels + client.shardChannels > 0 &&
    host(client.address) === host(publisher.address) &&
    Math.abs(client.ageSeconds - publisher.ageSeconds) <= 1 &&
    isSameOwner(client.name, publisher.name)
  );
}

function isSameOwner(a: string, b: string): boolean {
  const owner = (name: string): string => name.replace(/[-_:.]?(?:pub|sub)(?:scriber|lisher)?$/i, '');
  return owner(a) === owner(b);
}
