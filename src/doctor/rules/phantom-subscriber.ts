import type { ClientRow } from '../../redis/client-list.ts';
import { countedChannel, type ServerGroup } from '../../redis/registry.ts';
import { killCommand } from '../commands.ts';
import { describePlace, type Evidence, lastingGroups, leftOver, type Look } from '../evidence.ts';
import type { Diagnosis, Rule } from '../rule.ts';
import { findUnlisted } from '../unlisted-servers.ts';
import { nameConnection, plural } from '../words.ts';

/** Somebody who is no server is subscribed to a channel whose subscribers servers count. */
export const phantomSubscriber: Rule = {
  name: 'phantom-subscriber',
  severity: 'breaks',
  needs: 'static',
  isAboutServers: true,
  summary:
    'Somebody who is no server is subscribed where servers count each other, and is waited for in vain.',
  fault: 'phantom-subscriber',
  check: (evidence: Evidence): readonly Diagnosis[] => {
    const { looks } = evidence;
    const lasting = lastingGroups(
      looks,
      (group) => group.uids.length > 0 && group.counted > group.uids.length,
    );
    return lasting
      .filter((versions) => excessOf(versions) > findUnlisted(versions, evidence).length)
      .map((versions) => diagnose(versions, looks));
  },
};

function excessOf(versions: readonly ServerGroup[]): number {
  return Math.min(...versions.map((group) => group.counted - group.uids.length - leftOver(group)));
}

function diagnose(versions: readonly [ServerGroup, ...ServerGroup[]], looks: readonly Look[]): Diagnosis {
  const [group] = versions;
  const excess = excessOf(versions);
  const suspects = (looks.at(-1)?.clients ?? []).filter((client) => isNoServer(client, group.adapter));
  const { name: channel } = countedChannel(group);
  const isNamed = suspects.length > 0 && suspects.length <= excess;
  const servers = plural(group.uids.length, 'server');
  return {
    where: describePlace(group),
    sentence: `Servers wait for ${plural(excess, 'answer')} that will never come: ${plural(excess, 'subscriber')} of ${channel} ${excess === 1 ? 'is' : 'are'} no server.`,
    seen: [
      `${plural(group.counted, 'subscriber')} of ${channel}, and ${servers} with a channel of their own, ${versions.length} times in a row.`,
      ...(isNamed || suspects.length === 0
        ? []
        : [`${plural(suspects.length, 'connection')} could be it: subscribed, but not as a server is.`]),
    ],
    culprits: suspects.map(nameConnection),
    symptom: `timeout reached: only ${group.uids.length - 1} responses received out of ${group.counted - 1}`,
    next: [
      'Whoever watches should use PSUBSCRIBE, MONITOR or sio-inspect, which servers do not count. A server with an adapter before 7.1 has no channel of its own either: update it.',
      ...(isNamed
        ? suspects.map((one) => `End that connection if nobody needs it: ${killCommand(one, looks)}`)
        : ['See who is subscribed (sub, psub and ssub are the numbers of channels): redis-cli CLIENT LIST']),
    ],
    sure: 'sure',
  };
}

/** A classic server has one pattern and three channels for each namespace, the others two channels. */
function isNoServer(client: ClientRow, adapter: ServerGroup['adapter']): boolean {
  switch (adapter) {
    case 'redis':
      return client.channels > 0 && client.patterns === 0;
    case 'redis-sharded':
      return client.shardChannels === 1;
    case 'redis-streams':
      return client.channels === 1;
  }
}
