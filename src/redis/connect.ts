import type { Socket } from 'node:net';
import { Redis } from 'ioredis';
import { type Attempted, explainNoGreeting, explainReply, RedisFailure, toRedisFailure } from './failure.ts';
import { claimAddresses } from './our-addresses.ts';
import { type Answer, type Question, textOf, wordsOf } from './questions.ts';
import { type Endpoint, parseTarget, type RedisTarget } from './target.ts';

/** The name that operators see in CLIENT LIST. */
const CLIENT_NAME = 'sio-inspect';

const CONNECT_TIMEOUT_MS = 10_000;
/** A plain Redis waits for the rest of a TLS greeting for ever; a TLS one answers within its round trips. */
const GREETING_TIMEOUT_MS = 5000;
/** A Redis that is alive but busy (a long script, a fork) answers within this. */
const ANSWER_TIMEOUT_MS = 10_000;
/** Enough of a stranger's first words to say what it is. */
const FIRST_BYTES = 64;

/** A connection to one Redis node. Close what you open. */
export interface RedisLink {
  /** `host:port` or `unix:PATH`, as the target names it. */
  readonly node: string;
  readonly endpoint: Endpoint;
  /** What it was connected to, for another connection. */
  readonly target: RedisTarget;
  /** Asks one of the harmless questions. @throws {RedisFailure} */
  ask(question: Question, ...args: readonly (string | Uint8Array)[]): Promise<Answer>;
  /** Hands over the socket, authenticated and with nothing under way; RESP2 is spoken on it. Nothing can be asked afterwards. */
  detach(): Socket;
  close(): void;
}

/**
 * Connects, authenticates, and makes sure that Redis is there and ready. ioredis makes the connection; it never
 * reconnects by itself here, because what is missed in between must be known.
 * @throws {RedisFailure} for everything that stands in the way; {TypeError} for a malformed URL
 */
export async function connect(target: RedisTarget, signal?: AbortSignal): Promise<RedisLink> {
  const endpoint = parseTarget(target);
  const redis = createClient(endpoint);
  const errors: unknown[] = [];
  const first: Buffer[] = [];
  redis.on('error', (error) => errors.push(error));
  redis.once('connect', () =>
    redis.stream.once('data', (chunk: Buffer) => first.push(chunk.subarray(0, FIRST_BYTES))),
  );
  const stop = (): void => {
    redis.disconnect();
  };
  signal?.addEventListener('abort', stop);
  let command = 'connecting';
  try {
    signal?.throwIfAborted();
    const connected = redis.connect();
    if (endpoint.secure)
      setImmediate(() => {
        limitGreeting(redis.stream, endpoint);
      });
    await connected;
    claimLocalAddress(redis, endpoint.node);
    for (const step of introduction(endpoint)) {
      command = step.shown;
      await step.run(redis);
    }
    await claimSeenAddress(redis, endpoint.node);
    return createLink(redis, endpoint, target);
  } catch (error) {
    redis.disconnect();
    signal?.throwIfAborted();
    const [firstBytes] = first;
    const attempted = { endpoint, command, ...(firstBytes === undefined ? {} : { firstBytes }) };
    throw toRedisFailure([...errors, error], attempted);
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

function createClient(endpoint: Endpoint): Redis {
  return new Redis({
    ...endpoint.socket,
    lazyConnect: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: ANSWER_TIMEOUT_MS,
    retryStrategy: null,
    maxRetriesPerRequest: 0,
    // We greet Redis ourselves: ioredis writes its own warnings to the terminal when it does.
    enableReadyCheck: false,
    disableClientInfo: true,
    protocol: 2,
  });
}

function limitGreeting(socket: Socket | undefined, endpoint: Endpoint): void {
  if (socket === undefined || socket.destroyed) return;
  const start = (): void => {
    const timer = setTimeout(() => {
      socket.destroy(explainNoGreeting(endpoint));
    }, GREETING_TIMEOUT_MS);
    for (const event of ['secureConnect', 'close']) {
      socket.once(event, () => {
        clearTimeout(timer);
      });
    }
  };
  if (socket.connecting) socket.once('connect', start);
  else start();
}

interface Step {
  readonly shown: string;
  run(redis: Redis): Promise<unknown>;
}

function introduction({ user, password, db }: Endpoint): readonly Step[] {
  const steps: Step[] = [];
  if (password !== undefined) {
    const words = user === undefined ? [password] : [user, password];
    steps.push({ shown: 'AUTH', run: (redis) => redis.call('AUTH', words).catch(ignoreNeedlessPassword) });
  }
  // Least-privilege users may lack PING; whoever is refused by name is let in.
  steps.push({ shown: 'PING', run: (redis) => redis.call('PING').catch(ignoreForbidden) });
  steps.push({
    shown: 'CLIENT SETNAME',
    run: (redis) => redis.call('CLIENT', 'SETNAME', CLIENT_NAME).catch(ignoreRefusal),
  });
  // Redis 7.2 and later; older ones do not know it.
  steps.push({
    shown: 'CLIENT SETINFO',
    run: (redis) => redis.call('CLIENT', 'SETINFO', 'LIB-NAME', CLIENT_NAME).catch(ignoreRefusal),
  });
  if (db !== 0) steps.push({ shown: `SELECT ${db}`, run: (redis) => redis.call('SELECT', db) });
  return steps;
}

/** As redis-cli does: a password that Redis did not ask for is no reason to stay out. */
function ignoreNeedlessPassword(error: unknown): void {
  if (!/no password is set|without any password configured/i.test(String(error))) throw error;
}

function ignoreForbidden(error: unknown): void {
  if (!/NOPERM|unknown command/i.test(String(error))) throw error;
}

function ignoreRefusal(error: unknown): void {
  // A reply is a refusal; anything else (closed, timed out) is not.
  if (!(error instanceof Error) || error.name !== 'ReplyError') throw error;
}

/**
 * Makes our own commands known to the reader of MONITOR lines, from the first one on. There is nothing to tell them by
 * on a unix socket, whose clients all look alike.
 */
function claimLocalAddress({ stream }: Redis, node: string): void {
  const { localAddress, localPort } = stream;
  if (localAddress === undefined || localPort === undefined) return;
  const host = localAddress.includes(':') ? `[${localAddress}]` : localAddress;
  stream.once('close', claimAddresses(node, [`${host}:${localPort}`]));
}

/** Behind a proxy or a NAT Redis sees another address than we do. */
async function claimSeenAddress(redis: Redis, node: string): Promise<void> {
  const info = await redis.callBuffer('CLIENT', 'INFO').catch(ignoreRefusal);
  const seen = /(?:^| )addr=(\S+:[1-9]\d*) /.exec(Buffer.isBuffer(info) ? info.toString() : '')?.[1];
  if (seen !== undefined && !redis.stream.destroyed) redis.stream.once('close', claimAddresses(node, [seen]));
}

function createLink(redis: Redis, endpoint: Endpoint, target: RedisTarget): RedisLink {
  return {
    node: endpoint.node,
    endpoint,
    target,
    ask: async (question, ...args) => {
      const [word = '', ...rest] = wordsOf(question);
      const shown = [question, ...args.map((arg) => textOf(Buffer.from(arg)))].join(' ');
      try {
        const words = [...rest, ...args.map((arg) => Buffer.from(arg))];
        return (await redis.callBuffer(word, words)) as Answer;
      } catch (error) {
        throw explain(error, { endpoint, command: shown });
      }
    },
    detach: () => takeSocket(redis),
    close: () => {
      redis.disconnect();
      redis.stream.destroy();
    },
  };
}

function explain(error: unknown, attempted: Attempted): RedisFailure {
  if (error instanceof Error && error.name === 'ReplyError') {
    const known = explainReply(error.message, attempted);
    const { endpoint, command } = attempted;
    return (
      known ??
      new RedisFailure('no-permission', `Redis at ${endpoint.node} refuses ${command}: ${error.message}`)
    );
  }
  return toRedisFailure([error], attempted);
}

/**
 * ioredis 6.0.0 reads a connection through one `data` listener on its stream (built/DataHandler.js); without it the
 * socket is an ordinary one. Its `close` listener stays and only marks the client as ended.
 */
function takeSocket(redis: Redis): Socket {
  const socket = redis.stream;
  socket.removeAllListeners('data');
  socket.removeAllListeners('timeout');
  socket.setTimeout(0);
  // Whoever takes it listens too; an error between the two must not end the process.
  socket.on('error', () => undefined);
  return socket;
}
