import { describePlace, type Evidence, groupByPlace } from '../evidence.ts';
import type { Diagnosis, Rule } from '../rule.ts';
import { plural } from '../words.ts';

const LEAST_PRIVATES = 20;
const LEAST_SHARE = 1 / 2;
const LEAST_SERVERS = 3;

/** Messages to one socket go to every server, and all but one throw them away. */
export const privateFanout: Rule = {
  name: 'private-fanout',
  severity: 'info',
  needs: 'traffic',
  summary: 'Most broadcasts are for one socket, and every server receives and drops them.',
  fault: 'private-fanout',
  check: ({ looks, traffic }: Evidence): readonly Diagnosis[] => {
    const senders = traffic?.senders.list() ?? [];
    return groupByPlace(senders).flatMap(([where, here]): Diagnosis[] => {
      const sum = (of: (sender: (typeof here)[number]) => number): number =>
        here.reduce((total, sender) => total + of(sender), 0);
      const [privates, broadcasts, bytes] = [
        sum((sender) => sender.privates),
        sum((sender) => sender.broadcasts),
        sum((sender) => sender.privateBytes),
      ];
      const group = looks.at(-1)?.groups.find((candidate) => describePlace(candidate) === where);
      const servers = group?.counted ?? new Set(here.map(({ uid }) => uid)).size;
      if (privates < LEAST_PRIVATES || privates / broadcasts < LEAST_SHARE || servers < LEAST_SERVERS)
        return [];
      return [
        {
          where,
          sentence: `${privates} of ${plural(broadcasts, 'broadcast')} are for one socket each, and each went to all ${servers} servers.`,
          seen: [
            `About ${((bytes * (servers - 1)) / 1e3).toFixed(0)} kB were delivered to servers that threw them away.`,
          ],
          culprits: [],
          next: [
            'Worth it from some thousand a second on: createShardedAdapter() with subscriptionMode "dynamic-private" gives each socket its own channel. Where the socket is on this very server, socket.emit() does not need Redis.',
          ],
          sure: 'sure',
        },
      ];
    });
  },
};
