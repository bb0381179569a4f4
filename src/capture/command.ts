import { asBuffer } from '../bytes/decode-error.ts';
import type { Captured, Frame, StreamEntry, StreamRead } from '../model/frame.ts';

/** Where a command was seen: what a frame knows beside the command itself. */
export type Origin = Pick<Frame, 'via' | 'time' | 'node' | 'client' | 'db' | 'recordedVia'>;

type Args = readonly Uint8Array[];
type Draft = { -readonly [Name in keyof Frame]: Frame[Name] };
/** Writes what a command says into the frame; false when it has the wrong number of arguments or no traffic. */
type Fill = (frame: Draft, args: Args) => boolean;

/** Names are shown and counted, and come from strangers: longer ones are cut. */
const MAX_NAME_BYTES = 32;
/** @socket.io/redis-streams-adapter 0.2.0, lib/adapter.ts: the default of `sessionKeyPrefix`. */
const SESSION_PREFIX = Buffer.from('sio:session:');
/** What may stand between the key of XADD and the entry's id (Redis 8.2, t_stream.c). */
const XADD_FLAGS = new Set(['NOMKSTREAM', 'KEEPREF', 'DELREF', 'ACKED']);
const STREAM_ID = /^(\*|\d+(-(\d+|\*))?)$/;

/** The commands and deliveries that may carry adapter traffic. */
const FILLS: ReadonlyMap<string, Fill> = new Map<string, Fill>([
  ['PUBLISH', (frame, args) => args.length === 3 && fillPublished(frame, args[1], args[2])],
  ['SPUBLISH', (frame, args) => args.length === 3 && fillPublished(frame, args[1], args[2])],
  ['MESSAGE', (frame, args) => args.length === 3 && fillPublished(frame, args[1], args[2])],
  ['SMESSAGE', (frame, args) => args.length === 3 && fillPublished(frame, args[1], args[2])],
  ['PMESSAGE', (frame, args) => args.length === 4 && fillPublished(frame, args[2], args[3])],
  ['XADD', fillStreamEntry],
  ['SUBSCRIBE', (frame, args) => args.length > 1 && fillChannels(frame, args)],
  ['PSUBSCRIBE', (frame, args) => args.length > 1 && fillChannels(frame, args)],
  ['SSUBSCRIBE', (frame, args) => args.length > 1 && fillChannels(frame, args)],
  ['UNSUBSCRIBE', fillChannels],
  ['PUNSUBSCRIBE', fillChannels],
  ['SUNSUBSCRIBE', fillChannels],
  ['SET', (frame, args) => isSessionKey(args[1]) && fillPublished(frame, args[1], args[2])],
  ['DEL', fillSessionTaken],
  ['GETDEL', fillSessionTaken],
]);

/**
 * The frame that a Redis command or a pub/sub delivery makes, or `other` where it carries no adapter traffic or has
 * the wrong number of arguments. `args[0]` is the command's name in any case, or `message`, `pmessage`, `smessage`.
 * Bytes are passed on, not copied.
 */
export function frameFromCommand(origin: Origin, args: Args): Captured {
  const command = commandName(args[0]);
  const fill = FILLS.get(command);
  if (fill === undefined) {
    const read = command === 'XREAD' || command === 'XRANGE' ? readOf(origin, command, args) : undefined;
    return read === undefined ? { is: 'other', command } : { is: 'other', command, read };
  }
  const frame = draftFrame(origin, command);
  return fill(frame, args) ? { is: 'frame', frame } : { is: 'other', command };
}

/** `XREAD [COUNT n] [BLOCK n] STREAMS key id`, of one stream; `XRANGE key start end [COUNT n]`. */
function readOf(origin: Origin, command: StreamRead['command'], args: Args): StreamRead | undefined {
  const streams = args.findIndex((arg) => word(arg).toUpperCase() === 'STREAMS');
  const at = command === 'XREAD' ? streams + 1 : 1;
  const [stream, from, to] = [args[at], word(args[at + 1]), word(args[at + 2])];
  const isWhole = command === 'XRANGE' ? to !== '' : streams > 0 && args.length === at + 2;
  if (stream === undefined || from === '' || !isWhole) return undefined;
  const countAt = args.findIndex((arg, index) => index !== at && word(arg).toUpperCase() === 'COUNT');
  const { via, time, client } = origin;
  return {
    via,
    command,
    stream,
    from,
    ...(time === undefined ? {} : { time }),
    ...(client === undefined ? {} : { client }),
    ...(command === 'XRANGE' ? { to } : {}),
    ...(countAt === -1 ? {} : { count: Number(word(args[countAt + 1])) }),
  };
}

/** Property by property: spreading costs more than all the rest, and this runs for every command of a Redis. */
function draftFrame(origin: Origin, command: string): Draft {
  const frame: Draft = { via: origin.via, command };
  if (origin.time !== undefined) frame.time = origin.time;
  if (origin.node !== undefined) frame.node = origin.node;
  if (origin.client !== undefined) frame.client = origin.client;
  if (origin.db !== undefined) frame.db = origin.db;
  if (origin.recordedVia !== undefined) frame.recordedVia = origin.recordedVia;
  return frame;
}

function commandName(bytes: Uint8Array | undefined): string {
  return asBuffer(bytes ?? new Uint8Array())
    .toString('latin1', 0, MAX_NAME_BYTES)
    .toUpperCase();
}

function fillPublished(
  frame: Draft,
  channel: Uint8Array | undefined,
  payload: Uint8Array | undefined,
): boolean {
  if (channel === undefined || payload === undefined) return false;
  frame.channel = channel;
  frame.payload = payload;
  return true;
}

function fillChannels(frame: Draft, args: Args): boolean {
  frame.channels = args.slice(1);
  return true;
}

function fillSessionTaken(frame: Draft, args: Args): boolean {
  const key = args.slice(1).find(isSessionKey);
  if (key === undefined) return false;
  frame.channel = key;
  return true;
}

function isSessionKey(key: Uint8Array | undefined): boolean {
  return key !== undefined && SESSION_PREFIX.equals(key.subarray(0, SESSION_PREFIX.length));
}

/** `XADD key [flags] [MAXLEN|MINID [=|~] threshold [LIMIT count]] <*|id> field value …` */
function fillStreamEntry(frame: Draft, args: Args): boolean {
  const channel = args[1];
  const idAt = streamIdIndex(args);
  const id = word(args[idAt]);
  const fieldCount = args.length - idAt - 1;
  if (channel === undefined || !STREAM_ID.test(id) || fieldCount < 2 || fieldCount % 2 === 1) return false;
  frame.channel = channel;
  Object.assign(frame, entryContent(id.includes('*') ? undefined : id, args.slice(idAt + 1)));
  return true;
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
