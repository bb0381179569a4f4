import { asBuffer } from '../bytes/decode-error.ts';
import type { Captured, Frame, StreamEntry } from '../model/frame.ts';

/** Where a command was seen: what a frame knows beside the command itself. */
export type Origin = Pick<Frame, 'via' | 'time' | 'node' | 'client' | 'db' | 'recordedVia'>;

type Args = readonly Uint8Array[];
type Content = Omit<Frame, keyof Origin>;

/** Names are shown and counted, and come from strangers: longer ones are cut. */
const MAX_NAME_BYTES = 32;
/** @socket.io/redis-streams-adapter 0.2.0, lib/adapter.ts: the default of `sessionKeyPrefix`. */
const SESSION_PREFIX = Buffer.from('sio:session:');
/** What may stand between the key of XADD and the entry's id (Redis 8.2, t_stream.c). */
const XADD_FLAGS = new Set(['NOMKSTREAM', 'KEEPREF', 'DELREF', 'ACKED']);
const STREAM_ID = /^(\*|\d+(-(\d+|\*))?)$/;

/** The commands and deliveries that may carry adapter traffic; `undefined` is the wrong number of arguments. */
const READERS: ReadonlyMap<string, (args: Args) => Content | undefined> = new Map([
  ['PUBLISH', (args: Args) => readPublish(args, 1, 3)],
  ['SPUBLISH', (args: Args) => readPublish(args, 1, 3)],
  ['MESSAGE', (args: Args) => readPublish(args, 1, 3)],
  ['SMESSAGE', (args: Args) => readPublish(args, 1, 3)],
  ['PMESSAGE', (args: Args) => readPublish(args, 2, 4)],
  ['XADD', readStreamAdd],
  ['SUBSCRIBE', (args: Args) => readChannels(args, 1)],
  ['PSUBSCRIBE', (args: Args) => readChannels(args, 1)],
  ['SSUBSCRIBE', (args: Args) => readChannels(args, 1)],
  ['UNSUBSCRIBE', (args: Args) => readChannels(args, 0)],
  ['PUNSUBSCRIBE', (args: Args) => readChannels(args, 0)],
  ['SUNSUBSCRIBE', (args: Args) => readChannels(args, 0)],
  ['SET', readSessionSet],
  ['DEL', readSessionTaken],
  ['GETDEL', readSessionTaken],
]);

/**
 * The frame that a Redis command or a pub/sub delivery makes, or `other` where it carries no adapter traffic or has
 * the wrong number of arguments. `args[0]` is the command's name in any case, or `message`, `pmessage`, `smessage`.
 * Bytes are passed on, not copied.
 */
export function frameFromCommand(origin: Origin, args: Args): Captured {
  const command = commandName(args[0]);
  const content = READERS.get(command)?.(args);
  if (content === undefined) return { is: 'other', command };
  return { is: 'frame', frame: { ...origin, command, ...content } };
}

function commandName(bytes: Uint8Array | undefined): string {
  return asBuffer(bytes ?? new Uint8Array())
    .toString('latin1', 0, MAX_NAME_BYTES)
    .toUpperCase();
}

function readPublish(args: Args, channelAt: number, arity: number): Content | undefined {
  const channel = args[channelAt];
  const payload = args[channelAt + 1];
  if (args.length !== arity || channel === undefined || payload === undefined) return undefined;
  return { channel, payload };
}

function readChannels(args: Args, atLeast: number): Content | undefined {
  return args.length - 1 < atLeast ? undefined : { channels: args.slice(1) };
}

function readSessionSet(args: Args): Content | undefined {
  const channel = args[1];
  const payload = args[2];
  return channel !== undefined && payload !== undefined && isSessionKey(channel)
    ? { channel, payload }
    : undefined;
}

function readSessionTaken(args: Args): Content | undefined {
  const channel = args.slice(1).find(isSessionKey);
  return channel === undefined ? undefined : { channel };
}

function isSessionKey(key: Uint8Array): boolean {
  return SESSION_PREFIX.equals(key.subarray(0, SESSION_PREFIX.length));
}

/** `XADD key [flags] [MAXLEN|MINID [=|~] threshold [LIMIT count]] <*|id> field value …` */
function readStreamAdd(args: Args): Content | undefined {
  const channel = args[1];
  const idAt = streamIdIndex(args);
  const id = word(args[idAt]);
  const fieldCount = args.length - idAt - 1;
  if (channel === undefined || !STREAM_ID.test(id) || fieldCount < 2 || fieldCount % 2 === 1)
    return undefined;
  return { channel, ...entryContent(id.includes('*') ? undefined : id, args.slice(idAt + 1)) };
}

/** A stream entry and its payload, the `data` field; `words` are field, value, field, value, … */
export function entryContent(id: string | undefined, words: Args): Pick<Frame, 'entry' | 'payload'> {
  const fields: [Uint8Array, Uint8Array][] = [];
  for (let at = 0; at + 1 < words.length; at += 2) {
    const [field, value] = [words[at], words[at + 1]];
    if (field !== undefined && value !== undefined) fields.push([field, value]);
  }
  const entry: StreamEntry = id === undefined ? { fields } : { id, fields };
  const payload = fields.find(([field]) => asBuffer(field).toString('latin1') === 'data')?.[1];
  return payload === undefined ? { entry } : { entry, payload };
}

function streamIdIndex(args: Args): number {
  let at = 2;
  for (;;) {
    const option = word(args[at]).toUpperCase();
    if (XADD_FLAGS.has(option)) at += 1;
    else if (option === 'LIMIT') at += 2;
    else if (option === 'MAXLEN' || option === 'MINID') at += /^[=~]$/.test(word(args[at + 1])) ? 3 : 2;
    else return at;
  }
}

/** A short argument as text; what is too long for an option or an id is ''. */
function word(bytes: Uint8Array | undefined): string {
  return bytes === undefined || bytes.length > 64 ? '' : asBuffer(bytes).toString('latin1');
}
