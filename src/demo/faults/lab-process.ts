/** Entry file of a server of the fault lab: Socket.IO with a real adapter, told by its parent what to do. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdapter, createShardedAdapter } from '@socket.io/redis-adapter';
import { createAdapter as createStreamsAdapter } from '@socket.io/redis-streams-adapter';
import { Redis } from 'ioredis';
import { Server } from 'socket.io';
import { parseTarget } from '../../redis/target.ts';
import {
  type Deed,
  type Done,
  type LabOrders,
  type LabQuestion,
  type LabReport,
  REQUESTS_TIMEOUT_MS,
} from './lab-orders.ts';

const servers: Server[] = [];

process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit(0));
process.on('message', (question: LabQuestion) => {
  switch (question.type) {
    case 'lab:end':
      process.exit(0);
      break;
    case 'lab:orders':
      serve(question).catch((error: unknown) => {
        report({ type: 'lab:failed', message: error instanceof Error ? error.message : String(error) });
      });
      break;
    case 'lab:do':
      void carryOut(question.deed).then((done) => {
        report({ type: 'lab:done', id: question.id, done });
      });
  }
});

report({ type: 'lab:hello' });

function report(what: LabReport): void {
  process.send?.(what, undefined, undefined, () => undefined);
}

async function serve(orders: LabOrders): Promise<void> {
  const { plan } = orders;
  const http = createServer();
  const pub = openConnection(orders, 'pub');
  const sub = openConnection(orders, 'sub');
  for (let number = 0; number < (plan.sharing ?? 1); number++) {
    const io = number === 0 ? new Server(http) : new Server();
    attachAdapter(io, orders, pub, sub);
    setUp(io, orders);
    servers.push(io);
  }
  await relay(orders);
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  // Commands on one connection are answered in order: by then it is subscribed.
  await sub.ping();
  await pub.ping();
  const uids = servers.map((io) => (io.of('/').adapter as { readonly uid?: string }).uid ?? '');
  report({ type: 'lab:ready', port: (http.address() as AddressInfo).port, uids });
}

function openConnection({ plan, redis: target }: LabOrders, role: string): Redis {
  const { socket, db } = parseTarget(target);
  const { name, user, staysDeaf } = plan;
  const redis = new Redis({
    ...socket,
    db,
    connectionName: `${name}-${role}`,
    autoResubscribe: staysDeaf !== true,
    ...(user === undefined ? {} : { username: user.name, password: user.password }),
  });
  redis.on('error', () => undefined);
  return redis;
}

function attachAdapter(io: Server, { plan }: LabOrders, pub: Redis, sub: Redis): void {
  const { adapter, key, subscriptionMode } = plan;
  switch (adapter) {
    case 'none':
      return;
    case 'redis':
      io.adapter(
        createAdapter(pub, sub, {
          requestsTimeout: REQUESTS_TIMEOUT_MS,
          ...(key === undefined ? {} : { key }),
        }),
      );
      return;
    case 'sharded':
      io.adapter(
        createShardedAdapter(pub, sub, {
          ...(key === undefined ? {} : { channelPrefix: key }),
          ...(subscriptionMode === undefined ? {} : { subscriptionMode }),
        }),
      );
      return;
    case 'streams':
      io.adapter(createStreamsAdapter(pub, key === undefined ? {} : { channelPrefix: key, streamName: key }));
  }
}

function setUp(io: Server, { plan }: LabOrders): void {
  for (const event of plan.answers ?? []) {
    io.on(event, (...args: unknown[]) => {
      const callback = args.at(-1);
      if (typeof callback === 'function') (callback as (answer: string) => void)(plan.name);
    });
  }
  io.on('connection', (socket) => {
    void socket.join([...(plan.rooms ?? [])]);
  });
}

async function relay(orders: LabOrders): Promise<void> {
  const { relays } = orders.plan;
  if (relays === undefined) return;
  const ear = openConnection(orders, 'ear');
  ear.on('message', (_channel, text: string) => {
    for (const io of servers) (relays.to === 'local' ? io.local : io).emit('news', text);
  });
  await ear.subscribe(relays.channel);
}

async function carryOut(deed: Deed): Promise<Done> {
  const started = performance.now();
  const took = (): number => Math.round(performance.now() - started);
  try {
    return { ok: true, count: await call(deed), tookMs: took() };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.message : String(error), tookMs: took() };
  }
}

async function call(deed: Deed): Promise<number> {
  const [io] = servers;
  if (io === undefined) throw new Error('This server has no orders yet.');
  switch (deed.do) {
    case 'fetch-sockets':
      return (await io.timeout(REQUESTS_TIMEOUT_MS).fetchSockets()).length;
    case 'server-side-emit':
      return ((await io.serverSideEmitWithAck(deed.event)) as readonly unknown[]).length;
    case 'emit': {
      // Rooms of any type: people do pass numbers, and that is what one of the faults is about.
      const rooms = deed.rooms as string[] | undefined;
      (rooms === undefined ? io : io.to(rooms)).emit(deed.event, ...deed.args);
      return 0;
    }
    case 'emit-with-ack':
      return ((await io.timeout(deed.timeoutMs).emitWithAck(deed.event)) as readonly unknown[]).length;
  }
}
