import type { ServerGroup } from '../../redis/registry.ts';
import { killCommand } from '../commands.ts';
import { hostOf, type SeenClient } from '../connections.ts';
import { describePlace, type Evidence, lastingGroups, leftOver, type Look } from '../evidence.ts';
import type { Culprit, Diagnosis, Rule } from '../rule.ts';
import { describeSeconds, listNames, nameConnection, plural } from '../words.ts';

/** CLIENT LIST rounds ages and idle times. */
const ROUNDING_SECONDS = 1;

/** A server has connected anew, and its old connections are still subscribed. */
export const subscriberLeak: Rule = {
  name: 'subscriber-leak',
  severity: 'bites',
  needs: 'static',
  isAboutServers: true,
  summary:
    'Reconnecting servers leave their old connections behind: each is counted, and waited for in vain.',
  fault: 'subscriber-leak',
  check: ({ looks }: Evidence): readonly Diagnosis[] =>
    lastingGroups(looks, ({ doubled }) => doubled !== undefined)
      .map((versions) => ({ versions, uids: findLasting(versions) }))
      .filter(({ uids }) => uids.length > 0)
      .map(({ versions, uids }) => diagnose(versions, uids, looks)),
};

/** Uids that were subscribed twice or more in every look: a reconnection takes moments. */
function findLasting(versions: readonly ServerGroup[]): readonly string[] {
  const [first, ...later] = versions.map(({ doubled }) => (doubled ?? []).map(({ uid }) => uid));
  return (first ?? []).filter((uid) => later.every((uids) => uids.includes(uid)));
}

function diagnose(
  versions: readonly [ServerGroup, ...ServerGroup[]],
  uids: readonly string[],
  looks: readonly Look[],
): Diagnosis {
  const [first] = versions;
  const group = versions.at(-1) ?? first;
  const counts = (group.doubled ?? []).filter(({ uid }) => uids.includes(uid));
  const growth = leftOver(group) - leftOver(first);
  const seconds = ((looks.at(-1)?.to ?? 0) - (looks[0]?.from ?? 0)) / 1e6;
  const old = findOld(looks.at(-1));
  return {
    where: describePlace(group),
    sentence: `${listNames(counts.map(({ uid, connections }) => `${uid} is subscribed ${connections} times`))}: old connections of ${uids.length === 1 ? 'this server' : 'these servers'} were never closed.`,
    seen: [
      `Each server alone takes the channel with its uid; Redis counts more subscribers there, ${versions.length} times in a row.`,
      `${plural(group.uids.length, 'server')}, ${plural(group.counted, 'subscriber')}${growth > 0 ? `: ${growth} more within ${describeSeconds(seconds)}` : ''}.`,
    ],
    culprits: [...counts.map(({ uid }): Culprit => ({ is: 'uid', value: uid })), ...old.map(nameConnection)],
    symptom: `timeout reached: only ${group.uids.length - 1} responses received out of ${group.counted - 1}`,
    next: [
      ...(old.length === 0
        ? [
            'See who is subscribed (sub and psub); of one host the youngest is in use: redis-cli CLIENT LIST TYPE pubsub',
          ]
        : [`End what is left over: ${old.map((one) => killCommand(one, looks)).join('; ')}`]),
      'Find what hangs up on the server but not on Redis: a proxy, a NAT gateway, a suspended host. Let Redis find dead ends sooner: redis-cli CONFIG SET tcp-keepalive 60',
      'In code of your own: end the old client (quit or disconnect) before you make a new one; update old Redis clients.',
    ],
    sure: 'sure',
  };
}

/** All but the youngest of those with the same host and name, which said nothing since they subscribed. */
function findOld(look: Look | undefined): readonly SeenClient[] {
  const ears = (look?.clients ?? []).filter(
    ({ name, channels, shardChannels }) => name !== '' && channels + shardChannels > 1,
  );
  const homeOf = (client: SeenClient): string => JSON.stringify([hostOf(client), client.name]);
  return ears.filter(
    (ear) =>
      ear.idleSeconds >= ear.ageSeconds - ROUNDING_SECONDS &&
      ears.some((other) => homeOf(other) === homeOf(ear) && other.node === ear.node && other.id > ear.id),
  );
}
