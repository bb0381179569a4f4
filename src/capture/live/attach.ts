import type { Socket } from 'node:net';
import { encodeCommand } from '../../bytes/resp-encode.ts';
import type { RedisLink } from '../../redis/connect.ts';
import type { Arrival } from './spool.ts';
import { nowMicros } from './clock.ts';
import type { Opening, Talk, Way } from './way.ts';

/** A connection on which nothing came for this long is asked whether it is alive, and given up after as long again. */
const HEARTBEAT_MS = 30_000;
/** The end waits for what Redis has already sent until nothing has come for this long … */
const FENCE_SILENCE_MS = 1000;
/** … longer where the end is known, since another connection or a waiting XREAD has to answer first … */
const TALK_SILENCE_MS = 5000;
/** … or until it has waited for this long: where messages never stop and no answer comes, there is no other end. */
const FENCE_LIMIT_MS = 30_000;
/** How Redis refuses PING: to a user who may not, and where it cannot write to its disk. Messages may say so, too. */
const REFUSAL = /-(?:NOPERM|MISCONF) /;

/** A connection over which traffic flows. */
export interface Attachment extends Opening {
  readonly node: string;
  /** Settles when the connection has ended, whoever ended it. */
  readonly ended: Promise<Ending>;
  /** Takes everything that came before this call and that Redis had under way. False when some of it may be missing. */
  finish(): Promise<boolean>;
  close(): void;
}

export interface Ending {
  /** Microseconds: nothing that Redis sent before it is missing. */
  readonly time: number;
  readonly why: string;
}

type Take = (arrival: Omit<Arrival, 'session'>) => void;

/**
 * Takes the link's socket over and opens the way. Every chunk that comes from then on is handed to `take` at once,
 * confirmations included, but not before `begin` was called, and so not at all when Redis refuses.
 * @throws {RedisFailure}
 */
export async function attach(
  way: Way,
  link: RedisLink,
  signal: AbortSignal,
  begin: (attachment: Pick<Attachment, 'node' | 'accepted' | 'continues'>) => Take,
): Promise<Attachment> {
  const { node } = link;
  await prepare(way, link);
  const socket = link.detach();
  const early: Omit<Arrival, 'session'>[] = [];
  let lastTime = nowMicros();
  let take: Take = (arrival) => {
    early.push(arrival);
  };
  socket.on('data', (bytes: Buffer) => {
    lastTime = nowMicros();
    take({ time: lastTime, bytes });
  });
  const isConversation = way.converse !== undefined;
  const ended = watchEnd(socket, { lastTime: () => lastTime, mayPing: !isConversation });
  const giveUp = (): void => {
    socket.destroy();
  };
  signal.addEventListener('abort', giveUp);
  try {
    const opening = await way.open(link, socket);
    const store = begin({ node, ...opening });
    const talk = way.converse?.(link, socket);
    take = talk === undefined ? store : storeAndTell(store, talk);
    for (const arrival of withoutFirst(early.splice(0), opening.skipBytes ?? 0)) take(arrival);
    if (talk !== undefined)
      void ended.then(() => {
        talk.end();
      });
    const finish = (): Promise<boolean> => (talk === undefined ? fence(socket) : finishTalk(socket, talk));
    return { node, ...opening, ended, finish, close: () => socket.destroy() };
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

async function prepare(way: Way, link: RedisLink): Promise<void> {
  try {
    await way.prepare?.(link);
  } catch (error) {
    link.close();
    throw error;
  }
}

function storeAndTell(store: Take, talk: Talk): Take {
  return (arrival) => {
    store(arrival);
    talk.hear(arrival.bytes);
  };
}

function* withoutFirst<T extends { readonly bytes: Buffer }>(
  arrivals: readonly T[],
  count: number,
): Generator<T> {
  let left = count;
  for (const arrival of arrivals) {
    const { length } = arrival.bytes;
    if (length > left) yield left === 0 ? arrival : { ...arrival, bytes: arrival.bytes.subarray(left) };
    left = Math.max(0, left - length);
  }
}

/** For as long as the connection lives: asks after it when it is quiet, and says how it ended. */
export function watchEnd(
  socket: Socket,
  { lastTime, mayPing }: { readonly lastTime: () => number; readonly mayPing: boolean },
  heartbeatMs = HEARTBEAT_MS,
): Promise<Ending> {
  return new Promise((resolve) => {
    let askedAt: number | undefined;
    let problem: Ending | undefined;
    const timer = setInterval(() => {
      if (askedAt !== undefined && lastTime() < askedAt) {
        problem = { time: lastTime(), why: 'Redis did not answer any more' };
        socket.destroy();
        return;
      }
      const quiet = nowMicros() - lastTime() > heartbeatMs * 1000;
      askedAt = quiet ? nowMicros() : undefined;
      if (quiet && mayPing) socket.write(encodeCommand(['PING']));
    }, heartbeatMs);
    socket.once('error', (error: Error) => {
      problem ??= { time: lastTime(), why: error.message };
    });
    socket.once('close', () => {
      clearInterval(timer);
      resolve(problem ?? { time: nowMicros(), why: 'Redis closed the connection' });
    });
  });
}

/**
 * What Redis had queued for us comes before its answer to this PING. A refusal of it does not repeat our words, but
 * one of a command that there is not does, whatever the user may do (redis 7.0.15, src/server.c: processCommand looks
 * for that first): so that is asked for then. Where the connection is dead, the timeout decides.
 */
async function fence(socket: Socket): Promise<boolean> {
  // In capitals, in which some servers repeat the name of a command.
  const token = `SIO-INSPECT-${Math.random().toString(36).slice(2).toUpperCase()}`;
  return untilQuiet(socket, { ms: FENCE_SILENCE_MS, isWhole: true }, (done) => {
    let tail = Buffer.alloc(0);
    let isAskedAgain = false;
    socket.on('data', (bytes: Buffer) => {
      const seen = Buffer.concat([tail, bytes]);
      tail = seen.subarray(-token.length);
      if (seen.includes(token)) done();
      else if (!isAskedAgain && REFUSAL.test(seen.toString('latin1'))) {
        isAskedAgain = true;
        socket.write(encodeCommand([token]));
      }
    });
    socket.write(encodeCommand(['PING', token]));
  });
}

/** A talk knows how far it has to come: if it does not come that far, something is missing. */
async function finishTalk(socket: Socket, talk: Talk): Promise<boolean> {
  return untilQuiet(socket, { ms: TALK_SILENCE_MS, isWhole: false }, (done, fail) => {
    talk.finish().then(done, fail);
  });
}

/** What it means that nothing has come for so long. */
interface Silence {
  readonly ms: number;
  readonly isWhole: boolean;
}

/** True when `start` said that it is done, false when it failed or the connection ended before; silence ends it too. */
async function untilQuiet(
  socket: Socket,
  { ms, isWhole }: Silence,
  start: (done: () => void, fail: () => void) => void,
): Promise<boolean> {
  if (socket.destroyed) return false;
  return new Promise<boolean>((resolve) => {
    const settle = (answer: boolean): void => {
      clearTimeout(silence);
      clearTimeout(limit);
      resolve(answer);
    };
    const limit = setTimeout(settle, FENCE_LIMIT_MS, false);
    const silence = setTimeout(settle, ms, isWhole);
    const fail = (): void => {
      settle(false);
    };
    socket.on('data', () => silence.refresh());
    socket.once('close', fail);
    start(() => {
      settle(true);
    }, fail);
  });
}
