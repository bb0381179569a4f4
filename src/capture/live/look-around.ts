import type { RedisLink } from '../../redis/connect.ts';
import { type Answer, listOf, textOf } from '../../redis/questions.ts';
import { Asker, listServers, type Registry, type ServerGroup } from '../../redis/registry.ts';

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
  readonly via: 'subscribe' | 'monitor';
}

/** SCAN visits this many keys at most, in steps small enough that nobody waits for them. */
const SCAN_KEYS = 20_000;
const SCAN_STEP = 500;
const MAX_STREAMS = 20;
const PYTHON_CHANNEL = 'socketio';
/** What the streams adapter writes into every entry (@socket.io/redis-streams-adapter 0.3.1, lib/adapter.ts). */
const ENTRY_FIELDS = ['uid', 'nsp', 'type'];

/**
 * Looks, by reading only, for what Socket.IO leaves in this Redis besides what is watched: servers with another key,
 * with the sharded or the streams adapter, python-socketio, or nothing at all. The most telling comes first.
 */
export async function lookAround(link: RedisLink, watched: Watched): Promise<readonly Sight[]> {
  const asker = new Asker(link);
  const registry = await listServers(link);
  const sights = [
    ...seeOtherKeys(registry, watched),
    ...seeSharded(registry, watched),
    ...seeStreams(await findStreams(asker, watched.keys), registry, watched),
    ...(await seePython(asker, watched)),
    ...seeSilence(registry, watched),
  ];
  const hidden = [...new Set([...registry.hidden, ...asker.hidden])];
  if (sights.length === 0 && hidden.length === 0) sights.push(await seeNothing(asker, link));
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

function seeSharded({ groups }: Registry, { via }: Watched): readonly Sight[] {
  const sharded = groups.filter(({ adapter }) => adapter === 'redis-sharded');
  if (sharded.length === 0 || via === 'monitor') return [];
  const keys = new Set(sharded.map(({ key }) => key));
  return [
    {
      is: 'sharded',
      says: `There are servers with the sharded adapter (${describeGroups(sharded)}). No pattern sees sharded pub/sub; MONITOR does, and slows Redis down while it runs.`,
      command: ['monitor', '--via', 'monitor', ...keyWords([...keys])],
    },
  ];
}

function seeStreams(streams: readonly Stream[], { groups }: Registry, { via }: Watched): readonly Sight[] {
  if (streams.length === 0 || via === 'monitor') return [];
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
      command: ['monitor', '--via', 'monitor', ...keyWords(streams.map(({ name }) => name))],
    },
  ];
}

async function seePython(asker: Asker, { keys }: Watched): Promise<readonly Sight[]> {
  if (keys.includes(PYTHON_CHANNEL)) return [];
  const [, count] = listOf(await asker.ask('PUBSUB NUMSUB', PYTHON_CHANNEL));
  const subscribers = Number(count ?? 0);
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
  const visible = groups.filter(
    ({ adapter, key }) => isWatched(key, watched) && (adapter === 'redis' || watched.via === 'monitor'),
  );
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

async function seeNothing(asker: Asker, { node, endpoint }: RedisLink): Promise<Sight> {
  const patterns = Number((await asker.ask('PUBSUB NUMPAT')) ?? 0);
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

interface Stream {
  readonly name: string;
  readonly length: number;
  readonly lastId: string;
}

async function findStreams(asker: Asker, keys: readonly string[]): Promise<readonly Stream[]> {
  const names = new Set(keys);
  let cursor = '0';
  for (let seen = 0; seen < SCAN_KEYS && names.size < MAX_STREAMS; seen += SCAN_STEP) {
    const [next, found] = listOf(
      await asker.ask('SCAN', cursor, 'COUNT', String(SCAN_STEP), 'TYPE', 'stream'),
    );
    for (const name of listOf(found)) names.add(textOf(name));
    cursor = textOf(next);
    if (cursor === '0' || cursor === '') break;
  }
  const streams: Stream[] = [];
  for (const name of names) {
    const stream = await describeStream(asker, name);
    if (stream !== undefined) streams.push(stream);
  }
  return streams;
}

/** XINFO STREAM of a key that may not be there, or be no stream, or be somebody else's. */
async function describeStream(asker: Asker, name: string): Promise<Stream | undefined> {
  const before = asker.hidden.length;
  const answer = await asker.ask('XINFO STREAM', name);
  if (answer === undefined) {
    // "no such key" and WRONGTYPE hide nothing.
    const why = asker.hidden.at(-1) ?? '';
    if (asker.hidden.length > before && /no such key|WRONGTYPE/.test(why)) asker.hidden.pop();
    return undefined;
  }
  const fields = pairs(answer);
  const [, words] = listOf(fields.get('last-entry'));
  const names = [...pairs(words).keys()];
  if (!ENTRY_FIELDS.every((field) => names.includes(field))) return undefined;
  return { name, length: Number(fields.get('length') ?? 0), lastId: textOf(fields.get('last-generated-id')) };
}

function pairs(answer: Answer | undefined): ReadonlyMap<string, Answer | undefined> {
  const items = listOf(answer);
  const map = new Map<string, Answer | undefined>();
  for (let at = 0; at + 1 < items.length; at += 2) map.set(textOf(items[at]), items[at + 1]);
  return map;
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
