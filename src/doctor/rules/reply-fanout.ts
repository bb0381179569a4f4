import { describePlace, type Evidence } from '../evidence.ts';
import type { Diagnosis, Rule } from '../rule.ts';
import type { SharedReplies } from '../taps/replies.ts';
import { plural } from '../words.ts';

/** The cost grows with the square of their number: with five it is 16 deliveries for a request, with twenty 361. */
const LEAST_SERVERS = 6;
/** Each is a message that a server takes, parses and drops; fewer are lost in what else it does. */
const LEAST_PER_SECOND = 200;
const LEAST_REPLIES = 50;

/** Answers for one server are sent to all. */
export const replyFanout: Rule = {
  name: 'reply-fanout',
  severity: 'info',
  needs: 'traffic',
  summary: 'Each answer to a request goes to every server, and all but one parse it and drop it.',
  fault: 'reply-fanout',
  check: (evidence: Evidence): readonly Diagnosis[] => {
    const { traffic } = evidence;
    if (traffic === undefined) return [];
    const seconds = Math.max(1, (traffic.last - traffic.first) / 1e6);
    return traffic.replies.list().flatMap((place) => {
      const servers = countServers(place, evidence);
      const isMuch = place.replies >= LEAST_REPLIES && wasted(place, servers) / seconds >= LEAST_PER_SECOND;
      return servers >= LEAST_SERVERS && isMuch ? [diagnose(place, servers, seconds)] : [];
    });
  },
};

/** All but the one who has asked. */
function wasted({ replies }: SharedReplies, servers: number): number {
  return replies * Math.max(0, servers - 1);
}

function countServers({ key, nsp }: SharedReplies, { looks, traffic }: Evidence): number {
  const isHere = (group: { readonly key: string; readonly nsp: string; readonly adapter: string }): boolean =>
    group.key === key && group.nsp === nsp && group.adapter === 'redis';
  const group = looks.at(-1)?.groups.find(isHere);
  if (group !== undefined) return group.counted;
  return traffic?.subscriptions.registry()?.find(isHere)?.uids.length ?? 0;
}

function diagnose(place: SharedReplies, servers: number, seconds: number): Diagnosis {
  const copies = wasted(place, servers);
  return {
    where: describePlace(place),
    sentence: `Each of ${plural(place.replies, 'answer')} went to all ${servers} servers: ${(copies / seconds).toFixed(0)} copies a second are parsed and dropped.`,
    seen: [
      `${plural(place.replies, 'answer')} on ${place.channel} in ${seconds.toFixed(1)} s, ${((place.bytes * (servers - 1)) / 1e3).toFixed(0)} kB of copies for servers that had not asked (${[...place.types].join(', ')}).`,
    ],
    culprits: [{ is: 'channel', value: place.channel }],
    next: [
      'createAdapter(pub, sub, { publishOnSpecificResponseChannel: true }) on all servers sends each answer to the one who asked (from @socket.io/redis-adapter 7.1 on; answers to serverSideEmit() stay where they are).',
    ],
    sure: 'sure',
  };
}
