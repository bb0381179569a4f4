import type { RedisLink } from '../../redis/connect.ts';
import { type Answer, listOf } from '../../redis/questions.ts';
import { Asker, listAllServers, type Registry, type ServerGroup } from '../../redis/registry.ts';
import { type AdapterStream, findStreams } from './find-streams.ts';
import type { LiveWay } from './way.ts';

/** Something that is there instead of the traffic that was expected. */
export interface Sight {
  readonly is: 'silent' | 'other-key' | 'sharded' | 'streams' | 'python' | 'hidden' | 'nothing';
  /** One or two sentences, not yet safe for a terminal: names in them are a stranger's. */
  readonly says: string;
  /** Words after `sio-inspect` that would show it. */
  readonly command?: readonly string[];
}

export interface Watched {
  readonly keys: readonly string[];
  readonly ways: readonly LiveWay[];
}

const PYTHON_CHANNEL = 'socketio';
const SEES_SHARDED: ReadonlySet<LiveWay> = new Set(['monitor', 'replica', 'replication']);
const SEES_STREAMS: ReadonlySet<LiveWay> = new Set(['monitor', 'replica', 'replication', 'stream']);
const SEES_CLASSIC: ReadonlySet<LiveWay> = new Set(['monitor', 'replica', 'replication', 'subscribe']);

/**
 * Looks, by reading only, for what Socket.IO leaves in this Redis besides what is watched: servers with another key,
 * with the sharded or the streams adapter, python-socketio, or nothing at all. The most telling comes first.
 */
export async function lookAround(
  links: readonly [RedisLink, ...RedisLink[]],
  watched: Watched,
): Promise<readonly Sight[]> {
  const [link] = links;
  const askers = links.map((one) => new Asker(one));
  const registry = await listAllServers(links);
  const sights = [
    ...seeOtherKeys(registry, watched),
    ...seeSharded(registry, watched),
    ...seeStreams(await findStreams(askers, watched.keys), registry, watched),
    ...(await seePython(askers, watched)),
    ...seeSilence(registry, watched),
  ];
  const hidden = [...new Set([...registry.hidden, ...askers.flatMap((asker) => asker.hidden)])];
  if (sights.length === 0 && hidden.length === 0) sights.push(await seeNothing(askers, link));
  return [...sights, ...hidden.map((says): Sight => ({ is: 'hidden', says }))];
}

function seeOtherKeys({ groups }: Registry, watched: Watched): readonly Sight[] {
  const keys = new Set(groups.filter(({ adapter }) => adapter === 'redis').map(({ key }) => key));
  return [...keys]
    .filter((key) => !isWatched(key, watched))
    .map((key): Sight => {
      const where = describeGroups(groups.filter((group) => group.adapter === 'redis' && group.key === key));
      return {
        is: 'other-key',
        says: `There are servers with the key "${key}": ${where}.`,
        command: ['monitor', '--key', key],
      };
    });
}

function seeSharded({ groups }: Registry, { ways }: Watched): readonly Sight[] {
  const sharded = groups.filter(({ adapter }) => adapter === 'redis-sharded');
  if (sharded.length === 0 || ways.some((way) => SEES_SHARDED.has(way))) return [];
  const keys = new Set(sharded.map(({ key }) => key));
  return [
    {
      is: 'sharded',
      says: `There are servers with the sharded adapter (${describeGroups(sharded)}). No pattern sees sharded pub/sub; MONITOR does, and slows Redis down while it runs (on a replica, --via replica, it does not).`,
      command: ['monitor', '--via', 'monitor', ...keyWords([...keys])],
    },
  ];
}

function seeStreams(
  streams: readonly AdapterStream[],
  { groups }: Registry,
  { ways }: Watched,
): readonly Sight[] {
  if (streams.length === 0 || ways.some((way) => SEES_STREAMS.has(way))) return [];
  const said = streams.map(({ name, length, lastId }) => {
    const ms = Number(lastId.split('-', 1)[0]);
    const last = Number.isFinite(ms) && ms > 0 ? `, last at ${new Date(ms).toISOString()}` : '';
    return `"${name}" (${length} ${length === 1 ? 'entry' : 'entries'}${last})`;
  });
  const alive = groups.filter(({ adapter }) => adapter === 'redis-streams');
  const servers = alive.length === 0 ? '' : ` Its servers: ${describeGroups(alive)}.`;
  return [
    {
      is: 'streams',
      says: `There is a stream of the streams adapter: ${said.join(', ')}. Broadcasts go into it, not through pub/sub.${servers}`,
      command: ['monitor', '--via', 'stream', ...keyWords(streams.map(({ name }) => name))],
    },
  ];
}

async function seePython(askers: readonly Asker[], { keys }: Watched): Promise<readonly Sight[]> {
  if (keys.includes(PYTHON_CHANNEL)) return [];
  const subscribers = await addUp(askers, async (asker) => {
    const [, count] = listOf(await asker.ask('PUBSUB NUMSUB', PYTHON_CHANNEL));
    return count;
  });
  if (subscribers === 0) return [];
  return [
    {
      is: 'python',
      says: `python-socketio (or Flask-SocketIO) listens on the channel "${PYTHON_CHANNEL}": ${plural(subscribers, 'subscriber')}.`,
      command: ['monitor', '--key', PYTHON_CHANNEL],
    },
  ];
}

/** The servers that are watched are there, and nothing is said. */
function seeSilence({ groups }: Registry, watched: Watched): readonly Sight[] {
  const visible = groups.filter(({ adapter, key }) => isWatched(key, watched) && isVisible(adapter, watched));
  if (visible.length === 0) return [];
  const alone = visible.every(({ uids, counted }) => Math.max(uids.length, counted) === 1);
  return [
    {
      is: 'silent',
      says:
        `The servers that we watch are there (${describeGroups(visible)}), and say nothing. They publish when one of them calls io.emit(), fetchSockets() and the like` +
        (alone ? '; with only one server nothing needs to be told to others.' : '.'),
    },
  ];
}

async function seeNothing(askers: readonly Asker[], { node, endpoint }: RedisLink): Promise<Sight> {
  const patterns = await addUp(askers, (asker) => asker.ask('PUBSUB NUMPAT'));
  const others =
    patterns > 0
      ? ` ${plural(patterns, 'pattern subscription')}, ours included, ${patterns === 1 ? 'is' : 'are'} all there is.`
      : '';
  return {
    is: 'nothing',
    says:
      `No Socket.IO server is subscribed in the Redis at ${node}.${others} Is it the Redis that your servers use, and do they call io.adapter(createAdapter(…))? ` +
      `There, redis-cli${endpoint.secure ? ' --tls' : ''} PUBSUB CHANNELS '*' shows what is subscribed, and CLIENT LIST who is connected.`,
  };
}

async function addUp(
  askers: readonly Asker[],
  ask: (asker: Asker) => Promise<Answer | undefined>,
): Promise<number> {
  const answers = await Promise.all(askers.map(ask));
  return answers.reduce<number>((sum, answer) => sum + Number(answer ?? 0), 0);
}

function isVisible(adapter: ServerGroup['adapter'], { ways }: Watched): boolean {
  const sees = { redis: SEES_CLASSIC, 'redis-sharded': SEES_SHARDED, 'redis-streams': SEES_STREAMS }[adapter];
  return ways.some((way) => sees.has(way));
}

/** The pattern of a key is `<key>*`. */
function isWatched(key: string, { keys }: Watched): boolean {
  return keys.some((watched) => key.startsWith(watched));
}

function describeGroups(groups: readonly ServerGroup[]): string {
  const shown = groups
    .slice(0, 5)
    .map(({ nsp, uids, counted }) => `${plural(uids.length || counted, 'server')} in ${nsp}`);
  return groups.length > 5
    ? `${shown.join(', ')} and ${groups.length - 5} more namespaces`
    : shown.join(', ');
}

function keyWords(keys: readonly string[]): readonly string[] {
  return keys.filter((key) => key !== 'socket.io').flatMap((key) => ['--key', key]);
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
