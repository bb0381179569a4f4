import type { RedisLink } from '../../redis/connect.ts';
import type { Answer } from '../../redis/questions.ts';
import { Asker, listAllServers, type ServerGroup } from '../../redis/registry.ts';
import { listUnlisted, type Unlisted } from '../../redis/unlisted.ts';
import { type AdapterStream, findStreams } from './find-streams.ts';
import {
  DEFAULT_KEY,
  isPythonSeen,
  isSeen,
  PYTHON_CHANNEL,
  seesAdapter,
  type Watched,
} from './visibility.ts';

const GROUPS_SHOWN = 5;

/** Something that is there instead of the traffic that was expected. */
export interface Sight {
  readonly is: 'silent' | 'classic' | 'other-key' | 'sharded' | 'streams' | 'python' | 'hidden' | 'nothing';
  /** One or two sentences, not yet safe for a terminal: names in them are a stranger's. */
  readonly says: string;
  /** Words after `sio-inspect` that would show it. */
  readonly command?: readonly string[];
}

/**
 * Looks, by reading only, for what Socket.IO leaves in this Redis besides what is watched: servers with another key or
 * adapter than those that are seen, python-socketio, or nothing at all. The most telling comes first.
 */
export async function lookAround(
  links: readonly [RedisLink, ...RedisLink[]],
  watched: Watched,
): Promise<readonly Sight[]> {
  const [link] = links;
  const askers = links.map((one) => new Asker(one));
  const { groups, python, hidden: notListed } = await survey(links);
  const unseen = groups.filter((group) => !isSeen(group, watched));
  const sights = [
    ...seeOtherKeys(unseen, watched),
    ...seeClassic(unseen, watched),
    ...seeSharded(unseen),
    ...seeStreams(await findStreams(askers, watched.keys ?? [DEFAULT_KEY]), groups, watched),
    ...(python === undefined ? [] : seePython(python, watched)),
    ...seeSilence(groups.filter((group) => !unseen.includes(group))),
  ];
  const hidden = [...new Set([...notListed, ...askers.flatMap((asker) => asker.hidden)])];
  if (sights.length === 0 && hidden.length === 0) sights.push(await seeNothing(askers, link));
  return [...sights, ...hidden.map((says): Sight => ({ is: 'hidden', says }))];
}

/** Who is there, whether watched or not. */
export interface Survey {
  /** Servers that have channels by namespace. */
  readonly groups: readonly ServerGroup[];
  readonly python?: Unlisted;
  /** What could not be seen, as Redis puts it. */
  readonly hidden: readonly string[];
}

/** Asks all nodes which servers are subscribed, those of versions that have no channel of their own, too. */
export async function survey(links: readonly RedisLink[]): Promise<Survey> {
  const registry = await listAllServers(links);
  const askers = links.map((link) => new Asker(link));
  const unlisted = await listUnlisted(askers);
  const python = unlisted.find(({ is }) => is === 'python');
  return {
    groups: [...registry.groups, ...unlisted.flatMap(toGroup)],
    ...(python === undefined ? {} : { python }),
    hidden: [...new Set([...registry.hidden, ...askers.flatMap(({ hidden }) => hidden)])],
  };
}

/** socket.io-redis 1.1 has channels of its own for requests, and broadcasts as all classic ones do. */
function toGroup({ is, channel, counted }: Unlisted): readonly ServerGroup[] {
  const [, key, nsp] = is === 'python' ? [] : (/^(.+)-sync#request#(.*)#$/s.exec(channel) ?? []);
  return key === undefined || nsp === undefined ? [] : [{ adapter: 'redis', key, nsp, uids: [], counted }];
}

function seeOtherKeys(unseen: readonly ServerGroup[], watched: Watched): readonly Sight[] {
  if (!seesAdapter('redis', watched)) return [];
  const classic = unseen.filter(({ adapter }) => adapter === 'redis');
  return [...new Set(classic.map(({ key }) => key))].map((key): Sight => {
    const where = describeGroups(
      classic.filter((group) => group.key === key),
      key,
    );
    return {
      is: 'other-key',
      says: `There are servers with the key "${key}": ${where}.`,
      command: ['monitor', '--key', key],
    };
  });
}

function seeClassic(unseen: readonly ServerGroup[], watched: Watched): readonly Sight[] {
  const classic = unseen.filter(({ adapter }) => adapter === 'redis');
  if (classic.length === 0 || seesAdapter('redis', watched)) return [];
  const ways = watched.ways.map((way) => `--via ${way}`).join(' ');
  return [
    {
      is: 'classic',
      says: `There are servers with the classic adapter (${describeGroups(classic)}). They publish what they say, which ${ways} does not show; PSUBSCRIBE does.`,
      command: ['monitor', ...keyWords(classic)],
    },
  ];
}

function seeSharded(unseen: readonly ServerGroup[]): readonly Sight[] {
  const sharded = unseen.filter(({ adapter }) => adapter === 'redis-sharded');
  if (sharded.length === 0) return [];
  return [
    {
      is: 'sharded',
      says: `There are servers with the sharded adapter (${describeGroups(sharded)}). No pattern sees sharded pub/sub; MONITOR does, and slows Redis down while it runs (on a replica, --via replica, it does not).`,
      command: ['monitor', '--via', 'monitor', ...keyWords(sharded)],
    },
  ];
}

function seeStreams(
  streams: readonly AdapterStream[],
  groups: readonly ServerGroup[],
  watched: Watched,
): readonly Sight[] {
  const unseen = streams.filter(({ name }) => !isSeen({ adapter: 'redis-streams', key: name }, watched));
  const alive = groups.filter(({ adapter }) => adapter === 'redis-streams');
  if (unseen.length > 0) {
    const servers = alive.length === 0 ? '' : ` Its servers: ${describeGroups(alive)}.`;
    return [
      {
        is: 'streams',
        says: `There is a stream of the streams adapter: ${unseen.map(describeStream).join(', ')}. Broadcasts go into it, not through pub/sub.${servers}`,
        command: ['monitor', '--via', 'stream', ...keyWords(unseen.map(({ name }) => ({ key: name })))],
      },
    ];
  }
  const waiting = alive.filter((group) => !isSeen(group, watched));
  if (waiting.length === 0) return [];
  return [
    {
      is: 'streams',
      says: `There are servers with the streams adapter: ${describeGroups(waiting)}. They write into a stream, and pub/sub does not show it.`,
      command: ['monitor', '--via', 'stream', ...keyWords(waiting)],
    },
  ];
}

function describeStream({ name, length, lastId }: AdapterStream): string {
  const ms = Number(lastId.split('-', 1)[0]);
  const last = Number.isFinite(ms) && ms > 0 ? `, last at ${new Date(ms).toISOString()}` : '';
  return `"${name}" (${length} ${length === 1 ? 'entry' : 'entries'}${last})`;
}

function seePython({ counted }: Unlisted, watched: Watched): readonly Sight[] {
  const there = `python-socketio (or Flask-SocketIO) listens on the channel "${PYTHON_CHANNEL}": ${plural(counted, 'subscriber')}`;
  return isPythonSeen(watched)
    ? [{ is: 'silent', says: `${there}. We listen, too, and nothing is said there.` }]
    : [{ is: 'python', says: `${there}.`, command: ['monitor', '--key', PYTHON_CHANNEL] }];
}

/** The servers that are watched are there, and nothing is said. */
function seeSilence(seen: readonly ServerGroup[]): readonly Sight[] {
  if (seen.length === 0) return [];
  const alone = seen.every(({ uids, counted }) => Math.max(uids.length, counted) === 1);
  return [
    {
      is: 'silent',
      says:
        `The servers that we watch are there (${describeGroups(seen)}), and say nothing. They publish when one of them calls io.emit(), fetchSockets() and the like` +
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

/** By namespace; with the key where it is neither `known` nor everybody's default. */
function describeGroups(groups: readonly ServerGroup[], known = DEFAULT_KEY): string {
  const shown = groups.slice(0, GROUPS_SHOWN).map(({ key, nsp, uids, counted }) => {
    const where = key === known ? nsp : `${key} ${nsp}`;
    return `${plural(uids.length || counted, 'server')} in ${where}`;
  });
  return groups.length > GROUPS_SHOWN
    ? `${shown.join(', ')} and ${groups.length - GROUPS_SHOWN} more namespaces`
    : shown.join(', ');
}

/** The options that name these keys, and the default besides others. */
function keyWords(named: readonly { readonly key: string }[]): readonly string[] {
  const keys = new Set(named.map(({ key }) => key));
  return keys.size === 1 && keys.has(DEFAULT_KEY) ? [] : [...keys].flatMap((key) => ['--key', key]);
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
