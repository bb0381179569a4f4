import { Redis } from 'ioredis';
import { parseTarget, type RedisTarget } from '../redis/target.ts';
import type { SentCommand } from './reports.ts';

/** Called when a command has been answered; `error` is there when Redis refused it. */
export type OnCommand = (sent: SentCommand, error?: Error) => void;

const SUBSCRIBING = new Set(['psubscribe', 'subscribe', 'ssubscribe']);
/** How many of the first words are no payload: a channel, or `<stream> MAXLEN ~ <n> *`. */
const PUBLISHING = new Map([
  ['publish', 1],
  ['spublish', 1],
  ['xadd', 5],
]);

/**
 * A connection of the demo, named in `CLIENT LIST` so that another demo knows it for one of ours, whose commands (and
 * those of its duplicates: the streams adapter makes two) can be listened to.
 */
export function openRedis(target: RedisTarget, name: string, onCommand: OnCommand): Redis {
  const { socket, db, user, password } = parseTarget(target);
  const redis = new Redis({
    ...socket,
    db,
    ...(user === undefined ? {} : { username: user }),
    ...(password === undefined ? {} : { password }),
    connectionName: name,
    // A worker that waits for its Redis in vain should say so, not queue what people type.
    maxRetriesPerRequest: 3,
  });
  redis.on('error', () => undefined);
  tap(redis, onCommand);
  return redis;
}

function tap(redis: Redis, onCommand: OnCommand): void {
  const send = redis.sendCommand.bind(redis);
  const duplicate = redis.duplicate.bind(redis);
  const seen = new WeakSet();
  redis.sendCommand = (command, stream) => {
    const answered = send(command, stream);
    // A reader never gets an answer until something is written, so having sent the question is all there is to know.
    if (command.name === 'xread' && redis.status === 'ready') onCommand(describe(command));
    // Commands queued before the connection stands come by here twice.
    if ((SUBSCRIBING.has(command.name) || PUBLISHING.has(command.name)) && !seen.has(command)) {
      seen.add(command);
      command.promise.then(
        (answer) => {
          onCommand(describe(command, answer));
        },
        (error: unknown) => {
          onCommand(describe(command), error instanceof Error ? error : new Error(String(error)));
        },
      );
    }
    return answered;
  };
  redis.duplicate = (override) => {
    const copy = duplicate(override);
    tap(copy, onCommand);
    return copy;
  };
}

type Command = Parameters<Redis['sendCommand']>[0];

/** Payloads stay out: they are taken from what Redis passes on, where they are bytes. */
function describe(command: Command, answer?: unknown): SentCommand {
  const head = command.args.slice(0, PUBLISHING.get(command.name));
  const text = Buffer.isBuffer(answer) ? answer.toString() : answer;
  return {
    command: command.name.toUpperCase(),
    words: head.map(String),
    ...(typeof text === 'number' || typeof text === 'string' ? { answer: text } : {}),
  };
}
