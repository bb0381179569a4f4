import type { RespValue } from '../../bytes/resp-value.ts';
import type { Captured, Source } from '../../model/frame.ts';
import type { RedisLink } from '../../redis/connect.ts';
import { RedisFailure } from '../../redis/failure.ts';
import { type Answer, listOf, textOf } from '../../redis/questions.ts';
import { entryContent } from '../command.ts';
import { createLiveSource } from './live-source.ts';
import { StreamAccount, type StreamState, timeOf } from './stream-account.ts';
import { COUNT, StreamTalk } from './stream-talk.ts';
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
 * where Redis counts (XINFO STREAM, entries-added, from 7.0 on).
 */
export function streamSource(options: StreamOptions): Source {
  return createLiveSource(createWay(options), options);
}

function createWay({ names, since }: StreamOptions): Way {
  const accounts = names.map((name) => new StreamAccount(name));
  const reading = { names, last: [] as string[] };
  let isResumed = false;
  return {
    via: 'stream',
    limited: false,
    prepare: async (link) => {
      for (const [index, account] of accounts.entries()) {
        const state = await readState(link, account.name);
        if (isResumed) continue;
        account.begin(state, since);
        reading.last[index] = since ?? state.lastId;
      }
      await link.ask('XREAD', 'COUNT', '1', 'STREAMS', ...names, ...names.map(() => '$'));
    },
    open: () => {
      const continues = isResumed ? { continues: 'messages' as const } : {};
      isResumed = true;
      return Promise.resolve({
        accepted: [{ ...XREAD, shown: `XREAD ${names.join(' ')}` }],
        refused: [],
        ...continues,
      });
    },
    converse: (_link, socket) => new StreamTalk(socket, reading),
    createDecoder: (session) => createDecoder(session, accounts),
  };
}

/** What is known of a stream; of one that is not there yet, that it is empty. @throws {RedisFailure} */
async function readState(link: RedisLink, name: string): Promise<StreamState> {
  try {
    return toState(await link.ask('XINFO STREAM', name));
  } catch (error) {
    if (error instanceof RedisFailure && /no such key/i.test(error.message)) return EMPTY;
    if (error instanceof RedisFailure && /WRONGTYPE/.test(error.message)) {
      throw new RedisFailure(
        'no-permission',
        `"${name}" in the Redis at ${link.node} is no stream: name another one with --key.`,
      );
    }
    throw error;
  }
}

const EMPTY: StreamState = { length: 0, lastId: '0-0', added: 0 };

function toState(answer: Answer): StreamState {
  const items = listOf(answer);
  const field = (name: string): Answer | undefined => {
    const at = items.findIndex((item, index) => index % 2 === 0 && textOf(item) === name);
    return at === -1 ? undefined : items[at + 1];
  };
  const [firstId] = listOf(field('first-entry'));
  const added = field('entries-added');
  return {
    length: Number(field('length') ?? 0),
    lastId: textOf(field('last-generated-id')),
    ...(added === undefined ? {} : { added: Number(added) }),
    ...(firstId === undefined ? {} : { firstId: textOf(firstId) }),
  };
}

/** Reads the replies to XREAD and to the XINFO STREAM that StreamTalk sends for all streams in their order. */
function createDecoder({ node }: Session, accounts: readonly StreamAccount[]): Decode {
  let described = 0;
  return (value) => {
    if (value.type === 'error' || isDescription(value)) {
      const account = accounts[described++ % accounts.length];
      if (account !== undefined && value.type !== 'error') account.look(toState(toAnswer(value)));
      return undefined;
    }
    const streams = value.type === 'array' ? value.items : [];
    return accounts.flatMap((account) => {
      const entries = entriesOf(streams, account.name);
      const read = entries.flatMap((entry) => readEntry(entry, account, node));
      return entries.length < COUNT ? [...read, ...withNode(account.allRead(), node)] : read;
    });
  };
}

function isDescription(value: RespValue): boolean {
  return value.type === 'array' && value.items[0]?.type === 'bulk';
}

/** Of `[[name, entries], …]`. */
function entriesOf(streams: readonly RespValue[], name: string): readonly RespValue[] {
  for (const stream of streams) {
    if (stream.type !== 'array') continue;
    const [key, entries] = stream.items;
    if (key?.type === 'bulk' && key.bytes.toString() === name && entries?.type === 'array')
      return entries.items;
  }
  return [];
}

function readEntry(entry: RespValue, account: StreamAccount, node: string): readonly Captured[] {
  if (entry.type !== 'array') return [];
  const [id, fields] = entry.items;
  if (id?.type !== 'bulk' || fields?.type !== 'array') return [];
  const text = id.bytes.toString('latin1');
  const words = fields.items.flatMap((field) => (field.type === 'bulk' ? [field.bytes] : []));
  const place = { via: 'stream', time: timeOf(text), node, command: 'XADD', channel: account.key } as const;
  const frame: Captured = { is: 'frame', frame: { ...place, ...entryContent(text, words) } };
  return [...withNode(account.read(text), node), frame];
}

function withNode(gaps: readonly Captured[], node: string): readonly Captured[] {
  return gaps.map((one) => (one.is === 'gap' ? { is: 'gap', gap: { ...one.gap, node } } : one));
}

function toAnswer(value: RespValue): Answer {
  switch (value.type) {
    case 'bulk':
    case 'simple':
      return value.bytes;
    case 'integer':
      return Number(value.value);
    case 'array':
      return value.items.map(toAnswer);
    default:
      return null;
  }
}
