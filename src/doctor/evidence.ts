import type { ClientRow } from '../redis/client-list.ts';
import type { RedisFacts, ServerGroup } from '../redis/registry.ts';
import type { Traffic } from './traffic.ts';

/** What Redis says when asked, at one moment. */
export interface Look {
  /** Microseconds since 1970, when the asking began and ended. */
  readonly from: number;
  readonly to: number;
  readonly facts: RedisFacts;
  readonly groups: readonly ServerGroup[];
  /** Without our own connections; absent where CLIENT LIST is forbidden. */
  readonly clients?: readonly ClientRow[];
  /** INFO's fields. */
  readonly info: ReadonlyMap<string, string>;
  /** `client-output-buffer-limit pubsub` in bytes, 0 for none; absent where CONFIG is forbidden. */
  readonly pubsubLimit?: { readonly hardBytes: number; readonly softBytes: number };
  readonly denials: readonly Denial[];
  /** What could not be asked, as Redis puts it. */
  readonly hidden: readonly string[];
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

/** All that rules may judge by. A capture has no looks; a static examination no traffic. */
export interface Evidence {
  /** In order of time, at least a second between the first and the last. */
  readonly looks: readonly Look[];
  readonly traffic?: Traffic;
  /** How many servers there should be, where the user has said so. */
  readonly expect?: number;
}

export function isSameGroup(a: ServerGroup, b: ServerGroup): boolean {
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

/** `namespace /chat`, with the key where it is not the default one. */
export function describePlace({ key, nsp }: { readonly key: string; readonly nsp: string }): string {
  return key === 'socket.io' ? `namespace ${nsp}` : `key ${key}, namespace ${nsp}`;
}
