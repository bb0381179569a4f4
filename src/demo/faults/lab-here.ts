import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import type { Cluster, Redis } from 'ioredis';
import { REQUESTS_TIMEOUT_MS } from './lab-orders.ts';

/** A Socket.IO server with the classic adapter in this very process: what it logs can be seen, and it ends and starts in no time. */
export interface HereServer {
  readonly name: string;
  readonly port: number;
  readonly uid: string;
  readonly sub: Redis | Cluster;
  /** `(await io.fetchSockets()).length` */
  countSockets(): Promise<number>;
  /** How many answers `io.serverSideEmitWithAck("who")` gets. */
  askWho(): Promise<number>;
  /** Ends as a process does that crashes: nobody is told, all connections are cut. */
  crash(): void;
}

/** Starts a server and resolves when it is subscribed; `connect` opens its connections to Redis. Port 0 is any. */
export async function startHere(
  name: string,
  connect: (role: 'pub' | 'sub') => Redis | Cluster,
  port = 0,
): Promise<HereServer> {
  const [{ createServer }, { createAdapter }, { Server }] = await Promise.all([
    import('node:http'),
    import('@socket.io/redis-adapter'),
    import('socket.io'),
  ]);
  const [pub, sub] = [connect('pub'), connect('sub')];
  const http = createServer();
  const sockets = new Set<Socket>();
  http.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const io = new Server(http);
  io.adapter(createAdapter(pub, sub, { requestsTimeout: REQUESTS_TIMEOUT_MS }));
  io.on('who', (answer: unknown) => {
    if (typeof answer === 'function') (answer as (text: string) => void)(name);
  });
  http.listen(port, '127.0.0.1');
  const { uid = '' } = io.of('/').adapter as { readonly uid?: string };
  // Once more what the adapter has just asked for: answered after that.
  await Promise.all([once(http, 'listening'), sub.subscribe(`socket.io-response#/#${uid}#`)]);
  return {
    name,
    port: (http.address() as AddressInfo).port,
    uid,
    sub,
    countSockets: async () => (await io.fetchSockets()).length,
    askWho: async () => ((await io.serverSideEmitWithAck('who')) as readonly unknown[]).length,
    crash: () => {
      for (const connection of [pub, sub]) connection.disconnect();
      for (const socket of sockets) socket.destroy();
      http.close();
    },
  };
}
