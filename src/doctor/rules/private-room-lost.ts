import { type Evidence, groupByPlace } from '../evidence.ts';
import { lacksShardedTraffic, NEEDS_SUBSCRIPTIONS } from '../known-groups.ts';
import { spans } from '../own-channels.ts';
import type { Culprit, Diagnosis, Rule } from '../rule.ts';
import type { PrivateRoom } from '../taps/private-rooms.ts';
import { plural } from '../words.ts';

/** A version that never subscribes to such channels loses every message: two are enough to be no accident. */
const LEAST_OF_OLD = 2;
/** With other versions the socket may just have left. */
const LEAST_OTHERS = 3;
/** Of all messages to single sockets; those of sockets that have left are the smaller part where all is well. */
const LEAST_SHARE = 1 / 2;
const ROOMS_SHOWN = 3;

/** Messages for one socket go to a channel that no server subscribes to. */
export const privateRoomLost: Rule = {
  name: 'private-room-lost',
  severity: 'breaks',
  needs: 'traffic',
  summary: 'Messages for single sockets go to sharded channels that nobody is subscribed to.',
  fault: 'private-room-lost',
  check: (evidence: Evidence): readonly Diagnosis[] => {
    const rooms = evidence.traffic?.privateRooms.list() ?? [];
    return groupByPlace(rooms).flatMap(([where, here]) => {
      const lost = here.filter((room) => isLost(room, evidence));
      const old = lost.filter(({ isOld }) => isOld);
      if (count(old) >= LEAST_OF_OLD) return [diagnose(where, old, here)];
      const isMost = count(lost) >= LEAST_OTHERS && count(lost) / count(here) >= LEAST_SHARE;
      return isMost ? [diagnose(where, lost, here)] : [];
    });
  },
  lacks: (evidence: Evidence): string | undefined => {
    const { looks, traffic } = evidence;
    const hasRooms = (traffic?.privateRooms.list().length ?? 0) > 0;
    const isTold =
      looks.some(({ listeners }) => listeners !== undefined) ||
      traffic?.subscriptions.registry() !== undefined;
    return hasRooms && !isTold ? NEEDS_SUBSCRIPTIONS : lacksShardedTraffic(evidence);
  },
};

function isLost(room: PrivateRoom, { looks, traffic }: Evidence): boolean {
  if (looks.every(({ listeners }) => listeners === undefined))
    return traffic?.subscriptions.registry() !== undefined && room.unheard === room.messages;
  const asked = looks.filter(({ listeners }) => listeners?.has(room.channel));
  const isDeserted = asked.length > 0 && asked.every(({ listeners }) => listeners?.get(room.channel) === 0);
  // Sent to before and after a look that found nobody: the socket did not just come or go.
  return isDeserted && (room.isOld || asked.some((look) => spans(room, look)));
}

function count(rooms: readonly PrivateRoom[]): number {
  return rooms.reduce((sum, { messages }) => sum + messages, 0);
}

function diagnose(where: string, lost: readonly PrivateRoom[], here: readonly PrivateRoom[]): Diagnosis {
  const isOld = lost.some((room) => room.isOld);
  const senders = [...new Set(lost.map(({ uid }) => uid))];
  const culprits = senders.map((value): Culprit => {
    const client = lost.find((room) => room.uid === value)?.client;
    const version = isOld ? 'adapter 8.2' : 'adapter 8.3 or later, subscriptionMode "dynamic-private"';
    return { is: 'uid', value, about: `${version}${client === undefined ? '' : `, from ${client}`}` };
  });
  return {
    where,
    sentence: `${plural(count(lost), 'message')} for single sockets went to channels that no server is subscribed to: io.to(socketId) does not reach other servers.`,
    seen: [
      `${plural(lost.length, 'channel')} of sockets without any subscriber, ${count(lost)} of ${plural(count(here), 'message')} to such channels.`,
      isOld
        ? 'The sender is @socket.io/redis-adapter 8.2: it publishes there, and never subscribes.'
        : 'The sender is in the mode "dynamic-private"; others that subscribe to the channels of their sockets are not there, or all these sockets have left.',
    ],
    culprits: [
      ...culprits,
      ...lost
        .slice(0, ROOMS_SHOWN)
        .map(({ channel }): Culprit => ({ is: 'channel', value: channel, about: '0 subscribers' })),
    ],
    symptom:
      'no error: io.to(socketId).emit(…) and fetched sockets work only on the server that has the socket',
    next: [
      isOld
        ? 'Update @socket.io/redis-adapter to 8.3 or later on all servers; until then subscriptionMode "static" avoids it.'
        : 'Give all servers the same subscriptionMode in createShardedAdapter(). If they have, look for socket ids that are kept after the socket has left.',
    ],
    sure: isOld ? 'sure' : 'likely',
  };
}
