import { once } from 'node:events';
import { Redis } from 'ioredis';
import { io as connectClient, type Socket } from 'socket.io-client';
import type { RedisTarget } from '../../redis/target.ts';
import { type PrivateRedis, startPrivateRedis } from '../private-redis.ts';
import { startLabCluster } from './lab-cluster.ts';
import { type Gate, openGate } from './lab-gate.ts';
import { type Line, openLine } from './lab-line.ts';
import type { ServerPlan } from './lab-orders.ts';
import { type LabServer, startLabServer } from './lab-server.ts';

/** A client of one of the lab's servers, and what it has heard. */
export interface LabClient {
  readonly socket: Socket;
  /** Texts of all events, in order. */
  readonly heard: string[];
  /** How often it hears `text` until `quietMs` have passed without it. */
  countOf(text: string): number;
}

const CLIENT_EVENTS_KEPT = 1000;

/** A Redis of its own, and whatever a fault needs around it. Everything ends with `close`. */
export class Lab {
  /** One Redis, or the primaries of a cluster. */
  readonly nodes: readonly [PrivateRedis, ...PrivateRedis[]];
  readonly servers: LabServer[] = [];
  readonly #closing: (() => Promise<void> | void)[] = [];

  private constructor(nodes: readonly [PrivateRedis, ...PrivateRedis[]]) {
    this.nodes = nodes;
    this.#closing.push(...nodes.map((node) => () => node.stop()));
  }

  /** `redisArgs`: more words for the Redis server's command line. */
  static async open(redisArgs: readonly string[] = []): Promise<Lab> {
    return new Lab([await startPrivateRedis({ args: redisArgs })]);
  }

  /** With a Redis Cluster of so many primaries. */
  static async openCluster(count: number): Promise<Lab> {
    const [first, ...more] = await startLabCluster(count);
    if (first === undefined) throw new RangeError('A cluster has nodes.');
    return new Lab([first, ...more]);
  }

  get redis(): PrivateRedis {
    return this.nodes[0];
  }

  get target(): RedisTarget {
    return { url: this.redis.url };
  }

  async start(...plans: readonly ServerPlan[]): Promise<LabServer[]> {
    const started = await Promise.all(plans.map((plan) => startLabServer(plan, this.target)));
    this.servers.push(...started);
    this.#closing.push(...started.map((server) => () => server.stop()));
    return started;
  }

  /** Something between a server and Redis that may forget connections. */
  async openLine(): Promise<Line> {
    const line = await openLine(this.redis.port);
    this.#closing.push(() => line.close());
    return line;
  }

  /** A proxy in front of Redis. */
  async openGate(): Promise<Gate> {
    const gate = await openGate(this.redis.port);
    this.#closing.push(() => gate.close());
    return gate;
  }

  /** Something more that has to end with the lab. */
  atEnd(step: () => Promise<void> | void): void {
    this.#closing.push(step);
  }

  /** A connection as anybody may have one. */
  connect(name: string): Redis {
    const redis = new Redis(this.redis.url, { connectionName: name });
    redis.on('error', () => undefined);
    this.#closing.push(() => {
      redis.disconnect();
    });
    return redis;
  }

  /** A client of a server; `reply` answers events that ask for it, unless it is false. */
  async join(
    server: Pick<LabServer, 'port'>,
    options: { readonly acknowledges?: boolean } = {},
  ): Promise<LabClient> {
    const socket = connectClient(`http://127.0.0.1:${server.port}`, { transports: ['websocket'] });
    this.#closing.push(() => {
      socket.close();
    });
    const heard: string[] = [];
    socket.onAny((event: string, ...args: unknown[]) => {
      const callback = args.at(-1);
      if (typeof callback === 'function' && options.acknowledges !== false)
        (callback as (answer: string) => void)('yes');
      if (heard.length < CLIENT_EVENTS_KEPT)
        heard.push([event, ...args.filter((arg) => typeof arg === 'string')].join(' '));
    });
    if (!socket.connected) await once(socket as unknown as NodeJS.EventEmitter, 'connect');
    return { socket, heard, countOf: (text) => heard.filter((item) => item === text).length };
  }

  async close(): Promise<void> {
    // A frozen process cannot end; SIGKILL needs no waking up. Last come, first go.
    for (const step of this.#closing.splice(0).reverse()) await step();
  }
}
