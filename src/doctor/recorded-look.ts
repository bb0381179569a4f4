import type { ServerGroup } from '../redis/registry.ts';
import type { SeenClient } from './connections.ts';
import type { Denial, Look, NodeFacts, StreamLook } from './evidence.ts';

/** A look as JSON has it: the rest of `Look` is as it is. */
export type RecordedLook = Omit<Look, 'listeners'> & {
  readonly listeners?: readonly (readonly [channel: string, count: number])[];
};

/** What a recording holds of a look. */
export function writeLook({ listeners, ...look }: Look): RecordedLook {
  return listeners === undefined ? look : { ...look, listeners: [...listeners] };
}

/** The same without what names anybody or anything but servers, keys and namespaces: for recordings that others may see. */
export function writeRedactedLook(look: Look): object {
  return {
    ...writeLook(look),
    groups: look.groups.map(withoutRooms),
    clients: undefined,
    listeners: undefined,
    denials: [],
    unreached: look.unreached.map(() => 'a node of the cluster could not be reached'),
    hidden: look.hidden.map((text) => `not permitted: ${COMMAND.exec(text)?.[0] ?? 'something'}`),
  };
}

/** What Redis calls forbidden, it says together with the name of the user. */
const COMMAND = /\b(?:PUBSUB|CLIENT|CONFIG|COMMAND|INFO|ACL|XINFO|SCAN|PTTL|CLUSTER)\b/i;

/** The channel of a room whose name looks like a uid looks like a server's own: then there are more uids than servers. */
function withoutRooms(group: ServerGroup): ServerGroup {
  if (group.adapter !== 'redis-sharded' || group.uids.length <= group.counted) return group;
  const { adapter, key, nsp, counted } = group;
  return { adapter, key, nsp, counted, uids: [] };
}

/** A look out of a recording; undefined where it is none. Its texts are a stranger's. */
export function readLook(value: unknown): Look | undefined {
  try {
    const { listeners, ...look } = recordedLook(value);
    return listeners === undefined ? look : { ...look, listeners: new Map(listeners) };
  } catch (error) {
    if (error instanceof WrongShape) return undefined;
    throw error;
  }
}

class WrongShape extends Error {}

/** @throws {WrongShape} */
type Read<T> = (value: unknown) => T;

const text: Read<string> = (value) => {
  if (typeof value !== 'string') throw new WrongShape('no text');
  return value;
};

/** A number of something, or of seconds. */
const count: Read<number> = (value) => {
  if (typeof value !== 'number' || !(value >= 0 && value <= Number.MAX_SAFE_INTEGER))
    throw new WrongShape('no count');
  return value;
};

/** The range of JavaScript's dates, in microseconds. */
const MAX_TIME = 8.64e18;

const time: Read<number> = (value) => {
  if (typeof value !== 'number' || !(Math.abs(value) <= MAX_TIME)) throw new WrongShape('no time');
  return value;
};

function oneOf<T extends string>(...names: readonly T[]): Read<T> {
  return (value) => {
    const name = names.find((one) => one === value);
    if (name === undefined) throw new WrongShape('another word');
    return name;
  };
}

function list<T>(read: Read<T>): Read<readonly T[]> {
  return (value) => {
    if (!Array.isArray(value)) throw new WrongShape('no list');
    return value.map(read);
  };
}

function pair<A, B>(first: Read<A>, second: Read<B>): Read<readonly [A, B]> {
  return (value) => {
    if (!Array.isArray(value) || value.length !== 2) throw new WrongShape('no pair');
    return [first(value[0]), second(value[1])];
  };
}

type Fields<T> = { readonly [K in keyof T]-?: Read<NonNullable<T[K]>> };
type OptionalKeys<T> = { [K in keyof T]-?: undefined extends T[K] ? K : never }[keyof T];

/** An object with just these fields; whatever else it has is left out. */
function object<T>(fields: Fields<T>, ...optional: readonly OptionalKeys<T>[]): Read<T> {
  return (value) => {
    if (typeof value !== 'object' || value === null) throw new WrongShape('no object');
    const of = new Map(Object.entries(value));
    const read = Object.entries<Read<unknown>>(fields).flatMap(([name, readField]) => {
      const isAbsent = of.get(name) === undefined && optional.some((one) => one === name);
      return isAbsent ? [] : [[name, readField(of.get(name))] as const];
    });
    return Object.fromEntries(read) as T;
  };
}

const role = oneOf('primary', 'replica');

const group = object<ServerGroup>(
  {
    adapter: oneOf('redis', 'redis-sharded', 'redis-streams'),
    key: text,
    nsp: text,
    uids: list(text),
    counted: count,
    doubled: list(object({ uid: text, connections: count })),
  },
  'doubled',
);

const client = object<SeenClient>(
  {
    node: text,
    id: count,
    address: text,
    name: text,
    ageSeconds: count,
    idleSeconds: count,
    db: count,
    channels: count,
    patterns: count,
    shardChannels: count,
    outputBytes: count,
    lastCommand: text,
    flags: text,
    library: text,
  },
  'library',
);

const denial = object<Denial>({
  reason: text,
  object: text,
  user: text,
  address: text,
  count: count,
  ageSeconds: count,
});

const recordedLook = object<RecordedLook>(
  {
    from: time,
    to: time,
    facts: object<Look['facts']>(
      {
        node: text,
        version: text,
        product: oneOf('Redis', 'Valkey'),
        mode: oneOf('standalone', 'cluster', 'sentinel'),
        role,
        opsPerSecond: count,
      },
      'version',
      'mode',
      'role',
      'opsPerSecond',
    ),
    groups: list(group),
    clients: list(client),
    nodes: list(object<NodeFacts>({ node: text, role, dropped: count }, 'role', 'dropped')),
    pubsubLimit: object({ hardBytes: count, softBytes: count }),
    idleTimeoutSeconds: count,
    unknownCommands: list(text),
    listeners: list(pair(text, count)),
    streams: list(object<StreamLook>({ name: text, length: count, firstId: text, lastId: text }, 'firstId')),
    sessionMs: count,
    denials: list(denial),
    unreached: list(text),
    hidden: list(text),
  },
  'clients',
  'pubsubLimit',
  'idleTimeoutSeconds',
  'listeners',
  'streams',
  'sessionMs',
);
