import type { ServerGroup } from '../../redis/registry.ts';
import type { LiveWay } from './way.ts';

/** What is watched, and how. */
export interface Watched {
  /** Prefixes that the user named; undefined where the defaults of the adapters are watched. */
  readonly keys: readonly string[] | undefined;
  readonly ways: readonly LiveWay[];
}

export const DEFAULT_KEY = 'socket.io';
/** python-socketio's default channel (`socketio/pubsub_manager.py`): watched, too, where no key is named. */
export const PYTHON_CHANNEL = 'socketio';

/** These show whatever Redis executes: adapters' channels are told by their shape, whichever key they have. */
const SEES_ALL: ReadonlySet<LiveWay> = new Set(['monitor', 'replica', 'replication']);
const SEES_BY_KEY: Readonly<Record<LiveWay, ServerGroup['adapter'] | undefined>> = {
  subscribe: 'redis',
  stream: 'redis-streams',
  replica: undefined,
  replication: undefined,
  monitor: undefined,
};

/** Whether one of the ways shows what servers of this adapter say, if their key is watched. */
export function seesAdapter(adapter: ServerGroup['adapter'], { ways }: Watched): boolean {
  return ways.some((way) => SEES_ALL.has(way) || SEES_BY_KEY[way] === adapter);
}

/** Whether one of the ways shows what these servers say. */
export function isSeen({ adapter, key }: Pick<ServerGroup, 'adapter' | 'key'>, watched: Watched): boolean {
  if (watched.ways.some((way) => SEES_ALL.has(way))) return true;
  if (!seesAdapter(adapter, watched)) return false;
  return adapter === 'redis-streams' ? isStreamNamed(key, watched.keys) : isKeyNamed(key, watched.keys);
}

/** The pattern of a key is `<key>*`. */
function isKeyNamed(key: string, keys: readonly string[] = [DEFAULT_KEY]): boolean {
  return keys.some((named) => key.startsWith(named));
}

/** Streams are read by name; where none is named, all that begin as the default does. */
export function isStreamNamed(name: string, keys: readonly string[] | undefined): boolean {
  if (keys === undefined) return name.startsWith(DEFAULT_KEY);
  return keys.includes(name) || keys.includes(baseName(name));
}

export function isPythonSeen({ keys, ways }: Watched): boolean {
  if (ways.some((way) => SEES_ALL.has(way))) return true;
  return ways.includes('subscribe') && (keys === undefined || isKeyNamed(PYTHON_CHANNEL, keys));
}

/** `socket.io-3` is one of several streams of `socket.io` (@socket.io/redis-streams-adapter 0.3, streamCount). */
function baseName(name: string): string {
  return name.replace(/-\d+$/, '');
}
