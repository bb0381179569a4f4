import type { RedisFacts, ServerGroup } from '../redis/registry.ts';
import type { SeenClient } from './connections.ts';
import type { Attendance } from './taps/attendance.ts';
import type { Traffic } from './traffic.ts';

/** What Redis says when asked, at one moment. */
export interface Look {
  /** Microseconds since 1970, when the asking began and ended. */
  readonly from: number;
  readonly to: number;
  readonly facts: RedisFacts;
  readonly groups: readonly ServerGroup[];
  /** Without our own connections; absent where CLIENT LIST is forbidden. */
  readonly clients?: readonly SeenClient[];
  readonly nodes: readonly NodeFacts[];
  /** `client-output-buffer-limit pubsub` in bytes, 0 for none; absent where CONFIG is forbidden. */
  readonly pubsubLimit?: { readonly hardBytes: number; readonly softBytes: number };
  /** After how many seconds Redis closes an idle connection that is no subscriber; 0 for never. */
  readonly idleTimeoutSeconds?: number;
  /** Commands that this Redis was asked for and does not know. */
  readonly unknownCommands: readonly string[];
  /** How many listen to the sharded channels that it was asked about. */
  readonly listeners?: ReadonlyMap<string, number>;
  /** Streams of the streams adapter, where there are any. */
  readonly streams?: readonly StreamLook[];
  /** How long a session is still kept at least, for a client that may come back (milliseconds). */
  readonly sessionMs?: number;
  readonly denials: readonly Denial[];
  /** Why nodes of a cluster could not be asked at all. */
  readonly unreached: readonly string[];
  /** What could not be asked, as Redis puts it. */
  readonly hidden: readonly string[];
}

export interface StreamLook {
  readonly name: string;
  readonly length: number;
  readonly firstId?: string;
  readonly lastId: string;
}

export interface NodeFacts {
  readonly node: string;
  readonly role?: 'primary' | 'replica';
  /** Connections that it has closed because they did not read fast enough; Redis counts them since 7.2. */
  readonly dropped?: number;
}

/** An entry of ACL LOG. */
export interface Denial {
  readonly reason: string;
  /** The channel, key or command. */
  readonly object: string;
  readonly user: string;
  readonly address: string;
  readonly count: number;
  readonly ageSeconds: number;
}

/** All that rules may judge by. Of captures only recordings have looks; a static examination has no traffic. */
export interface Evidence {
  /** In order of time, at least a second between the first and the last; of a recording the latest. */
  readonly looks: readonly Look[];
  /** Those of all the time, where that is more. */
  readonly history?: readonly Look[];
  /** True where all of it is past. */
  readonly isCapture?: boolean;
  /** What was removed from a recording. */
  readonly redaction?: readonly string[];
  /** Options by which only a part of all messages was recorded. */
  readonly filter?: readonly string[];
  readonly traffic?: Traffic;
  /** Who was there, looked up again and again; absent where there was no time for that. */
  readonly attendance?: Attendance;
  /** How many servers there should be, where the user has said so. */
  readonly expect?: number;
  /** Keys that the user is interested in; all where there are none. */
  readonly keys?: readonly string[];
}

/** All looks that there were, from first to last. */
export function allLooks({ looks, history }: Evidence): readonly Look[] {
  return history ?? looks;
}

/** The groups of a look that the user is interested in. */
export function groupsOf({ groups }: Look, keys: readonly string[] = []): readonly ServerGroup[] {
  return keys.length === 0 ? groups : groups.filter(({ key }) => keys.includes(key));
}

type Named = Pick<ServerGroup, 'adapter' | 'key' | 'nsp'>;

export function isSameGroup(a: Named, b: Named): boolean {
  return a.adapter === b.adapter && a.key === b.key && a.nsp === b.nsp;
}

/**
 * Groups about which `isWrong` holds in every look: deploys make differences that last moments, and nobody is accused of
 * those. Answers with each look's version of the group, in order.
 */
export function lastingGroups(
  looks: readonly Look[],
  isWrong: (group: ServerGroup) => boolean,
): readonly (readonly [first: ServerGroup, ...later: ServerGroup[]])[] {
  const [first, ...later] = looks;
  if (first === undefined || later.length === 0) return [];
  return first.groups.filter(isWrong).flatMap((group) => {
    const same = later.map(({ groups }) => groups.find((other) => isSameGroup(other, group)));
    const wrong = same.filter((other) => other !== undefined && isWrong(other)) as ServerGroup[];
    return wrong.length === later.length ? [[group, ...wrong] as const] : [];
  });
}

/** redis.conf's default `client-output-buffer-limit pubsub 32mb 8mb 60`, where CONFIG is forbidden. */
const DEFAULT_LIMIT = { hardBytes: 33_554_432, softBytes: 8_388_608 };

/** How much Redis keeps for a subscriber before it closes the connection. */
export function limitOf(looks: readonly Look[]): NonNullable<Look['pubsubLimit']> {
  return looks.at(-1)?.pubsubLimit ?? DEFAULT_LIMIT;
}

/** How many subscribers of a group are left over from servers that have connected anew. */
export function leftOver({ doubled = [] }: ServerGroup): number {
  return doubled.reduce((sum, { connections }) => sum + connections - 1, 0);
}

/** What belongs to the same key and namespace, with how they are described; in order of the first of each. */
export function groupByPlace<T extends { readonly key: string; readonly nsp: string }>(
  list: readonly T[],
): readonly (readonly [string, readonly T[]])[] {
  const places = new Map<string, T[]>();
  for (const one of list) {
    const where = describePlace(one);
    const here = places.get(where);
    if (here === undefined) places.set(where, [one]);
    else here.push(one);
  }
  return [...places];
}

/** `namespace /chat`, with the key where it is not the default one. */
export function describePlace({ key, nsp }: { readonly key: string; readonly nsp: string }): string {
  return key === 'socket.io' ? `namespace ${nsp}` : `key ${key}, namespace ${nsp}`;
}
