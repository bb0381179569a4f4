import type { StreamEntry } from '../model/frame.ts';
import type { Body, Encoding, Message } from '../model/message.ts';
import type { MapValue, StrValue } from '../model/value.ts';
import { placeInBase64, readBase64Msgpack } from './base64-msgpack.ts';
import {
  ADAPTER_CLOSE,
  BROADCAST,
  type ClusterBody,
  fitClusterBody,
  readClusterBody,
  rememberAdapter,
} from './cluster-body.ts';
import type { Dissector } from './dissector.ts';
import { addFinding, asText, type Draft, type Fields, infer, keepRest, readFields } from './fields.ts';
import type { Memory } from './memory.ts';
import { Misfit } from './readings.ts';
import { isReading, type Refusal, type View } from './view.ts';

const AS = 'stream entry {uid, nsp, type, data}';
const KNOWN = new Set(['uid', 'nsp', 'type', 'data']);
/** @socket.io/redis-streams-adapter, `lib/adapter.ts`: the default of `streamName`. */
const DEFAULT_STREAM = 'socket.io';

interface Entry {
  readonly uid: string;
  readonly nsp: string;
  readonly body: ClusterBody;
  readonly content: Content | undefined;
}

interface Content extends Body {
  readonly encoding: Encoding;
}

/**
 * Stream entries of @socket.io/redis-streams-adapter 0.1 to 0.3 (`lib/adapter.ts`, `encode`): fields `uid`, `nsp`,
 * `type` (a decimal text) and mostly `data`, which is JSON, or base64 of msgpack where it holds binary.
 * What is no such entry is somebody else's, unless the stream is an adapter's by its name.
 */
export const streamEntry: Dissector = {
  name: 'stream entry',
  dissect(view: View, memory: Memory): Message | undefined {
    const { entry } = view.frame;
    if (entry === undefined) return undefined;
    const map = toMap(entry);
    const fields = readFields(map);
    const stream = nameStream(view.channel ?? '', view.keys);
    const fit = fitEntry(view, fields);
    if ('body' in fit) {
      rememberAdapter(memory, fit.uid, 'redis-streams');
      return toMessage(view, fit, stream, map);
    }
    return isAdapterStream(view, stream) ? toUndecoded(view, fit, stream, map) : undefined;
  },
};

/** The fields as a map of texts, so that they are read and kept like any other map. They have no place in the payload. */
function toMap({ fields }: StreamEntry): MapValue {
  const entries = fields.map(([key, value]) => ({ key: toText(key), value: toText(value) }));
  return { type: 'map', offset: 0, length: 0, entries };
}

function toText(bytes: Uint8Array): StrValue {
  const value = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  const text: StrValue = { type: 'str', offset: 0, length: 0, value };
  return Buffer.from(value).equals(bytes) ? text : { ...text, bytes };
}

function fitEntry(view: View, fields: Fields): Entry | Refusal {
  const [uid, nsp, type] = ['uid', 'nsp', 'type'].map((name) => asText(fields.of.get(name)));
  if (nsp === undefined || uid === undefined)
    return refuse(`the entry has no field "${nsp === undefined ? 'nsp' : 'uid'}"`);
  if (type === undefined || !/^[1-9]\d?$/.test(type)) return refuse('the entry has no number as type');
  const content = fields.of.has('data') ? readContent(view) : undefined;
  if (content !== undefined && 'why' in content) return content;
  const body = fitClusterBody(Number(type), content?.root, { offset: 0 });
  if (body instanceof Misfit) return refuse(body.why, placeInPayload(body.offset, content));
  return { uid, nsp, body, content };
}

function refuse(why: string, offset?: number): Refusal {
  return { as: AS, why, code: 'wrong-shape', ...(offset === undefined ? {} : { offset }) };
}

/** As the adapter decides it: what starts with `{` is JSON. */
function readContent(view: View): Content | Refusal {
  if (view.bytes[0] !== 0x7b) {
    const body = readBase64Msgpack(view.bytes, AS);
    return 'why' in body ? body : { ...body, encoding: 'msgpack' };
  }
  const root = view.read('json');
  if (isReading(root)) return { bytes: view.bytes, root, encoding: 'json' };
  const { message, code, offset } = root;
  return { as: `${AS} in JSON`, why: `${message} (byte ${offset})`, code, offset };
}

function placeInPayload(offset: number, content: Content | undefined): number {
  return content?.wrapped === 'base64' ? placeInBase64(offset) : offset;
}

function toMessage(view: View, entry: Entry, stream: StreamName, map: MapValue): Message {
  const { uid, nsp, body, content } = entry;
  const message = readClusterBody(body, { adapter: 'redis-streams', encoding: content?.encoding, uid, nsp });
  message.key = stream.key;
  keepRest(message, map, readFields(map), KNOWN, 'entry');
  hintVersion(message, body, stream);
  if (stream.number?.startsWith('-') === true && hashCode(nsp) < 0) noteUnread(message, view);
  if (content !== undefined) message.body = toBody(content);
  return message;
}

function toBody({ bytes, root, wrapped }: Content): Body {
  return wrapped === undefined ? { bytes, root } : { bytes, root, wrapped };
}

/** 0.3 moved everything that expects an answer to pub/sub, and the heartbeats away; 0.2 added ADAPTER_CLOSE. */
function hintVersion(message: Draft, body: ClusterBody, stream: StreamName): void {
  const version = versionOf(body, stream);
  if (version === undefined) return;
  message.version = `@socket.io/redis-streams-adapter ${version}`;
  infer(message, 'version');
}

function versionOf({ code, type, asksForAck }: ClusterBody, stream: StreamName): string | undefined {
  if (code === ADAPTER_CLOSE) return '0.2.x';
  const isLasting = code === BROADCAST ? !asksForAck : /^(?:SOCKETS|DISCONNECT)_/.test(type.name);
  if (!isLasting) return '0.1.x or 0.2.x';
  return stream.number === undefined ? undefined : '≥ 0.3';
}

interface StreamName {
  readonly key: string;
  /** `0` to `n−1` of `streamCount: n`, as text; a minus in front where the hash of the namespace was negative. */
  readonly number: string | undefined;
}

/** `socket.io-3` is a part of `socket.io`, unless the user has named just that. */
function nameStream(channel: string, keys: readonly string[]): StreamName {
  const [, key, number] = /^(.+?)-(-?\d+)$/s.exec(channel) ?? [];
  if (key === undefined || number === undefined || keys.includes(channel))
    return { key: channel, number: undefined };
  return { key, number };
}

function isAdapterStream(view: View, { key }: StreamName): boolean {
  return view.keys.includes(key) || key.startsWith(DEFAULT_STREAM);
}

/** @socket.io/redis-streams-adapter 0.3, `lib/util.ts`, `hashCode`: 32 bits with a sign, which `%` keeps. */
function hashCode(text: string): number {
  let hash = 0;
  for (let at = 0; at < text.length; at++) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
  return hash;
}

function noteUnread(message: Draft, view: View): void {
  addFinding(message, {
    code: 'unread-stream',
    severity: 'warning',
    message: `No server reads the stream "${view.channel ?? ''}": the hash of the namespace is negative, and servers read the numbers from 0 on (streamCount, @socket.io/redis-streams-adapter 0.3).`,
  });
}

/** All fields are kept beside the payload, which is but one of them. */
function toUndecoded(view: View, refusal: Refusal, { key }: StreamName, map: MapValue): Message {
  const { as, why, code, offset } = refusal;
  const error = {
    code,
    message: `Not a ${as}: ${why}.`,
    ...(offset === undefined ? {} : { offset }),
    tried: [{ as, why }],
  };
  const message: Draft = { kind: 'undecoded', key, raw: view.bytes, error };
  keepRest(message, map, readFields(map), new Set(view.frame.payload === undefined ? [] : ['data']), 'entry');
  return message;
}
