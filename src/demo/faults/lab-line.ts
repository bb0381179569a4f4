import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A line to Redis with something in between that forgets connections, as firewalls and load balancers do. */
export interface Line {
  /** Where servers connect to instead of Redis. */
  readonly port: number;
  /** Whether the connection that Redis knows by this port passes here. */
  carries(redisPeerPort: number): boolean;
  /** From now on nothing comes through on that connection, in either direction, and neither end is told. */
  forget(redisPeerPort: number): void;
  close(): Promise<void>;
}

interface Pair {
  readonly server: Socket;
  readonly redis: Socket;
  isForgotten: boolean;
}

/** Opens a line to the Redis on this port of this machine. */
export async function openLine(redisPort: number): Promise<Line> {
  const pairs = new Set<Pair>();
  const listener = createServer((server) => {
    join(pairs, { server, redis: connect(redisPort, '127.0.0.1'), isForgotten: false });
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const pairOf = (port: number): Pair | undefined => [...pairs].find(({ redis }) => redis.localPort === port);
  return {
    port: (listener.address() as AddressInfo).port,
    carries: (port) => pairOf(port) !== undefined,
    forget: (port) => {
      const pair = pairOf(port);
      if (pair !== undefined) pair.isForgotten = true;
    },
    close: () => close(listener, pairs),
  };
}

/** What is forgotten is read and thrown away: who sends cannot know. When one end hangs up, the other hears of it. */
function join(pairs: Set<Pair>, pair: Pair): void {
  pairs.add(pair);
  const directions = [
    [pair.server, pair.redis],
    [pair.redis, pair.server],
  ] as const;
  for (const [from, to] of directions) {
    from.setNoDelay(true);
    from.on('data', (bytes: Buffer) => {
      if (!pair.isForgotten) to.write(bytes);
    });
    from.on('error', () => undefined);
    from.on('close', () => {
      to.destroy();
      pairs.delete(pair);
    });
  }
}

async function close(listener: Server, pairs: ReadonlySet<Pair>): Promise<void> {
  for (const { server, redis } of pairs) {
    server.destroy();
    redis.destroy();
  }
  listener.close();
  await once(listener, 'close');
}
