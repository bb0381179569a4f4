import type { Socket } from 'node:net';
import { RespReader } from '../../bytes/resp.ts';
import { encodeCommand } from '../../bytes/resp-encode.ts';
import type { RespValue } from '../../bytes/resp-value.ts';
import type { RedisLink } from '../../redis/connect.ts';
import { explainReply, RedisFailure } from '../../redis/failure.ts';
import type { Opening, Step } from './way.ts';

/** How long Redis may take to confirm. */
const CONFIRM_TIMEOUT_MS = 10_000;

type IsConfirmation = (value: RespValue) => boolean;

/**
 * An opening by commands that are sent all at once; each is answered by a confirmation or an error. Traffic may come
 * between the answers.
 */
export function openBySteps(
  steps: readonly Step[],
  isConfirmation: IsConfirmation,
): (link: RedisLink, socket: Socket) => Promise<Opening> {
  return async (link, socket) => {
    const accepted: Step[] = [];
    const refused: Opening['refused'][number][] = [];
    const answers = readAnswers(steps, isConfirmation, socket, link);
    socket.write(Buffer.concat(steps.map(({ words }) => encodeCommand(words))));
    for (const [index, answer] of (await answers).entries()) {
      const step = steps[index];
      if (step === undefined) continue;
      if (answer === 'ok') {
        accepted.push(step);
        continue;
      }
      const failure = explainRefusal(answer, step.shown, link);
      if (!step.optional) throw failure;
      refused.push({ step, failure });
    }
    const [first] = refused;
    if (accepted.length === 0 && first !== undefined) throw first.failure;
    return { accepted, refused };
  };
}

/** What Redis answered to a command, as a failure; `shown` is the command as a user would type it. */
export function explainRefusal(answer: string, shown: string, { node, endpoint }: RedisLink): RedisFailure {
  const known = explainReply(answer, { endpoint, command: shown });
  return known ?? new RedisFailure('no-permission', `Redis at ${node} refuses ${shown}: ${answer}`);
}

/** One answer for each step, in order: `ok`, or Redis' words of refusal. Traffic in between is left alone. */
function readAnswers(
  steps: readonly Step[],
  isConfirmation: IsConfirmation,
  socket: Socket,
  link: RedisLink,
): Promise<readonly string[]> {
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
        else if (isConfirmation(value)) answers.push('ok');
        if (answers.length === steps.length) {
          done(() => {
            resolve(answers);
          });
          return;
        }
      }
    };
    const fail = (code: 'closed' | 'timeout', what: string): void => {
      const tried = steps.map(({ shown }) => shown).join(', ');
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
