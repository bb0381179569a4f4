import { createAdapter, createShardedAdapter } from '@socket.io/redis-adapter';
import { createAdapter as createStreamsAdapter } from '@socket.io/redis-streams-adapter';
import type { Redis } from 'ioredis';
import type { Server } from 'socket.io';
import type { RedisTarget } from '../redis/target.ts';
import type { DemoAdapter } from './choices.ts';
import { Deliveries, type OnReceipt, tapClassic, tapCluster, uidOf } from './receipts.ts';
import { type OnCommand, openRedis } from './redis-tap.ts';
import type { SentCommand } from './reports.ts';

/** Stream that the streams adapter writes to unless told otherwise (@socket.io/redis-streams-adapter 0.3.1). */
const STREAM = 'socket.io';

/**
 * How many of its questions Redis has to have answered before an adapter hears everything:
 * classic PSUBSCRIBE and SUBSCRIBE; sharded two SSUBSCRIBE; streams SUBSCRIBE and the first XREAD.
 */
const QUESTIONS = 2;

export interface AdapterEvents {
  readonly onReceipt: OnReceipt;
  readonly onPublished: (sent: SentCommand) => void;
  /** A socket was written to, and not because of a message from Redis. */
  readonly onDirect: (id: string) => void;
}

export interface Attached {
  readonly uid?: string;
  readonly asked: readonly SentCommand[];
  /** The connections that were opened here, for closing. */
  readonly connections: readonly Redis[];
}

/** Gives a server its adapter and resolves when Redis has confirmed that it will pass on what the others say. */
export async function attachAdapter(
  io: Server,
  kind: DemoAdapter,
  redis: { readonly target: RedisTarget; readonly name: string } | undefined,
  events: AdapterEvents,
): Promise<Attached> {
  const deliveries = new Deliveries(io, events.onDirect);
  if (kind === 'none' || redis === undefined) return { asked: [], connections: [] };

  const questions = collectQuestions(events.onPublished);
  const open = (role: string): Redis => openRedis(redis.target, `${redis.name}-${role}`, questions.onCommand);
  const pub = open('pub');
  switch (kind) {
    case 'redis': {
      const sub = open('sub');
      io.adapter(createAdapter(pub, sub));
      tapClassic(io, sub, deliveries, events.onReceipt);
      return finish(io, await questions.answered, [pub, sub]);
    }
    case 'sharded': {
      const sub = open('sub');
      io.adapter(createShardedAdapter(pub, sub));
      tapCluster(io, deliveries, events.onReceipt);
      return finish(io, await questions.answered, [pub, sub]);
    }
    case 'streams':
      io.adapter(createStreamsAdapter(pub));
      tapCluster(io, deliveries, events.onReceipt, STREAM);
      return finish(io, await questions.answered, [pub]);
  }
}

function finish(io: Server, asked: readonly SentCommand[], connections: readonly Redis[]): Attached {
  const uid = uidOf(io);
  return { asked, connections, ...(uid === undefined ? {} : { uid }) };
}

function collectQuestions(onPublished: (sent: SentCommand) => void): {
  onCommand: OnCommand;
  answered: Promise<readonly SentCommand[]>;
} {
  const asked: SentCommand[] = [];
  let onCommand: OnCommand = () => undefined;
  const answered = new Promise<readonly SentCommand[]>((resolve, reject) => {
    onCommand = (sent, error) => {
      const publishes = sent.command === 'PUBLISH' || sent.command === 'SPUBLISH' || sent.command === 'XADD';
      if (error !== undefined) reject(new Error(`${sent.command}: ${error.message}`, { cause: error }));
      else if (publishes) onPublished(sent);
      else if (asked.length < QUESTIONS && asked.push(sent) === QUESTIONS) resolve(asked);
    };
  });
  return { onCommand, answered };
}
