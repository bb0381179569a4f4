import type { RespValue } from '../../bytes/resp-value.ts';
import type { Captured, Gap, Source } from '../../model/frame.ts';
import type { RedisLink } from '../../redis/connect.ts';
import { RedisFailure } from '../../redis/failure.ts';
import { entryContent } from '../command.ts';
import { createLiveSource } from './live-source.ts';
import { StreamAccount } from './stream-account.ts';
import { StreamLife } from './stream-life.ts';
import {
  NO_STREAM,
  readStreamState,
  type StreamState,
  type StreamWords,
  timeOf,
} from '../../redis/stream-info.ts';
import { entriesOf, readDescription } from './stream-state.ts';
import { COUNT, type Reading, StreamTalk } from './stream-talk.ts';
import type { Decode, LiveOptions, Session, Way } from './way.ts';

export interface StreamOptions extends LiveOptions {
  /** Stream keys; in a cluster all of one slot. A key that does not exist yet is waited for. */
  readonly names: readonly string[];
  /** Entries after this id are read. Default: what is added from now on. */
  readonly since?: string;
}

const XREAD = { shown: 'XREAD', words: [], optional: false };

/**
 * Entries of streams as they are added, by XREAD: servers do not notice, it reads only. It goes on after the last
 * entry when the connection was lost. Entries that were trimmed away before they could be read are a gap, counted
 * where Redis counts (XINFO STREAM, entries-added, from 7.0 on). A stream that was deleted and made anew is read from
 * its start, after a gap.
 */
export function streamSource(options: StreamOptions): Source {
  return createLiveSource(createWay(options), options);
}

function createWay({ names, since }: StreamOptions): Way {
  // The side that asks and the side that decodes, which comes later, each keep their own books.
  const streams: Reading[] = [];
  const accounts: StreamAccount[] = [];
  let isResumed = false;
  return {
    via: 'stream',
    limited: false,
    prepare: async (link) => {
      for (const [index, name] of names.entries()) {
        const state = await readState(link, name);
        if (isResumed) continue;
        streams[index] = { name, key: Buffer.from(name), life: new StreamLife(state, since) };
        accounts[index] = new StreamAccount(name, state, since);
      }
      await link.ask('XREAD', 'COUNT', '1', 'STREAMS', ...names, ...names.map(() => '$'));
    },
    open: () =>
      Promise.resolve({
        accepted: [{ ...XREAD, shown: `XREAD ${names.join(' ')}` }],
        refused: [],
        ...(isResumed ? { continues: 'messages' } : {}),
      }),
    converse: (_link, socket) => {
      const talk = new StreamTalk(socket, streams, isResumed);
      isResumed = true;
      return talk;
    },
    createDecoder: (session) => createDecoder(session, accounts),
  };
}

/** What is known of a stream; of one that is not there yet, that it is empty. @throws {RedisFailure} */
async function readState(link: RedisLink, name: string): Promise<StreamState> {
  try {
    return readStreamState(await link.ask('XINFO STREAM', name));
  } catch (error) {
    if (error instanceof RedisFailure && /no such key/i.test(error.message)) return NO_STREAM;
    if (error instanceof RedisFailure && /WRONGTYPE/.test(error.message)) {
      throw new RedisFailure(
        'no-permission',
        `"${name}" in the Redis at ${link.node} is no stream: name another one with --key.`,
      );
    }
    throw error;
  }
}

/** Reads the replies to XREAD and to the XINFO STREAM that StreamTalk sends for all streams in their order. */
function createDecoder({ node, number }: Session, accounts: readonly StreamAccount[]): Decode {
  let described = 0;
  for (const account of accounts) account.resume();
  return (value, time) => {
    const state = readDescription(value);
    if (state !== undefined) {
      const isAfterBreak = number > 1 && described < accounts.length;
      accounts[described++ % accounts.length]?.look(state, { isAfterBreak, time });
      return undefined;
    }
    if (value.type === 'error') return undefined;
    return accounts.flatMap((account) => readReply(value, account, node));
  };
}

function readReply(reply: RespValue, account: StreamAccount, node: string): readonly Captured[] {
  const toCaptured = (gap: Gap): Captured => ({ is: 'gap', gap: { ...gap, node } });
  const entries = entriesOf(reply, account.key);
  const captured: Captured[] = [];
  for (const entry of entries) {
    const gaps = account.read(entry);
    if (gaps !== undefined) captured.push(...gaps.map(toCaptured), toFrame(entry, account, node));
  }
  captured.push(...account.endReply(entries.length < COUNT).map(toCaptured));
  return captured;
}

function toFrame({ id, words }: StreamWords, { key }: StreamAccount, node: string): Captured {
  const place = { via: 'stream', time: timeOf(id), node, command: 'XADD', channel: key } as const;
  return { is: 'frame', frame: { ...place, ...entryContent(id, words) } };
}
