import { EMITTER } from '../model/message.ts';
import type { ClientRow } from '../redis/client-list.ts';
import { killCommand } from './commands.ts';
import { isOpenedTogether, isPlain, type SeenClient } from './connections.ts';
import type { Evidence } from './evidence.ts';
import type { Culprit, Diagnosis } from './rule.ts';
import { type Judged, leastMissing, type Place } from './shortfalls.ts';
import { describeSeconds, nameConnection } from './words.ts';

/** Who does not answer the requests of a place. */
export interface Suspects {
  readonly culprits: readonly Culprit[];
  /** True where it has said something while it owed answers: its process runs, and its way to Redis is open. */
  readonly isAlive: boolean;
  readonly sure: Diagnosis['sure'];
}

/**
 * By uid or address where answers tell who they are from; else by the connection that has been quiet; else by
 * elimination. `short` are requests that lack answers again and again.
 */
export function findSuspects(place: Place, short: readonly Judged[], evidence: Evidence): Suspects {
  return byAnswers(place, short, evidence) ?? byConnections(place, short, evidence);
}

/** Answers of the cluster family carry a uid; those of classic servers an address, where the capture shows it. */
function byAnswers(place: Place, short: readonly Judged[], evidence: Evidence): Suspects | undefined {
  const missing = leastMissing(short);
  const spoke = findSpeakers(place, short, evidence);
  const named = alwaysMissing(short);
  const left = spoke.filter((uid) => !hasAnswered(uid, short, evidence));
  const uids = named.length > 0 ? named : left.length === missing ? left : [];
  if (uids.length === 0 || uids.length > missing) return undefined;
  const isAlive = uids.every((uid) => spoke.includes(uid));
  const culprits = uids.flatMap((uid) => identify(uid, evidence));
  if (isAlive || culprits.some(({ is }) => is === 'connection')) return { culprits, isAlive, sure: 'sure' };
  const idle = findIdle(short, evidence);
  return {
    culprits: [...culprits, ...(idle.length <= missing ? idle.map(nameConnection) : [])],
    isAlive,
    sure: 'sure',
  };
}

function byConnections(place: Place, short: readonly Judged[], evidence: Evidence): Suspects {
  const missing = leastMissing(short);
  const idle = findIdle(short, evidence);
  const owned = findIdleServers(short, evidence);
  const quiet = quietUids(place, evidence);
  const uids = quiet.length <= missing ? quiet.map((value): Culprit => ({ is: 'uid', value })) : [];
  if (owned.length > 0 && owned.length <= missing) {
    const told = 'the only publisher that said nothing meanwhile';
    const culprits = owned
      .map(nameConnection)
      .map((c) => ({ ...c, about: [c.about, told].filter(Boolean).join('; ') }));
    return { culprits: [...uids, ...culprits], isAlive: false, sure: 'sure' };
  }
  if (isNobodyIdle(short, evidence)) return { culprits: [], isAlive: true, sure: 'likely' };
  if (uids.length > 0) return { culprits: uids, isAlive: false, sure: 'likely' };
  const among = quiet.map((value): Culprit => ({ is: 'uid', value, about: 'said nothing meanwhile' }));
  return { culprits: [...among, ...idle.map(nameConnection)], isAlive: false, sure: 'likely' };
}

/** Uids that were missing in every short request. */
function alwaysMissing(short: readonly Judged[]): readonly string[] {
  const lists = short.map(({ outcome }) => outcome.who.flatMap(({ uid }) => uid ?? []));
  const [first = [], ...rest] = lists;
  return first.filter((uid) => rest.every((list) => list.includes(uid)));
}

/** Servers of the place that have sent something of their own since the first request that lacks an answer. */
function findSpeakers(
  { key, nsp, group }: Place,
  short: readonly Judged[],
  { traffic }: Evidence,
): readonly string[] {
  const since = short[0]?.outcome.at ?? Number.POSITIVE_INFINITY;
  const subscribed = new Set(group?.uids);
  return (traffic?.senders.list() ?? [])
    .filter((sender) => sender.key === key && sender.nsp === nsp && sender.last > since)
    .map(({ uid }) => uid)
    .filter((uid) => uid !== EMITTER && (subscribed.size === 0 || subscribed.has(uid)));
}

/** It has, or need not, or it cannot be known: without an address nobody tells answers of classic servers apart. */
function hasAnswered(uid: string, short: readonly Judged[], evidence: Evidence): boolean {
  const client = evidence.traffic?.outcomes.addressOf(uid);
  return (
    client === undefined ||
    short.some(
      ({ outcome: { asker, answerers } }) =>
        asker === uid || answerers.some((name) => name === uid || name === client),
    )
  );
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

/** All that is known of a server, by its uid or by the address that it publishes from. */
export function identify(name: string, { looks, traffic }: Evidence): readonly Culprit[] {
  const isAddress = name.includes(':');
  const uid = isAddress ? (traffic?.outcomes.nameAt(name) ?? name) : name;
  const client = isAddress ? name : traffic?.outcomes.addressOf(name);
  const row = looks.at(-1)?.clients?.find(({ address }) => address === client);
  return [
    ...(uid === client ? [] : [{ is: 'uid' as const, value: uid }]),
    ...(row === undefined
      ? client === undefined
        ? []
        : [{ is: 'connection' as const, value: client, about: 'publishes from there' }]
      : [nameConnection(row)]),
  ];
}

/** What a publishing connection of a server last said; one that has published nothing yet has only greeted. */
const PUBLISHER = /^(?:s?publish|pubsub\|.*|pubsub|info|auth|hello|select|ping|client\|.*|client|NULL)$/;
/** Redis rounds idle times down. */
const ROUNDING_SECONDS = 1;
/** Within less, nobody can be said to be idle. */
const LEAST_IDLE_SECONDS = 2;

/** Publishers that have said nothing since the first request that lacks an answer, when they should have answered. */
export function findIdle(short: readonly Judged[], evidence: Evidence): readonly ClientRow[] {
  return (quietConnections(short, evidence) ?? []).filter(({ lastCommand }) => PUBLISHER.test(lastCommand));
}

/** Those of them that have a sub connection beside them, as servers do. */
export function findIdleServers(short: readonly Judged[], evidence: Evidence): readonly ClientRow[] {
  return findIdle(short, evidence).filter((client) => hasEar(client, evidence));
}

/** True where every connection that could be a server's publisher has said something meanwhile. */
function isNobodyIdle(short: readonly Judged[], evidence: Evidence): boolean {
  const quiet = quietConnections(short, evidence);
  const isServers = (client: ClientRow): boolean =>
    SERVERS_WORDS.test(client.lastCommand) || hasEar(client, evidence);
  return quiet !== undefined && !quiet.some(isServers);
}

/** What hardly anybody but a server says. */
const SERVERS_WORDS = /^(?:s?publish|pubsub.*|xadd)$/;

/** Servers have a second connection, which is subscribed. */
function hasEar(publisher: ClientRow, { looks }: Evidence): boolean {
  return looks.at(-1)?.clients?.some((client) => isPairOf(publisher, client)) === true;
}

function quietConnections(short: readonly Judged[], { looks }: Evidence): readonly ClientRow[] | undefined {
  const look = looks.at(-1);
  const at = short[0]?.outcome.at;
  if (look?.clients === undefined || at === undefined) return undefined;
  const since = (look.from - at) / 1e6;
  if (since < LEAST_IDLE_SECONDS) return undefined;
  return look.clients.filter(
    (client) =>
      isPlain(client) &&
      client.idleSeconds >= since - ROUNDING_SECONDS &&
      client.ageSeconds >= since - ROUNDING_SECONDS,
  );
}

/** The sub connection of each publisher among the culprits, where only one fits. */
export function findEars(culprits: readonly Culprit[], { looks }: Evidence): readonly SeenClient[] {
  const addresses = new Set(culprits.filter(({ is }) => is === 'connection').map(({ value }) => value));
  const clients = looks.at(-1)?.clients ?? [];
  return clients
    .filter(({ address }) => addresses.has(address))
    .flatMap((publisher) => {
      const pair = clients.filter((client) => isPairOf(publisher, client));
      return pair.length === 1 ? pair : [];
    });
}

/** How to make servers count right again at once. */
export function killHint(ears: readonly SeenClient[], { looks }: Evidence): readonly string[] {
  return ears.map(
    (ear) =>
      `If it is gone for good, end its subscription (${ear.address}, ${describeSeconds(ear.ageSeconds)} old): ${killCommand(ear, looks)}`,
  );
}

/** A server opens its two connections within the same seconds, from the same host, and by the same name if it has one. */
function isPairOf(publisher: ClientRow, client: ClientRow): boolean {
  return (
    client.channels + client.shardChannels > 0 &&
    isOpenedTogether(client, publisher) &&
    isSameOwner(client.name, publisher.name)
  );
}

function isSameOwner(a: string, b: string): boolean {
  const owner = (name: string): string => name.replace(/[-_:.]?(?:pub|sub)(?:scriber|lisher)?$/i, '');
  return owner(a) === owner(b);
}
