import type { ServerGroup } from '../../redis/registry.ts';
import { describePlace, type Evidence, type Look, lastingGroups } from '../evidence.ts';
import type { Diagnosis, Rule } from '../rule.ts';
import { nameConnection, plural } from '../words.ts';

/** Several classic adapters receive through one connection: Redis counts connections, so servers count too few. */
export const sharedSubClient: Rule = {
  name: 'shared-sub-client',
  severity: 'breaks',
  needs: 'static',
  isAboutServers: true,
  summary:
    'Several adapters share one sub connection: servers are counted too few, and answers are silently partial.',
  fault: 'shared-sub-client',
  check: ({ looks }: Evidence): readonly Diagnosis[] => {
    const lasting = lastingGroups(looks, isShort);
    return lasting.filter(isSteady).map((versions) => diagnose(versions, looks.at(-1)));
  },
};

function isShort({ adapter, uids, counted }: ServerGroup): boolean {
  return adapter === 'redis' && uids.length > counted && counted > 0;
}

/** The same servers each time: those that come and go are between two states. */
function isSteady([first, ...later]: readonly ServerGroup[]): boolean {
  return later.every(({ uids }) => uids.join() === first?.uids.join());
}

function diagnose(versions: readonly ServerGroup[], look: Look | undefined): Diagnosis {
  const group = versions.at(-1);
  const [uids, counted] = [group?.uids ?? [], group?.counted ?? 0];
  // Each adapter takes a pattern, two channels that all have and one of its own (@socket.io/redis-adapter 8.3, lib/index.ts).
  const shared =
    look?.clients?.filter(({ patterns, channels }) => patterns > 0 && channels > 3 * patterns) ?? [];
  return {
    ...(group === undefined ? {} : { where: describePlace(group) }),
    sentence: `${plural(uids.length, 'server')} share ${plural(counted, 'sub connection')}: each believes that there are only ${counted}, and takes the first ${counted === 1 ? 'answer' : `${counted - 1} answers`} for all.`,
    seen: [
      `${plural(uids.length, 'uid')} have a response channel of their own (${uids.join(', ')}), but Redis counts ${plural(counted, 'subscriber')}, ${versions.length} times in a row.`,
    ],
    culprits: shared.map(nameConnection),
    symptom:
      'no error: fetchSockets(), serverSideEmit() with acknowledgement and serverCount() know only a part of the servers',
    next: [
      'Give each adapter its own connection: io.adapter(createAdapter(pub, pub.duplicate())). Call io.adapter() once for each server.',
    ],
    sure: 'sure',
  };
}
