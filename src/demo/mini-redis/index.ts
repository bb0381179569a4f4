import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { MiniServer } from './server.ts';

export interface MiniRedisOptions {
  /** Default 0: a free one. */
  readonly port?: number;
  /** Default 127.0.0.1. There is no password: keep it on loopback. */
  readonly host?: string;
}

export interface MiniRedis {
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}

const SWEEP_MS = 1000;

/**
 * Starts a small server that speaks Redis' protocol, as redis 7.0.15 does, for demos on machines without Redis: pub/sub,
 * sharded pub/sub, streams, transactions, MONITOR, and the keys that the Socket.IO adapters use. Nothing is saved.
 * Rejects with Node's error when the port cannot be had.
 */
export async function startMiniRedis(options: MiniRedisOptions = {}): Promise<MiniRedis> {
  const host = options.host ?? '127.0.0.1';
  const state = new MiniServer(host);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    state.accept(socket);
  });
  server.listen(options.port ?? 0, host);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('mini-redis has no TCP address.');
  state.port = address.port;
  const sweeper = setInterval(() => {
    state.keyspace.sweep();
  }, SWEEP_MS).unref();
  return {
    port: address.port,
    url: `redis://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    close: async () => {
      clearInterval(sweeper);
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
