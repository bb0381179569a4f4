import { describePlace, type Evidence } from '../evidence.ts';
import { lacksMonitor } from '../known-groups.ts';
import type { Diagnosis, Rule } from '../rule.ts';
import type { Churn } from '../taps/room-churn.ts';
import { plural } from '../words.ts';

/** Fewer may be a user who clicks around. */
const LEAST_LIVES = 20;
/** Below this Redis does not feel it. */
const LEAST_PER_SECOND = 2;

/** Rooms come and go faster than anything is said in them. */
export const subscriptionChurn: Rule = {
  name: 'subscription-churn',
  severity: 'info',
  needs: 'traffic',
  summary: 'Servers subscribe to rooms and leave them again more often than they send anything.',
  fault: 'short-lived-rooms',
  check: ({ traffic }: Evidence): readonly Diagnosis[] => {
    if (traffic === undefined) return [];
    const seconds = Math.max(1, (traffic.last - traffic.first) / 1e6);
    return traffic.churn
      .list()
      .filter(
        ({ lives, commands, messages }) =>
          lives >= LEAST_LIVES && lives / seconds >= LEAST_PER_SECOND && commands > messages,
      )
      .map((churn) => diagnose(churn, seconds));
  },
  lacks: lacksMonitor,
};

function diagnose(churn: Churn, seconds: number): Diagnosis {
  const { lives, privateLives, commands, messages, clients, isSharded } = churn;
  const isPrivate = privateLives / lives > 1 / 2;
  const what = isPrivate ? 'sockets' : 'rooms';
  const busiest = [...clients].sort(([, a], [, b]) => b - a);
  return {
    where: describePlace(churn),
    sentence: `Servers subscribed ${(commands / seconds).toFixed(0)} times a second to channels of ${what} or left them, and sent ${(messages / seconds).toFixed(0)} messages a second.`,
    seen: [
      `${plural(commands, isSharded ? 'SSUBSCRIBE or SUNSUBSCRIBE' : 'SUBSCRIBE or UNSUBSCRIBE', 'commands to subscribe or unsubscribe')} in ${seconds.toFixed(1)} s; ${plural(lives, 'channel')} came and went meanwhile, for ${plural(messages, 'message')}.`,
    ],
    culprits: busiest.map(([value, count]) => {
      return { is: 'connection' as const, value, about: plural(count, 'time') };
    }),
    symptom:
      'no error: Redis is busy with subscriptions, and a room hears nothing until its subscription is there',
    next: [
      !isSharded
        ? 'Update the adapter: from socket.io-redis 5 on one pattern stands for all rooms.'
        : isPrivate
          ? 'subscriptionMode "dynamic" does not subscribe for every socket; "dynamic-private" pays where sockets stay and are written to.'
          : 'subscriptionMode "static" needs no subscription per room; "dynamic" pays where rooms last and few servers have each.',
    ],
    sure: 'sure',
  };
}
