import { isBlind } from '../absence.ts';
import { describePlace, type Evidence, groupsOf, lastingGroups } from '../evidence.ts';
import type { Diagnosis, Rule } from '../rule.ts';
import { listNames, plural } from '../words.ts';

/** The user knows how many servers there are; fewer or more are in Redis. */
export const expectedServers: Rule = {
  name: 'expected-servers',
  severity: 'bites',
  needs: 'static',
  isAboutServers: true,
  summary: 'There are not as many servers as --expect says.',
  fault: 'adapter-not-attached',
  check: ({ looks: all, expect, keys }: Evidence): readonly Diagnosis[] => {
    if (expect === undefined || all.length === 0) return [];
    const looks = all.map((look) => ({ ...look, groups: groupsOf(look, keys) }));
    if (looks.every(({ groups }) => groups.length === 0)) return isBlind(all) ? [] : [nobody(expect, keys)];
    const lasting = lastingGroups(looks, ({ uids, counted }) => (uids.length || counted) !== expect);
    return lasting.map((versions): Diagnosis => {
      const [group] = versions;
      const { uids, counted } = versions.at(-1) ?? group;
      const found = uids.length || counted;
      return {
        where: describePlace(group),
        sentence: `${plural(found, 'server')} ${found === 1 ? 'is' : 'are'} here, and ${expect} should be.`,
        seen: [
          uids.length === 0
            ? `${plural(counted, 'subscriber')} of the request channel.`
            : `${plural(uids.length, 'server')} with a channel of their own: ${listNames(uids)}.`,
        ],
        culprits: [],
        symptom: 'clients of one server do not hear those of another; nothing is logged',
        next:
          found < expect
            ? [
                'Compare the uids with your servers: the one that is missing has no adapter attached, another key, another Redis, or this namespace does not exist there.',
                'In each server, io.of("/").adapter.uid is its uid; where it is undefined, no Redis adapter is attached.',
              ]
            : ['Look for servers of another environment on the same Redis, or for one that was not stopped.'],
        sure: 'sure',
      };
    });
  },
  lacks: ({ expect }: Evidence): string | undefined => (expect === undefined ? 'needs --expect' : undefined),
};

function nobody(expect: number, keys: readonly string[] = []): Diagnosis {
  const ofKey = keys.length === 0 ? '' : ` with the key ${keys.map((key) => `"${key}"`).join(' or ')}`;
  return {
    sentence: `No server${ofKey} is subscribed in this Redis, and ${expect} should be.`,
    seen: [`PUBSUB CHANNELS and SHARDCHANNELS know no channel of an adapter${ofKey}.`],
    culprits: [],
    next: ['Check the URL that the servers connect to, and that they call io.adapter(createAdapter(…)).'],
    sure: 'sure',
  };
}
