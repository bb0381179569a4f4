import type { ServerGroup } from '../../redis/registry.ts';
import { describePlace, type Evidence, lastingGroups } from '../evidence.ts';
import type { Diagnosis, Rule } from '../rule.ts';
import { plural } from '../words.ts';

const NAMES = { redis: 'classic', 'redis-sharded': 'sharded', 'redis-streams': 'streams' } as const;

/** One key and namespace on two buses: those on the one never hear those on the other. */
export const mixedAdapters: Rule = {
  name: 'mixed-adapters',
  severity: 'breaks',
  needs: 'static',
  isAboutServers: true,
  summary: 'Servers of one namespace use different adapters, which never meet.',
  fault: 'mixed-adapters',
  check: ({ looks }: Evidence): readonly Diagnosis[] => {
    const there = lastingGroups(looks, ({ counted, uids }) => counted > 0 || uids.length > 0).map(
      ([group]) => group,
    );
    const names = new Set(there.map(placeOf));
    return [...names]
      .map((name) => there.filter((group) => placeOf(group) === name))
      .filter((groups) => groups.length > 1)
      .map(diagnose);
  },
};

function placeOf({ key, nsp }: ServerGroup): string {
  return JSON.stringify([key, nsp]);
}

function diagnose(groups: readonly ServerGroup[]): Diagnosis {
  const described = groups.map(({ adapter, uids, counted }) => `${uids.length || counted} ${NAMES[adapter]}`);
  const [first] = groups;
  const hasStreams = groups.some(({ adapter }) => adapter === 'redis-streams');
  const hasClassic = groups.some(({ adapter }) => adapter === 'redis');
  return {
    ...(first === undefined ? {} : { where: describePlace(first) }),
    sentence: `Servers with ${described.join(' and ')} adapters share a name and hear nothing of each other.`,
    seen: groups.map(
      ({ adapter, uids, counted }) =>
        `${NAMES[adapter]}: ${uids.length === 0 ? plural(counted, 'subscriber') : uids.join(', ')}.`,
    ),
    culprits: groups.flatMap(({ adapter, uids }) =>
      uids.map((value) => ({ is: 'uid' as const, value, about: `${NAMES[adapter]} adapter` })),
    ),
    symptom: 'no error: a message reaches the clients of some servers only',
    next: [
      'Use one kind of adapter in all servers. While moving from one to another, give the new one its own key (channelPrefix) and switch all at once.',
      ...(hasStreams && hasClassic
        ? [
            'The streams adapter publishes on channels that classic servers decode: on ioredis they crash (see poison-payload). Separate the prefixes at once.',
          ]
        : []),
    ],
    sure: 'sure',
  };
}
