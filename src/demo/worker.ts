/**
 * Entry file of a worker: one Socket.IO server. It waits for its orders, serves what the primary hands over
 * (@socket.io/sticky), and reports what it sees. It ends when told to, or with the primary.
 */
import cluster from 'node:cluster';
import { createServer } from 'node:http';
import { setupWorker } from '@socket.io/sticky';
import type { Redis } from 'ioredis';
import { Server } from 'socket.io';
import { createPageHandler, isWelcome } from './page.ts';
import { CHAT_EVENT } from './receipts.ts';
import { isOurs, type Report, type WorkerOrders } from './reports.ts';
import { type Attached, attachAdapter } from './worker-adapter.ts';

// Ctrl-C reaches the whole process group; the primary decides when we end.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);

process.on('message', (message: unknown) => {
  if (!isOurs(message)) return;
  if (message.type === 'demo:stop') process.exit(0);
  if (message.type === 'demo:settle') setImmediate(report, { type: 'demo:settled' });
  if (message.type === 'demo:orders') {
    serve(message as WorkerOrders).catch((error: unknown) => {
      report({ type: 'demo:failed', message: error instanceof Error ? error.message : String(error) });
    });
  }
});

report({ type: 'demo:hello' });

function report(what: Report): void {
  // The primary may be going away at this very moment: then nobody is left to be told.
  if (process.connected) process.send?.(what, undefined, undefined, () => undefined);
}

async function serve(orders: WorkerOrders): Promise<void> {
  const http = createServer(createPageHandler(orders.worker));
  const io = new Server(http, {
    allowRequest: (request, decide) => {
      decide(null, isWelcome(request.headers, orders.loopback));
    },
  });
  const redis =
    orders.redis === undefined
      ? undefined
      : { target: orders.redis, name: `sio-inspect-demo-worker-${orders.worker}` };
  const attached = await attachAdapter(io, orders.adapter, redis, {
    onReceipt: (uid, received, outcome) => {
      report({ type: 'demo:received', uid, received, outcome });
    },
    onPublished: (sent) => {
      report({ type: 'demo:published', sent });
    },
    onDirect: (to) => {
      report({ type: 'demo:told-directly', to });
    },
  });
  chat(io, orders);
  setupWorker(io);
  endWithPrimary(orders, attached);
  const { uid, asked } = attached;
  report({ type: 'demo:ready', asked, ...(uid === undefined ? {} : { uid }) });
}

/** The chat server: what one says, everybody else hears. */
function chat(io: Server, orders: WorkerOrders): void {
  const { worker, workers, watchCommand } = orders;
  io.on('connection', (socket) => {
    const name: unknown = socket.handshake.auth.name;
    report({ type: 'demo:client', id: socket.id, name: typeof name === 'string' ? name : '' });
    socket.on('disconnect', () => {
      report({ type: 'demo:client-gone', id: socket.id });
    });
    socket.on(CHAT_EVENT, (text: unknown, acknowledge?: (taken: boolean) => void) => {
      if (typeof text === 'string') socket.broadcast.emit(CHAT_EVENT, text);
      if (typeof acknowledge === 'function') acknowledge(typeof text === 'string');
    });
    socket.emit('worker', { worker, workers, ...(watchCommand === undefined ? {} : { watchCommand }) });
  });
}

/**
 * A primary that was killed could not stop the Redis process it had started, so we do it. Node ends a worker at once
 * when the primary is gone, unless the worker is leaving by its own will.
 */
function endWithPrimary(orders: WorkerOrders, attached: Attached): void {
  const [redis]: readonly (Redis | undefined)[] = attached.connections;
  if (orders.ownRedis !== true || redis === undefined) return;
  process.prependListener('disconnect', () => {
    if (cluster.worker !== undefined) cluster.worker.exitedAfterDisconnect = true;
    redis
      .call('SHUTDOWN', 'NOSAVE')
      .catch(() => undefined)
      .finally(() => process.exit(1));
  });
}
