import type { Peer } from './correlate-peers.ts';
import { clientsAsked, dueOf, type Growing, type Missing, type Reply } from './correlate-thread.ts';

/** Compares who should have answered with who has. Names nobody who may have answered without saying who it was. */
export function findMissing(thread: Growing): Missing {
  const answers = thread.type === 'BROADCAST' ? thread.clientCounts : thread.replies;
  const servers = Math.max(0, (thread.expected ?? 0) - answers.length);
  const silent = thread.answerers === 'owner' ? [] : findSilent(thread, answers);
  const nameless = answers.filter((reply) => !isFrom(reply, thread.group.list(dueOf(thread)))).length;
  const isSure = nameless === 0 && silent.length <= servers;
  const clients = thread.group.list(dueOf(thread));
  return {
    servers,
    who: servers > 0 && isSure ? silent : [],
    among: servers > 0 && !isSure ? (thread.answerers === 'owner' ? clients : silent) : [],
    acks: Math.max(0, clientsAsked(thread) - thread.acks.length),
    acksOf: findSilentClients(thread),
  };
}

function findSilent(thread: Growing, answers: readonly Reply[]): readonly Peer[] {
  const asker = thread.answerers === 'everyone' ? undefined : thread;
  return thread.group
    .list(dueOf(thread))
    .filter((peer) => !isSame(peer, asker) && !answers.some((reply) => isSame(peer, reply)));
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
