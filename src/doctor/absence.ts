import type { ServerGroup } from '../redis/registry.ts';
import { type Evidence, groupsOf, type Look } from './evidence.ts';
import { plural } from './words.ts';

/** Nothing of what was to be examined is there. Texts may hold a stranger's names. */
export interface Absence {
  /** One sentence. */
  readonly says: string;
  readonly lookedFor: string;
  readonly instead: readonly Instead[];
}

/** What is there in its place. */
export interface Instead {
  readonly says: string;
  /** Words after `sio-inspect` that would show it. */
  readonly command?: readonly string[];
}

/** True where Redis does not tell who is subscribed: then nobody's absence is known. */
export function isBlind(looks: readonly Look[]): boolean {
  return looks.some(({ hidden }) => hidden.some((text) => /pubsub/i.test(text)));
}

/** That no look has found a server, of the keys that were named if any were; undefined where one has. */
export function findAbsence({ looks, keys = [] }: Evidence): Absence | undefined {
  const last = looks.at(-1);
  if (last === undefined || looks.some((look) => groupsOf(look, keys).length > 0)) return undefined;
  const named = keys.map((key) => `"${key}"`).join(' or ');
  const ofKey = named === '' ? '' : ` and the key ${named}`;
  return {
    says: isBlind(looks)
      ? `Whether servers are there is not known: the Redis at ${last.facts.node} does not tell who is subscribed.`
      : `No server with a Redis adapter${ofKey} was found in the Redis at ${last.facts.node}.`,
    lookedFor: `channels that servers with the classic, the sharded or the streams adapter subscribe to${named === '' ? ', of any key' : ''} (PUBSUB CHANNELS, NUMSUB, SHARDCHANNELS), ${looks.length} times`,
    instead: describeKeys(last.groups),
  };
}

function describeKeys(groups: readonly ServerGroup[]): readonly Instead[] {
  return [...new Set(groups.map(({ key }) => key))].map((key): Instead => {
    const places = groups
      .filter((group) => group.key === key)
      .map(({ nsp, uids, counted }) => `${plural(Math.max(uids.length, counted), 'server')} in ${nsp}`);
    const more = places.length > PLACES_SHOWN ? ', …' : '';
    return {
      says: `servers with the key "${key}": ${places.slice(0, PLACES_SHOWN).join(', ')}${more}.`,
      command: ['doctor', '--key', key],
    };
  });
}

const PLACES_SHOWN = 5;
