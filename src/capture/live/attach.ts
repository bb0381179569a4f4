import type { Socket } from 'node:net';
import { RespReader } from '../../bytes/resp.ts';
import { encodeCommand } from '../../bytes/resp-encode.ts';
import type { RedisLink } from '../../redis/connect.ts';
import { explainReply, RedisFailure } from '../../redis/failure.ts';
import type { Arrival } from './backlog.ts';
import { nowMicros } from './clock.ts';
import type { Step, Way } from './way.ts';

/** How long Redis may take to confirm. */
const CONFIRM_TIMEOUT_MS = 10_000;
/** A connection on which nothing came for this long is asked whether it is alive, and given up after as long again. */
const HEARTBEAT_MS = 30_000;
/** How long the end waits for what Redis has already sent. */
const FENCE_TIMEOUT_MS = 1000;

/** A connection over which traffic flows. */
export interface Attachment {
  readonly node: string;
  readonly accepted: readonly Step[];
  readonly refused: readonly { readonly step: Step; readonly failure: RedisFailure }[];
  /** Settles when the connection has ended, whoever ended it. */
  readonly ended: Promise<Ending>;
  /** Takes everything that came before this call and that Redis had under way, then closes. */
  finish(): Promise<void>;
  close(): void;
}

export interface Ending {
  /** Microseconds: nothing that Redis sent before it is missing. */
  readonly time: number;
  readonly why: string;
}

/**
 * Takes the link's socket over and sends the way's commands. Every chunk that comes from then on is handed to `take` at once, the
 * confirmations included, but not before `begin` was called, and so not at all when Redis refuses.
 * @throws {RedisFailure}
 */
export async function attach(
  way: Way,
  link: RedisLink,
  begin: (attachment: Pick<Attachment, 'node' | 'accepted'>) => (arrival: Omit<Arrival, 'session'>) => void,
): Promise<Attachment> {
  const socket = link.detach();
  const early: Omit<Arrival, 'session'>[] = [];
  let lastTime = nowMicros();
  let take = (arrival: Omit<Arrival, 'session'>): void => {
    early.push(arrival);
  };
  socket.on('data', (bytes: Buffer) => {
    lastTime = nowMicros();
    take({ time: lastTime, bytes });
  });
  const ended = watchEnd(socket, () => lastTime);
  try {
    const { accepted, refused } = await confirm(way, link, socket);
    take = begin({ node: link.node, accepted });
    for (const arrival of early.splice(0)) take(arrival);
    return {
      node: link.node,
      accepted,
      refused,
      ended,
      finish: () => finish(socket),
      close: () => socket.destroy(),
    };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

type Refused = Attachment['refused'][number];

async function confirm(
  way: Way,
  link: RedisLink,
  socket: Socket,
): Promise<{ accepted: readonly Step[]; refused: readonly Refused[] }> {
  const accepted: Step[] = [];
  const refused: Refused[] = [];
  const answers = readAnswers(way, socket, link);
  socket.write(Buffer.concat(way.steps.map(({ words }) => encodeCommand(words))));
  for (const [index, answer] of (await answers).entries()) {
    const step = way.steps[index];
    if (step === undefined) continue;
    if (answer === 'ok') {
      accepted.push(step);
      continue;
    }
    const known = explainReply(answer, { endpoint: link.endpoint, command: step.shown });
    const failure =
      known ?? new RedisFailure('no-permission', `Redis at ${link.node} refuses ${step.shown}: ${answer}`);
    if (!step.optional) throw failure;
    refused.push({ step, failure });
  }
  const [first] = refused;
  if (accepted.length === 0 && first !== undefined) throw first.failure;
  return { accepted, refused };
}

/** One answer for each step, in order: `ok`, or Redis' words of refusal. Traffic in between is left alone. */
function readAnswers(way: Way, socket: Socket, link: RedisLink): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const reader = new RespReader();
    const answers: string[] = [];
    const done = (settle: () => void): void => {
      clearTimeout(timer);
      socket.off('data', read).off('close', onClose);
      settle();
    };
    const read = (bytes: Buffer): void => {
      reader.push(bytes);
      for (let value = reader.next(); value !== undefined; value = reader.next()) {
        if (value.type === 'error') answers.push(value.bytes.toString());
        else if (way.isConfirmation(value)) answers.push('ok');
        if (answers.length === way.steps.length) {
          done(() => {
            resolve(answers);
          });
          return;
        }
      }
    };
    const fail = (code: 'closed' | 'timeout', what: string): void => {
      const tried = way.steps.map(({ shown }) => shown).join(', ');
      done(() => {
        reject(new RedisFailure(code, `Redis at ${link.node} ${what} ${tried}.`));
      });
    };
    const onClose = (): void => {
      fail('closed', 'closed the connection in answer to');
    };
    const timer = setTimeout(() => {
      fail('timeout', 'did not answer in time to');
    }, CONFIRM_TIMEOUT_MS);
    socket.on('data', read).once('close', onClose);
  });
}

function watchEnd(socket: Socket, lastTime: () => number): Promise<Ending> {
  return new Promise((resolve) => {
    let askedAt: number | undefined;
    let problem: Ending | undefined;
    const timer = setInterval(() => {
      const quiet = nowMicros() - lastTime() > HEARTBEAT_MS * 1000;
      if (!quiet) askedAt = undefined;
      else if (askedAt === undefined) {
        askedAt = nowMicros();
        socket.write(encodeCommand(['PING']));
      } else {
        problem = { time: lastTime(), why: 'Redis did not answer any more' };
        socket.destroy();
      }
    }, HEARTBEAT_MS);
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
 * What Redis had queued for us comes before its answer to this PING. Where PING is forbidden, or the connection is
 * dead, the timeout decides.
 */
async function finish(socket: Socket): Promise<void> {
  if (!socket.destroyed) {
    const token = `sio-inspect-${Math.random().toString(36).slice(2)}`;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, FENCE_TIMEOUT_MS);
      const done = (): void => {
        clearTimeout(timer);
        resolve();
      };
      socket.once('close', done);
      let tail = Buffer.alloc(0);
      socket.on('data', (bytes: Buffer) => {
        const seen = Buffer.concat([tail, bytes]);
        if (seen.includes(token)) done();
        tail = seen.subarray(-token.length);
      });
      socket.write(encodeCommand(['PING', token]));
    });
  }
  socket.destroy();
}
