import type { RedisLink } from '../redis/connect.ts';
import { Asker } from '../redis/registry.ts';
import { scanKeys } from '../redis/scan.ts';
import { readStreamState } from '../redis/stream-info.ts';
import type { Look, StreamLook } from './evidence.ts';

/** What a `streamCount` makes several of; more streams than this are not looked at. */
const MAX_STREAMS = 16;
/** How many keys of a node are looked through, and how many sessions are looked at. */
const SESSION_BOUNDS = { visits: 5000, names: 20 };
/** @socket.io/redis-streams-adapter 0.3.1, lib/adapter.ts: the default of `sessionKeyPrefix`. */
const SESSIONS = 'sio:session:*';

/**
 * How far the streams reach back, and how long sessions are kept. Nothing is asked where no stream is known. A key may
 * be gone, of another kind, or on another node; what is forbidden here is no fault of a stream's.
 */
export async function lookAtStreams(
  links: readonly RedisLink[],
  names: readonly string[],
): Promise<Pick<Look, 'streams' | 'sessionMs'>> {
  if (names.length === 0) return {};
  const askers = links.map((link) => new Asker(link));
  const asked = names.slice(0, MAX_STREAMS).map((name) => describe(askers, name));
  const streams = (await Promise.all(asked)).flatMap((stream) => stream ?? []);
  if (streams.length === 0) return {};
  const kept = await Promise.all(askers.map(longestSession));
  const sessionMs = Math.max(...kept);
  return { streams, ...(sessionMs > 0 ? { sessionMs } : {}) };
}

/** Undefined where no node has it, or it is no stream. */
async function describe(askers: readonly Asker[], name: string): Promise<StreamLook | undefined> {
  const answers = await Promise.all(askers.map((asker) => asker.ask('XINFO STREAM', name)));
  const answer = answers.find((one) => one !== undefined);
  if (answer === undefined) return undefined;
  const { length, lastId, first } = readStreamState(answer);
  return { name, length, lastId, ...(first === undefined ? {} : { firstId: first.id }) };
}

/** What is left of the time of the session that is kept longest, of some; 0 where there is none. */
async function longestSession(asker: Asker): Promise<number> {
  const keys = new Set<string>();
  await scanKeys(asker, ['MATCH', SESSIONS], SESSION_BOUNDS, keys);
  const asked = [...keys].slice(0, SESSION_BOUNDS.names);
  const left = await Promise.all(asked.map((key) => asker.ask('PTTL', key)));
  return Math.max(0, ...left.map(Number));
}
