import { RedisFailure } from '../redis/failure.ts';
import type { RedisLink } from '../redis/connect.ts';
import { type Answer, listOf, type Question, textOf } from '../redis/questions.ts';
import type { Look, StreamLook } from './evidence.ts';

/** What a `streamCount` makes several of; more streams than this are not looked at. */
const MAX_STREAMS = 16;
/** SCAN visits this many keys of a node at most, in steps small enough that nobody waits for them. */
const SCAN_KEYS = 5000;
const SCAN_STEP = 500;
const MAX_SESSIONS = 20;
/** @socket.io/redis-streams-adapter 0.3.1, lib/adapter.ts: the default of `sessionKeyPrefix`. */
const SESSIONS = 'sio:session:*';

/** How far the streams reach back, and how long sessions are kept. Nothing is asked where no stream is known. */
export async function lookAtStreams(
  links: readonly RedisLink[],
  names: readonly string[],
): Promise<Pick<Look, 'streams' | 'sessionMs'>> {
  if (names.length === 0) return {};
  const asked = names.slice(0, MAX_STREAMS).map((name) => describe(links, name));
  const streams = (await Promise.all(asked)).flatMap((stream) => stream ?? []);
  if (streams.length === 0) return {};
  const kept = await Promise.all(links.map(longestSession));
  const sessionMs = Math.max(...kept);
  return { streams, ...(sessionMs > 0 ? { sessionMs } : {}) };
}

/** Undefined where no node has it, or it is no stream. */
async function describe(links: readonly RedisLink[], name: string): Promise<StreamLook | undefined> {
  const answers = await Promise.all(links.map((link) => askQuietly(link, 'XINFO STREAM', name)));
  const answer = answers.find((one) => one !== undefined);
  if (answer === undefined) return undefined;
  const items = listOf(answer);
  const field = (wanted: string): Answer | undefined =>
    items[items.findIndex((item, index) => index % 2 === 0 && textOf(item) === wanted) + 1];
  const [firstId] = listOf(field('first-entry'));
  return {
    name,
    length: Number(field('length') ?? 0),
    lastId: textOf(field('last-generated-id')),
    ...(firstId === undefined ? {} : { firstId: textOf(firstId) }),
  };
}

/** What is left of the time of the session that is kept longest, of some; 0 where there is none. */
async function longestSession(link: RedisLink): Promise<number> {
  const keys: string[] = [];
  let cursor = '0';
  for (let seen = 0; seen < SCAN_KEYS && keys.length < MAX_SESSIONS; seen += SCAN_STEP) {
    const answer = await askQuietly(link, 'SCAN', cursor, 'MATCH', SESSIONS, 'COUNT', String(SCAN_STEP));
    const [next, found] = listOf(answer);
    keys.push(...listOf(found).map(textOf));
    cursor = textOf(next);
    if (cursor === '0' || cursor === '') break;
  }
  const left = await Promise.all(keys.slice(0, MAX_SESSIONS).map((key) => askQuietly(link, 'PTTL', key)));
  return Math.max(0, ...left.map(Number));
}

/** A key may be gone, of another kind, or on another node; what is forbidden is no fault of a stream's. */
async function askQuietly(
  link: RedisLink,
  question: Question,
  ...args: readonly string[]
): Promise<Answer | undefined> {
  try {
    return await link.ask(question, ...args);
  } catch (error) {
    if (!(error instanceof RedisFailure) || error.code === 'closed' || error.code === 'timeout') throw error;
    return undefined;
  }
}
