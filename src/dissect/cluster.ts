import type { Adapter, Encoding, Message } from '../model/message.ts';
import type { MapValue, Value } from '../model/value.ts';
import { type ChannelName, narrowedRoom, placeNsp } from './channel.ts';
import {
  BROADCAST,
  BROADCAST_CLIENT_COUNT,
  type ClusterBody,
  FETCH_SOCKETS,
  fitClusterBody,
  readClusterBody,
  recallAdapter,
  rememberAdapter,
} from './cluster-body.ts';
import type { Dissector } from './dissector.ts';
import {
  asInteger,
  asText,
  type Draft,
  type Fields,
  infer,
  isMap,
  keep,
  keepRest,
  readFields,
} from './fields.ts';
import type { Memory } from './memory.ts';
import { type Fit, fitReading, Misfit } from './readings.ts';
import { roomTexts } from './selection.ts';
import type { Refusal, View } from './view.ts';

/** `{type, data, uid, nsp}`; 8.2 leaves `nsp` out, and `uid` from responses. */
interface Envelope {
  readonly body: ClusterBody;
  readonly map: MapValue;
  readonly fields: Fields;
}

const AS = 'message of the ClusterAdapter {type, data, uid, nsp}';
const KNOWN = new Set(['type', 'data', 'uid', 'nsp']);
/** Fields that the classic adapter writes beside `type`, where this family has them in `data`. */
const CLASSIC_FIELDS = ['requestId', 'requestid', 'transaction', 'opts', 'packet'];

/**
 * Messages of the ClusterAdapter over pub/sub: the sharded adapter (@socket.io/redis-adapter ≥ 8.2,
 * `lib/sharded-adapter.ts`: SPUBLISH, JSON or notepack.io) and the ephemeral half of the streams adapter
 * (@socket.io/redis-streams-adapter ≥ 0.3, `lib/adapter.ts`: PUBLISH or SPUBLISH, always msgpack).
 * Both use the channel names of classic broadcasts.
 */
export const cluster: Dissector = {
  name: 'cluster message',
  dissect(view: View, memory: Memory): Message | readonly Refusal[] | undefined {
    if (isStored(view) || !(isSharded(view) || startsLikeMap(view.bytes[0]))) return undefined;
    const encoding = isMsgpack(view.bytes[0]) ? 'msgpack' : 'json';
    const fit = fitReading(view, encoding, AS, (root) => fitEnvelope(root, view));
    if ('shape' in fit) return toMessage(view, fit, memory);
    return isClassicExchange(view) ? undefined : [fit];
  },
};

/** Stream entries and session keys have dissectors of their own. */
function isStored({ frame }: View): boolean {
  return frame.entry !== undefined || ['XADD', 'SET', 'DEL', 'GETDEL'].includes(frame.command ?? '');
}

function isSharded({ frame }: View): boolean {
  return frame.command === 'SPUBLISH' || frame.command === 'SMESSAGE' || frame.via === 'shard';
}

/** A classic request or response channel: what does not fit there is better explained by the classic dissectors. */
function isClassicExchange(view: View): boolean {
  return !isSharded(view) && view.name !== undefined && view.name.role !== 'broadcast';
}

/** White space and `{` of JSON; fixmap, map 16, map 32 of msgpack. */
function startsLikeMap(lead: number | undefined): boolean {
  if (lead === undefined) return false;
  return lead <= 0x20 || lead === 0x7b || (lead >= 0x80 && lead <= 0x8f) || lead === 0xde || lead === 0xdf;
}

/** Never msgpack-js: that is older than this family. */
function isMsgpack(lead: number | undefined): boolean {
  return lead !== undefined && lead >= 0x80;
}

function fitEnvelope(root: Value, view: View): Envelope | Misfit {
  if (!isMap(root)) return new Misfit(`${root.type} stands where a map should`, root);
  const fields = readFields(root);
  const type = fields.of.get('type');
  const code = asInteger(type);
  if (code === undefined) return new Misfit('the message has no number as type', type ?? root);
  const classic = isSharded(view) ? undefined : CLASSIC_FIELDS.find((name) => fields.of.has(name));
  if (classic !== undefined)
    return new Misfit(`"${classic}" stands beside the type, not in data`, fields.of.get(classic) ?? root);
  const body = fitClusterBody(code, fields.of.get('data'), type ?? root);
  if (body instanceof Misfit) return body;
  const saysSender = asText(fields.of.get('uid')) !== undefined && asText(fields.of.get('nsp')) !== undefined;
  const needsSender = body.type.kind === 'cluster' || !(view.isBare || view.name !== undefined);
  if (needsSender && !saysSender) return new Misfit('the message names no sender and namespace', root);
  return { body, map: root, fields };
}

function toMessage(view: View, fit: Fit<Envelope>, memory: Memory): Message {
  const { body, map, fields } = fit.shape;
  const uid = asText(fields.of.get('uid'));
  const nsp = asText(fields.of.get('nsp'));
  const name = nameChannel(view, nsp);
  const guess = guessAdapter(view, fit, recallAdapter(memory, uid));
  const { encoding } = fit;
  const message = readClusterBody(body, { adapter: guess.adapter, encoding, uid, nsp });
  if (guess.isInferred) infer(message, 'adapter');
  if (guess.isCertain) rememberAdapter(memory, uid, guess.adapter);
  for (const field of ['uid', 'nsp']) keepUnlessText(message, field, fields.of.get(field));
  keepRest(message, map, fields, KNOWN, 'envelope');
  readAddress(message, name);
  hintVersion(message, nsp !== undefined);
  message.body = { bytes: view.bytes, root: fit.root };
  return message;
}

function keepUnlessText(message: Draft, field: string, value: Value | undefined): void {
  if (value !== undefined && asText(value) === undefined) keep(message, field, value);
}

/**
 * The channel taken apart as `<prefix>#<nsp>#…`: this family has no request channels, so `-request` may well end a
 * prefix.
 */
function nameChannel(view: View, said: string | undefined): ChannelName | undefined {
  const { channel, name } = view;
  const nsp = said ?? name?.nsp;
  if (channel === undefined || nsp === undefined) return name;
  if (name?.role === 'broadcast') return placeNsp(channel, name, nsp);
  const mark = `#${nsp}#`;
  const start = channel.indexOf(mark);
  if (start === -1) return name;
  return { key: channel.slice(0, start), role: 'broadcast', nsp, rest: channel.slice(start + mark.length) };
}

/** The end of a response channel is the uid of the server that asked, never a room. */
function readAddress(message: Draft, name: ChannelName | undefined): void {
  if (name === undefined) return;
  message.key = name.key;
  if (message.nsp === undefined && name.nsp !== undefined) message.nsp = name.nsp;
  if (message.kind === 'response') return;
  const room = narrowedRoom(name.rest, roomTexts(message.rooms));
  if (room !== undefined) message.room = room;
}

/** 8.2 has a private copy of the ClusterAdapter that does not write the namespace. */
function hintVersion(message: Draft, saysNsp: boolean): void {
  if (message.adapter === 'redis-streams') message.version = '@socket.io/redis-streams-adapter ≥ 0.3';
  else message.version = saysNsp ? '@socket.io/redis-adapter ≥ 8.3' : '@socket.io/redis-adapter 8.2.x';
  infer(message, 'version');
}

interface Guess {
  readonly adapter: Adapter;
  /** Concluded from what is not written. */
  readonly isInferred: boolean;
  /** No other known adapter would have written this. */
  readonly isCertain: boolean;
}

/**
 * Which of the two adapters wrote a message. Sharded pub/sub is shared by both: only the sharded adapter writes JSON
 * there, or a broadcast without ack, or no namespace; only the streams adapter writes msgpack without any binary.
 * With binary both write the same, and what the sender was seen to be decides, else the commoner one.
 */
function guessAdapter(view: View, fit: Fit<Envelope>, seen: string | undefined): Guess {
  const sharded = isSharded(view);
  const isJson = fit.encoding === 'json';
  if (!sharded && view.frame.command !== undefined && !view.isBare)
    return { adapter: 'redis-streams', isInferred: isJson, isCertain: !isJson };
  if (onlySharded(fit.shape, fit.encoding))
    return { adapter: 'redis-sharded', isInferred: !sharded, isCertain: sharded };
  if (onlyStreams(fit.shape)) return { adapter: 'redis-streams', isInferred: true, isCertain: true };
  return {
    adapter: seen === 'redis-streams' ? seen : 'redis-sharded',
    isInferred: true,
    isCertain: false,
  };
}

function onlySharded({ body, fields }: Envelope, encoding: Encoding): boolean {
  const isPlainBroadcast = body.code === BROADCAST && !body.asksForAck;
  return encoding === 'json' || isPlainBroadcast || !fields.of.has('nsp');
}

function onlyStreams({ body }: Envelope): boolean {
  const neverBinary = body.code === FETCH_SOCKETS || body.code === BROADCAST_CLIENT_COUNT;
  return neverBinary || body.data === undefined || !holdsBinary(body.data);
}

/** Both adapters' `hasBinary` (`lib/util.ts`): a buffer anywhere in `data`. */
function holdsBinary(value: Value): boolean {
  if (value.type === 'array') return value.items.some(holdsBinary);
  if (value.type === 'map') return value.entries.some((entry) => holdsBinary(entry.value));
  return value.type === 'bin';
}
