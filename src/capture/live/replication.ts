import { setTimeout as delay } from 'node:timers/promises';
import type { RespValue } from '../../bytes/resp-value.ts';
import type { Captured, Source } from '../../model/frame.ts';
import type { RedisLink } from '../../redis/connect.ts';
import { withLink } from '../../redis/place.ts';
import { readInfo, textOf } from '../../redis/questions.ts';
import { frameFromCommand } from '../command.ts';
import { createLiveSource } from './live-source.ts';
import { handshake, type Offset } from './replication-handshake.ts';
import { assertSafe, assertStaying } from './replication-price.ts';
import { ReplicationTalk } from './replication-talk.ts';
import type { LiveOptions, Session, Way } from './way.ts';

export interface ReplicationOptions extends LiveOptions {
  /** Also where a Sentinel watches, or the primary counts its replicas. */
  readonly force?: boolean;
}

/** After Redis has asked for an acknowledgement it may be shutting down, and would wait for us. */
const PAUSE_MS = 1000;
/** For one INFO on a connection of its own, at the end. */
const ASK_TIMEOUT_MS = 5000;
/** What a primary says to its replicas beside the writes and publishes. */
const UPKEEP = new Set(['PING', 'REPLCONF', 'SELECT']);

/**
 * All writes and publishes of a primary, from its replication stream: an empty snapshot (rdb-filter-only, Redis 7.0),
 * never an acknowledgement that somebody could count on, and after a break it goes on where it was (PSYNC) while the
 * primary's backlog lasts. What it costs there is in docs/attaching.md.
 */
export function replicationSource(options: ReplicationOptions): Source {
  return createLiveSource(createWay(options.force === true), options);
}

function createWay(isForced: boolean): Way {
  const offset: Offset = { id: '?', received: -1 };
  let askedAt = Number.NEGATIVE_INFINITY;
  return {
    via: 'replication',
    limited: true,
    prepare: async (link) => {
      await delay(Math.max(0, askedAt + PAUSE_MS - performance.now()));
      const facts = await assertStaying(link);
      if (!isForced) await assertSafe(link, facts);
    },
    open: (link, socket) => handshake(link, socket, offset),
    converse: (link, socket) =>
      new ReplicationTalk(socket, offset, {
        readEnd: () => readPrimaryOffset(link),
        onAsked: () => {
          askedAt = performance.now();
        },
      }),
    createDecoder,
  };
}

/** How far the primary's stream goes at this moment, asked by a connection of its own. */
function readPrimaryOffset({ target }: RedisLink): Promise<number> {
  return withLink(target, AbortSignal.timeout(ASK_TIMEOUT_MS), async (link) => {
    const info = readInfo(textOf(await link.ask('INFO', 'replication')));
    return Number(info.get('master_repl_offset'));
  });
}

function createDecoder({ node }: Session): (value: RespValue, time: number) => Captured | undefined {
  return (value, time) => {
    if (value.type !== 'array') return undefined;
    const args: Buffer[] = [];
    for (const item of value.items) {
      if (item.type !== 'bulk') return undefined;
      args.push(item.bytes);
    }
    const captured = frameFromCommand({ via: 'replication', time, node }, args);
    return captured.is === 'other' && UPKEEP.has(captured.command) ? undefined : captured;
  };
}
