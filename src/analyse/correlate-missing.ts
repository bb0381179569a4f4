import type { Peer, Registered } from './correlate-peers.ts';
import { clientsAsked, dueOf, type Growing, type Missing, type Reply } from './correlate-thread.ts';

type Names = Pick<Missing, 'who' | 'among' | 'notServers'>;

const NOBODY: Names = { who: [], among: [], notServers: 0 };

/** Compares who should have answered with who has. Names nobody who may have answered without saying who it was. */
export function findMissing(thread: Growing): Missing {
  const answers = thread.type === 'BROADCAST' ? thread.clientCounts : thread.replies;
  const servers = Math.max(0, (thread.expected ?? 0) - answers.length);
  return {
    servers,
    ...(servers === 0 || thread.answerers === 'owner' ? NOBODY : findNames(thread, answers, servers)),
    acks: Math.max(0, clientsAsked(thread) - thread.acks.length),
    acksOf: findSilentClients(thread),
  };
}

function findNames(thread: Growing, answers: readonly Reply[], servers: number): Names {
  const { group, registered } = thread;
  const peers =
    registered === undefined
      ? group.list(dueOf(thread))
      : [...registered.uids].map((uid) => group.peerOf(uid));
  const asker = thread.answerers === 'everyone' ? undefined : thread;
  const silent = peers.filter(
    (peer) => !isSame(peer, asker) && !answers.some((reply) => isSame(peer, reply)),
  );
  const nameless = answers.filter((reply) => !isFrom(reply, peers));
  if (registered !== undefined && registered.counted > registered.uids.size)
    return findAmidOthers(thread, registered, { silent, nameless, servers });
  return nameless.length === 0 && silent.length <= servers
    ? { ...NOBODY, who: silent }
    : { ...NOBODY, among: silent };
}

interface Lack {
  /** Servers that have not answered by their names. */
  readonly silent: readonly Peer[];
  /** Answers of none of the servers whose uids are known, as far as can be seen. */
  readonly nameless: readonly Reply[];
  readonly servers: number;
}

/**
 * More subscribers are counted than uids are known. The others are no servers, unless it shows that servers are among
 * them; then it stays open what a nameless answer means.
 */
function findAmidOthers(thread: Growing, registered: Registered, lack: Lack): Names {
  const { silent, nameless, servers } = lack;
  if (thread.answerers !== 'everyone' && thread.uid === undefined) return NOBODY;
  const hasUnlisted = thread.group.hasUnlisted(registered, dueOf(thread));
  const anonymous = nameless.filter(({ uid }) => uid === undefined).length;
  const lacking = silent.length - anonymous;
  if (lacking < 0 || (hasUnlisted && anonymous > 0)) return NOBODY;
  const notServers = hasUnlisted ? 0 : Math.max(0, servers - lacking);
  if (anonymous === 0 && lacking <= servers) return { who: silent, among: [], notServers };
  return { who: [], among: lacking === 0 ? [] : silent, notServers };
}

interface Sender {
  readonly uid?: string;
  readonly client?: string;
}

function isSame(peer: Peer, sender: Sender | undefined): boolean {
  if (sender === undefined) return false;
  if (peer.uid !== undefined && sender.uid !== undefined) return peer.uid === sender.uid;
  return peer.client !== undefined && peer.client === sender.client;
}

function isFrom(reply: Reply, peers: readonly Peer[]): boolean {
  return peers.some((peer) => isSame(peer, reply));
}

/** Per server: clients announced against acks that came. Acks that name no server leave it open whose they are. */
function findSilentClients({ clientCounts, acks, group }: Growing): Missing['acksOf'] {
  const nameOf = ({ uid, client }: Reply): string | undefined => uid ?? client;
  if (acks.some((ack) => nameOf(ack) === undefined)) return [];
  return clientCounts.flatMap((count) => {
    const name = nameOf(count);
    if (name === undefined) return [];
    const came = acks.filter((ack) => nameOf(ack) === name).length;
    const lacking = (count.clients ?? 0) - came;
    const peer = count.uid === undefined ? { client: name } : group.peerOf(count.uid);
    return lacking > 0 ? [{ peer, acks: lacking }] : [];
  });
}
