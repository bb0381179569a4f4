import type { Threads } from '../analyse/correlate.ts';
import type { Peer } from '../analyse/correlate-peers.ts';
import { clientsAsked, type Missing, type Reply, type Thread } from '../analyse/correlate-thread.ts';
import { plural } from './phrase.ts';
import { safeText } from './safe-text.ts';
import type { Theme } from './theme.ts';

const NAMES_SHOWN = 6;
/** Enough of an id to find it again; the whole of classic ones. */
const ID_SHOWN = 6;

/** `REMOTE_FETCH a81f3c`, as lines of monitor show it. */
export function nameThread({ type, requestId }: Thread): string {
  return `${safeText(type)} ${safeText(requestId.slice(0, ID_SHOWN))}`;
}

/** The end of a thread in one line: complete with the times that it took, or what is missing. */
export function writeVerdict(thread: Thread, threads: Threads, theme: Theme): string {
  switch (thread.state) {
    case 'complete':
      return `${theme.good(`✓ ${nameThread(thread)} ${thread.expectedFrom === 'heard' ? 'complete as far as is known' : 'complete'}`)}: ${describeAnswers(thread)}`;
    case 'timed-out':
      return `${theme.trouble(`✗ ${nameThread(thread)} timed out after ${thread.timeoutMs} ms`)}: ${describeLack(thread, thread.missing ?? threads.missing(thread))}`;
    case 'open':
      return `${theme.warning(`… ${nameThread(thread)} still open`)}: ${describeLack(thread, threads.missing(thread))}`;
  }
}

/** `2 of 3 servers, slowest 4.1 ms`; `notServers` of those that the asker counts are none. */
function describeAnswers(thread: Thread, notServers = 0): string {
  const { expectedFrom, acks, type } = thread;
  const expected = thread.expected === undefined ? undefined : thread.expected - notServers;
  const answers = serverAnswers(thread);
  const of = expected === undefined || expectedFrom === 'heard' ? '' : ` of ${expected}`;
  const parts = [
    expectedFrom === 'owner'
      ? answers.length > 0
        ? 'answered'
        : 'not answered'
      : `${answers.length}${of} ${(of === '' ? answers.length : expected) === 1 ? 'server' : 'servers'} answered`,
    ...(type === 'BROADCAST' ? [`${acks.length} of ${plural(clientsAsked(thread), 'client ack')}`] : []),
    ...slowest([...answers, ...acks]),
  ];
  return parts.join(', ');
}

function serverAnswers({ type, clientCounts, replies }: Thread): readonly Reply[] {
  return type === 'BROADCAST' ? clientCounts : replies;
}

function slowest(replies: readonly Reply[]): readonly string[] {
  const latencies = replies.flatMap(({ latencyMicros }) => latencyMicros ?? []);
  if (latencies.length === 0) return [];
  return [`slowest ${formatLatency(Math.max(...latencies))}`];
}

function describeLack(thread: Thread, missing: Missing): string {
  const { servers, acks, acksOf, notServers } = missing;
  const parts = [describeAnswers(thread, notServers)];
  if (servers > 0 && thread.expectedFrom === 'owner')
    parts.push('the server that has the socket does not answer, or none has it');
  else if (servers > 0) parts.push(`missing: ${describeSilent(missing)}`);
  if (acks > 0) parts.push(`${plural(acks, 'client ack')} missing${describeSilentClients(acksOf)}`);
  if (thread.expectedFrom === 'heard' && thread.expected !== undefined)
    parts.push('how many there are was only heard, not counted');
  if (thread.hasGap) parts.push('the capture has a gap meanwhile: some of it may have come');
  return parts.join('; ');
}

function describeSilent({ servers, who, among, notServers }: Missing): string {
  const rest = servers - notServers - who.length;
  const unnamed =
    among.length > 0
      ? `${plural(rest, 'server')}, among ${listPeers(among)} (their replies do not say who sent them)${notServers > 0 ? ',' : ''}`
      : `${countedSubscribers(rest)} that nothing names`;
  return [
    ...(who.length > 0 ? [listPeers(who)] : []),
    ...(rest > 0 ? [unnamed] : []),
    ...(notServers > 0
      ? [`${countedSubscribers(notServers)} ${notServers === 1 ? 'is no server' : 'are no servers'}`]
      : []),
  ].join(' and ');
}

/** `1 subscriber that is counted and` */
function countedSubscribers(count: number): string {
  return `${plural(count, 'subscriber')} that ${count === 1 ? 'is' : 'are'} counted and`;
}

function describeSilentClients(acksOf: Missing['acksOf']): string {
  if (acksOf.length === 0) return '';
  return `: ${acksOf.map(({ peer, acks }) => `${acks} at ${describePeer(peer)}`).join(', ')}`;
}

function listPeers(peers: readonly Peer[]): string {
  const shown = peers.slice(0, NAMES_SHOWN).map(describePeer).join(', ');
  return peers.length > NAMES_SHOWN ? `${shown} and ${peers.length - NAMES_SHOWN} more` : shown;
}

/** `9fQ2mP (10.0.3.17:50122)` */
function describePeer({ uid, client, subscriber }: Peer): string {
  const address = client ?? subscriber;
  if (uid === undefined) return safeText(address ?? 'unknown');
  return address === undefined ? safeText(uid) : `${safeText(uid)} (${safeText(address)})`;
}

/** A reply's part of its line: `+2.1 ms from 9fQ2mP (10.0.3.17:50122)`. */
export function writeReplyNote(reply: Reply, theme: Theme): string {
  const { latencyMicros, uid, client, isLate } = reply;
  const latency = latencyMicros === undefined ? '' : `+${formatLatency(latencyMicros)} `;
  const from =
    uid === undefined && client === undefined
      ? ''
      : `from ${describePeer({ ...(uid === undefined ? {} : { uid }), ...(client === undefined ? {} : { client }) })}`;
  const late = isLate ? theme.trouble(' too late') : '';
  return `${theme.good(latency)}${theme.dim(from)}${late}`;
}

/** `0.4 ms`, `12 ms`, `5.2 s` */
export function formatLatency(micros: number): string {
  if (micros < 10_000) return `${(micros / 1000).toFixed(1)} ms`;
  return micros < 1e6 ? `${Math.round(micros / 1000)} ms` : `${(micros / 1e6).toFixed(1)} s`;
}
