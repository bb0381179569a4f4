/** Entry file of a server of the fault lab: Socket.IO with a real adapter, told by its parent what to do. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdapter, createShardedAdapter } from '@socket.io/redis-adapter';
import { createAdapter as createStreamsAdapter } from '@socket.io/redis-streams-adapter';
import { Redis } from 'ioredis';
import { Server, type ServerOptions } from 'socket.io';
import { parseTarget } from '../../redis/target.ts';
import { oldParser } from './lab-old-parser.ts';
import {
  type Deed,
  type Done,
  type LabOrders,
  type LabQuestion,
  type LabReport,
  REQUESTS_TIMEOUT_MS,
  type ServerPlan,
} from './lab-orders.ts';
import {
  blockOnEntries,
  blockOnRequests,
  collectEars,
  dropReplyChannels,
  untilSubscribed,
} from './lab-ears.ts';

const servers: Server[] = [];
let patienceMs = REQUESTS_TIMEOUT_MS;
let ownOrders: LabOrders | undefined;

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
  ownOrders = orders;
  patienceMs = plan.requestsTimeoutMs ?? REQUESTS_TIMEOUT_MS;
  if (plan.survivesErrors === true) {
    process.on('unhandledRejection', (error) => {
      console.error(String(error));
    });
  }
  const http = createServer();
  const pub = openConnection(orders, 'pub');
  const sub = plan.adapter === 'streams' ? pub : openConnection(orders, 'sub');
  const ears = collectEars(pub, sub);
  for (let number = 0; number < (plan.sharing ?? 1); number++) {
    const io = number === 0 ? new Server(http, serverOptions(plan)) : new Server();
    attachAdapter(io, orders, pub, sub);
    setUp(io, orders);
    servers.push(io);
  }
  for (let more = 1; more < (plan.pairs ?? 1); more++) servers.push((await openAnother(orders)).io);
  await relay(orders);
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  // Commands on one connection are answered in order: by then it is subscribed.
  await sub.ping();
  await pub.ping();
  const uids = servers.map((io) => (io.of('/').adapter as { readonly uid?: string }).uid ?? '');
  if (plan.adapter === 'streams') await untilSubscribed(pub, plan, uids);
  if (plan.dropsReplyChannels === true) await dropReplyChannels(ears, plan, uids);
  if (plan.blocksMs !== undefined) blockOnRequests(ears, plan.blocksMs);
  if (plan.entriesTakeMs !== undefined) blockOnEntries(servers, plan.entriesTakeMs);
  report({ type: 'lab:ready', port: (http.address() as AddressInfo).port, uids });
}

function serverOptions({ keepsSessionsMs }: ServerPlan): Partial<ServerOptions> {
  return keepsSessionsMs === undefined
    ? {}
    : { connectionStateRecovery: { maxDisconnectionDuration: keepsSessionsMs } };
}

/** One more server in this process, with connections of its own; it is subscribed. */
async function openAnother(orders: LabOrders): Promise<{ readonly io: Server; readonly close: () => void }> {
  const io = new Server();
  const pub = openConnection(orders, 'pub');
  const sub = openConnection(orders, 'sub');
  attachAdapter(io, orders, pub, sub);
  setUp(io, orders);
  await Promise.all([pub.ping(), sub.ping()]);
  const close = (): void => {
    for (const connection of [pub, sub]) connection.disconnect();
  };
  return { io, close };
}

function openConnection({ plan, redis: target }: LabOrders, role: string): Redis {
  const { socket, db: usual } = parseTarget(target);
  const { name, user, staysDeaf, redisPort, db = usual } = plan;
  const redis = new Redis({
    ...(redisPort === undefined ? socket : { host: '127.0.0.1', port: redisPort }),
    db,
    connectionName: `${name}-${role}`,
    autoResubscribe: staysDeaf !== true,
    ...(user === undefined ? {} : { username: user.name, password: user.password }),
  });
  redis.on('error', () => undefined);
  return redis;
}

function attachAdapter(io: Server, { plan }: LabOrders, pub: Redis, sub: Redis): void {
  const { adapter, key, maxLen, subscriptionMode, answersOneByOne = false, speaksAsAdapter7 = false } = plan;
  switch (adapter) {
    case 'none':
      return;
    case 'redis':
      io.adapter(
        createAdapter(pub, sub, {
          requestsTimeout: patienceMs,
          publishOnSpecificResponseChannel: answersOneByOne,
          ...(speaksAsAdapter7 ? { parser: oldParser } : {}),
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
      io.adapter(
        createStreamsAdapter(pub, {
          ...(key === undefined ? {} : { channelPrefix: key, streamName: key }),
          ...(maxLen === undefined ? {} : { maxLen }),
        }),
      );
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
      return (await io.timeout(patienceMs).fetchSockets()).length;
    case 'server-side-emit':
      return ((await io.serverSideEmitWithAck(deed.event)) as readonly unknown[]).length;
    case 'emit': {
      // Rooms of any type: people do pass numbers, and that is what one of the faults is about.
      const rooms = deed.rooms as string[] | undefined;
      for (let times = deed.times ?? 1; times > 0; times--)
        (rooms === undefined ? io : io.to(rooms)).emit(deed.event, ...deed.args);
      return 0;
    }
    case 'emit-with-ack':
      return ((await io.timeout(deed.timeoutMs).emitWithAck(deed.event)) as readonly unknown[]).length;
    case 'emit-date':
      io.emit(deed.event, new Date(deed.date));
      return 0;
    case 'pass-rooms':
      return passRooms(io, deed.rooms);
    case 'run-function':
      return runFunction(deed);
  }
}

async function passRooms(io: Server, rooms: number): Promise<number> {
  for (let number = 1; number <= rooms; number++) {
    for (const socket of io.of('/').sockets.values()) {
      await socket.join(`call ${number}`);
      await socket.leave(`call ${number}`);
    }
  }
  return rooms;
}

async function runFunction({
  event,
  args,
  lingerMs,
}: Extract<Deed, { do: 'run-function' }>): Promise<number> {
  if (ownOrders === undefined) throw new Error('This server has no orders yet.');
  const { io, close } = await openAnother({ ...ownOrders, plan: { ...ownOrders.plan, adapter: 'redis' } });
  io.emit(event, ...args);
  setTimeout(close, lingerMs);
  return 0;
}
