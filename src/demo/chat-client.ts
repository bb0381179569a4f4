import { io, type Socket } from 'socket.io-client';

/** What a server of the demo tells each client first. */
interface Welcome {
  readonly id: string;
  readonly worker: number;
}

/** A chat client: a real Socket.IO connection. */
export interface ChatClient {
  /** Of the newest connection. */
  readonly welcome: Welcome;
  /** Resolves when the server has acknowledged the line. */
  say(text: string): Promise<void>;
  close(): void;
}

export interface ChatOptions {
  /** By default polling first, then WebSocket, as browsers do. */
  readonly transports?: readonly ('polling' | 'websocket')[];
  /** Gives up connecting. */
  readonly signal?: AbortSignal;
  readonly onHeard?: (text: string) => void;
  /** After the first time, a reconnection. */
  readonly onWelcome?: (welcome: Welcome) => void;
  readonly onLost?: (reason: string) => void;
}

const CONNECT_TIMEOUT_MS = 10_000;
const ACKNOWLEDGE_TIMEOUT_MS = 10_000;

/**
 * Connects to a server of the demo and resolves once it has said who it is.
 * Rejects when nobody is there, or when whoever is there does not greet.
 */
export async function connectChat(
  server: string,
  name: string,
  options: ChatOptions = {},
): Promise<ChatClient> {
  const { transports, onWelcome, onLost } = options;
  const socket = io(server, {
    auth: { name },
    forceNew: true,
    timeout: CONNECT_TIMEOUT_MS,
    ...(transports === undefined ? {} : { transports: [...transports] }),
  });
  try {
    const client = { welcome: await firstWelcome(socket, options) };
    socket.on('worker', (told: unknown) => {
      client.welcome = { id: socket.id ?? '', worker: workerOf(told) };
      onWelcome?.(client.welcome);
    });
    socket.on('disconnect', (reason) => onLost?.(reason));
    return Object.assign(client, {
      say: async (text: string) => {
        await socket.timeout(ACKNOWLEDGE_TIMEOUT_MS).emitWithAck('chat message', text);
      },
      close: () => {
        socket.disconnect();
      },
    });
  } catch (error) {
    socket.disconnect();
    throw error;
  }
}

function firstWelcome(socket: Socket, { onHeard, signal }: ChatOptions): Promise<Welcome> {
  const { promise, settle } = settleOnce<Welcome>();
  const timer = setTimeout(() => {
    settle(new Error('it does not greet as a server of this demo does'));
  }, CONNECT_TIMEOUT_MS);
  const onAbort = (): void => {
    settle(new Error('interrupted'));
  };
  signal?.addEventListener('abort', onAbort);
  if (signal?.aborted === true) onAbort();
  socket.once('connect_error', settle);
  // From the first moment: what is said while we are being greeted counts.
  socket.on('chat message', (text: unknown) => {
    if (typeof text === 'string') onHeard?.(text);
  });
  socket.once('worker', (told: unknown) => {
    settle({ id: socket.id ?? '', worker: workerOf(told) });
  });
  return promise.finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  });
}

function settleOnce<T>(): { promise: Promise<T>; settle: (outcome: T | Error) => void } {
  let settle: (outcome: T | Error) => void = () => undefined;
  const promise = new Promise<T>((resolve, reject) => {
    settle = (outcome) => {
      if (outcome instanceof Error) reject(outcome);
      else resolve(outcome);
    };
  });
  return { promise, settle };
}

function workerOf(told: unknown): number {
  const worker: unknown = typeof told === 'object' && told !== null && 'worker' in told ? told.worker : told;
  return typeof worker === 'number' ? worker : 0;
}
