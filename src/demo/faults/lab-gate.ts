import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A TCP proxy in front of Redis, with the habits of load balancers. */
export interface Gate {
  readonly port: number;
  /** From now on connections on which nothing comes for so long are closed; undefined for never. */
  limitIdle(idleMs: number | undefined): void;
  /** Hangs up on all servers, and keeps the connections to Redis open behind them. */
  dropServers(): void;
  /** Closes the connections to Redis that nobody is behind any more. */
  closeLeftOvers(): void;
  close(): Promise<void>;
}

interface Passage {
  readonly server: Socket;
  readonly redis: Socket;
  isDropped: boolean;
}

/** Opens a gate to the Redis on this port of this machine. */
export async function openGate(redisPort: number): Promise<Gate> {
  const passages = new Set<Passage>();
  let idleMs: number | undefined;
  const listener = createServer((server) => {
    const passage = { server, redis: connect(redisPort, '127.0.0.1'), isDropped: false };
    passages.add(passage);
    passage.redis.on('close', () => passages.delete(passage));
    join(passage);
    limit(passage, idleMs);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const closeAll = (which: (passage: Passage) => boolean): void => {
    for (const passage of [...passages].filter(which)) passage.redis.destroy();
  };
  return {
    port: (listener.address() as AddressInfo).port,
    limitIdle: (ms) => {
      idleMs = ms;
      for (const passage of passages) limit(passage, ms);
    },
    dropServers: () => {
      for (const passage of passages) {
        passage.isDropped = true;
        passage.server.destroy();
      }
    },
    closeLeftOvers: () => {
      closeAll(({ isDropped }) => isDropped);
    },
    close: async () => {
      listener.close();
      closeAll(() => true);
      for (const { server } of passages) server.destroy();
      await once(listener, 'close');
    },
  };
}

/** What comes from Redis for a server that is gone is read and thrown away, so that Redis does not notice. */
function join(passage: Passage): void {
  const { server, redis } = passage;
  server.on('data', (bytes: Buffer) => redis.write(bytes));
  redis.on('data', (bytes: Buffer) => {
    if (!passage.isDropped) server.write(bytes);
  });
  for (const socket of [server, redis]) {
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
  }
  server.on('close', () => {
    if (!passage.isDropped) redis.destroy();
  });
  redis.on('close', () => server.destroy());
}

/** Node's timeout of a socket counts what it reads and what it writes: one side stands for both. */
function limit({ server, redis }: Passage, idleMs = 0): void {
  server.removeAllListeners('timeout');
  server.setTimeout(idleMs, () => {
    server.destroy();
    redis.destroy();
  });
}
