import { decode } from '@msgpack/msgpack';
import type { Redis } from 'ioredis';
import type { Server } from 'socket.io';
import type { Outcome, Received } from './reports.ts';

export type OnReceipt = (uid: string, received: Received, outcome: Outcome) => void;

/** What the demo needs of any adapter that talks to Redis. Its type hides the uid. */
interface ClusterMember {
  readonly uid: string;
  readonly sids: ReadonlyMap<string, unknown>;
  /** The cluster adapters' (sharded, streams); the classic one has none. */
  onRawMessage?: (raw: unknown, from: unknown) => void;
}

/** The event that chat messages travel as. */
export const CHAT_EVENT = 'chat message';

/**
 * Watches the sockets of a worker being written to. Between `open` and `close` the writes belong to the message that
 * is being handled (all adapters hand a broadcast on before they return); any other write was the worker's own doing.
 */
export class Deliveries {
  #current: string[] | undefined;

  constructor(io: Server, onDirect: (id: string) => void) {
    io.on('connection', (socket) => {
      socket.onAnyOutgoing((event) => {
        if (event !== CHAT_EVENT) return;
        if (this.#current === undefined) onDirect(socket.id);
        else this.#current.push(socket.id);
      });
    });
  }

  open(): void {
    this.#current = [];
  }

  close(): readonly string[] {
    const written = this.#current ?? [];
    this.#current = undefined;
    return written;
  }
}

export function uidOf(io: Server): string | undefined {
  const member = memberOf(io);
  return member?.uid;
}

/** The classic adapter listens to its `sub` connection: we listen just before and just after it. */
export function tapClassic(io: Server, sub: Redis, deliveries: Deliveries, onReceipt: OnReceipt): void {
  const member = memberOf(io);
  if (member === undefined) throw new TypeError('This adapter has no uid.');
  sub.prependListener('pmessageBuffer', () => {
    deliveries.open();
  });
  sub.on('pmessageBuffer', (_pattern: unknown, channel: Buffer, payload: Buffer) => {
    const to = deliveries.close();
    const envelope = decode(payload);
    const uid = Array.isArray(envelope) ? textOf(envelope[0]) : '';
    const received: Received = { command: 'PMESSAGE', channel: channel.toString(), payload };
    onReceipt(uid, received, outcomeOf(member, uid, to));
  });
}

/** The cluster adapters take in everything by `onRawMessage`: we wrap it. */
export function tapCluster(io: Server, deliveries: Deliveries, onReceipt: OnReceipt, stream?: string): void {
  const member = memberOf(io);
  const take = member?.onRawMessage?.bind(member);
  if (member === undefined || take === undefined)
    throw new TypeError('This adapter takes in no raw messages.');
  member.onRawMessage = (raw, from) => {
    deliveries.open();
    take(raw, from);
    const to = deliveries.close();
    const got = Buffer.isBuffer(raw) ? readMessage(raw, from) : readEntry(raw, from, stream ?? '');
    if (got !== undefined) onReceipt(got.uid, got.received, outcomeOf(member, got.uid, to));
  };
}

interface Got {
  readonly uid: string;
  readonly received: Received;
}

function readMessage(raw: Buffer, channel: unknown): Got {
  const isJson = raw[0] === 0x7b;
  const body: unknown = isJson ? JSON.parse(raw.toString()) : decode(raw);
  return {
    uid: textOf(fieldOf(body, 'uid')),
    received: { command: 'SMESSAGE', channel: String(channel), payload: raw },
  };
}

function readEntry(raw: unknown, id: unknown, stream: string): Got | undefined {
  if (typeof raw !== 'object' || raw === null) return undefined;
  const fields = Object.entries(raw).map(([name, value]) => [name, String(value)] as const);
  const data = fields.find(([name]) => name === 'data')?.[1] ?? '';
  return {
    uid: textOf(fieldOf(raw, 'uid')),
    received: {
      command: 'XREAD',
      channel: stream,
      payload: Buffer.from(data),
      entry: { id: String(id), fields },
    },
  };
}

function outcomeOf(member: ClusterMember, uid: string, to: readonly string[]): Outcome {
  if (to.length > 0) return { is: 'delivered', to };
  return uid === member.uid ? { is: 'own' } : { is: 'nobody', clients: member.sids.size };
}

function memberOf(io: Server): ClusterMember | undefined {
  const adapter: unknown = io.of('/').adapter;
  return isMember(adapter) ? adapter : undefined;
}

function isMember(adapter: unknown): adapter is ClusterMember {
  return typeof fieldOf(adapter, 'uid') === 'string' && fieldOf(adapter, 'sids') instanceof Map;
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (Reflect.get(value, name) as unknown) : undefined;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
