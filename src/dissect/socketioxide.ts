import type { Message } from '../model/message.ts';
import type { ArrayValue, Value } from '../model/value.ts';
import type { Dissector } from './dissector.ts';
import { asInteger, asText, type Draft, draft, isArray, isNothing, keep } from './fields.ts';
import { type Fit, fitPayload, Misfit } from './readings.ts';
import { readNames } from './selection.ts';
import { fitOxidePacket, readOxidePacket } from './socketioxide-packet.ts';
import type { Refusal, View } from './view.ts';

/** `RequestTypeOut` (socketioxide-core 0.2, `src/adapter/remote_packet.rs`); Node numbers the same things otherwise. */
const REQUESTS: ReadonlyMap<number, string> = new Map([
  [0, 'Broadcast'],
  [1, 'BroadcastWithAck'],
  [2, 'DisconnectSockets'],
  [3, 'AllRooms'],
  [4, 'AddSockets'],
  [5, 'DelSockets'],
  [6, 'FetchSockets'],
  [20, 'Heartbeat'],
  [21, 'InitHeartbeat'],
]);

const BROADCAST = 0;
const BROADCAST_WITH_ACK = 1;
const FIRST_CLUSTER_TYPE = 20;

/** `ResponseTypeId`, same file. */
const RESPONSES = ['BroadcastAck', 'BroadcastAckCount', 'AllRooms', 'FetchSockets'];

/** `BroadcastFlags` (`src/adapter/mod.rs`). */
const FLAGS = [
  ['local', 1],
  ['broadcast', 2],
  ['volatile', 4],
] as const;

interface Request {
  readonly is: 'request';
  readonly uid: string;
  readonly requestId: string;
  readonly code: number;
  readonly type: string;
  readonly packet: Value | undefined;
  readonly rooms: Value | undefined;
  readonly opts: ArrayValue | undefined;
}

interface Response {
  readonly is: 'response';
  readonly uid: string;
  readonly requestId: string;
  readonly code: number;
  readonly type: string;
  readonly value: Value;
}

/**
 * socketioxide (Rust) with socketioxide-redis: Node's channel names, but MessagePack lists without keys, written by
 * rmp-serde. Requests and broadcasts `[node_id, id, type, packet, rooms, opts]` on `<prefix>-request#<nsp>#[<uid>#]`,
 * responses `[id, [node_id, [type, value]]]` on `<prefix>-response#<nsp>#<uid>#`.
 */
export const socketioxide: Dissector = {
  name: 'socketioxide',
  dissect(view: View): Message | readonly Refusal[] | undefined {
    const role = view.name?.role;
    if (view.frame.entry !== undefined) return undefined;
    if (!view.isBare && role !== 'request' && role !== 'response') return undefined;
    const first = view.bytes[0];
    if (first !== 0x96 && first !== 0x92) return undefined;
    const isRequest = first === 0x96;
    if (!view.isBare && isRequest !== (role === 'request')) return undefined;
    const as = isRequest ? 'request of socketioxide' : 'response of socketioxide';
    const fit = fitPayload<Request | Response>(view, as, isRequest ? fitRequest : fitResponse);
    if (!('shape' in fit)) return view.isBare ? undefined : fit;
    return toMessage(view, fit);
  },
};

function fitRequest(root: Value): Request | Misfit {
  if (!isArray(root) || root.items.length !== 6) return new Misfit('it is no list of 6', root);
  const [node, id, kind, packet, rooms, opts] = root.items;
  const uid = asText(node);
  const requestId = asText(id);
  const code = asInteger(kind);
  const type = code === undefined ? undefined : REQUESTS.get(code);
  if (uid === undefined || requestId === undefined) return new Misfit('it does not start with two ids', root);
  if (code === undefined || type === undefined)
    return new Misfit('its type is no known number', kind ?? root);
  if (code === BROADCAST || code === BROADCAST_WITH_ACK) {
    const misfit = fitOxidePacket(packet, root);
    if (misfit !== undefined) return misfit;
  }
  if (opts?.type !== 'nil' && !(isArray(opts) && opts.items.length === 5))
    return new Misfit('its options are no list of 5', opts ?? root);
  return { is: 'request', uid, requestId, code, type, packet, rooms, opts: isArray(opts) ? opts : undefined };
}

function fitResponse(root: Value): Response | Misfit {
  const [id, body] = isArray(root) && root.items.length === 2 ? root.items : [];
  const [node, answer] = isArray(body) && body.items.length === 2 ? body.items : [];
  const [kind, value] = isArray(answer) && answer.items.length === 2 ? answer.items : [];
  const requestId = asText(id);
  const uid = asText(node);
  const code = asInteger(kind);
  const type = code === undefined ? undefined : RESPONSES[code];
  if (requestId === undefined || uid === undefined || value === undefined)
    return new Misfit('it is not [id, [node, [type, value]]]', root);
  if (code === undefined || type === undefined)
    return new Misfit('its type is no known number', kind ?? root);
  return { is: 'response', uid, requestId, code, type, value };
}

function toMessage(view: View, fit: Fit<Request | Response>): Message {
  const { shape } = fit;
  const message = draft(kindOf(shape), 'socketioxide', 'msgpack');
  const { name } = view;
  if (name !== undefined) message.key = name.key;
  if (name?.nsp !== undefined) message.nsp = name.nsp;
  if (message.kind !== 'broadcast') message.type = shape.type;
  message.typeCode = shape.code;
  message.uid = shape.uid;
  message.requestId = shape.requestId;
  if (shape.is === 'request') readRequest(message, shape);
  else readResponse(message, shape);
  if (fit.findings.length > 0) message.findings = [...(message.findings ?? []), ...fit.findings];
  message.body = { bytes: view.bytes, root: fit.root };
  return message;
}

function kindOf(shape: Request | Response): Message['kind'] {
  if (shape.is === 'response') return 'response';
  if (shape.code === BROADCAST) return 'broadcast';
  return shape.code >= FIRST_CLUSTER_TYPE ? 'cluster' : 'request';
}

function readRequest(message: Draft, request: Request): void {
  const { packet, opts, rooms } = request;
  if (isArray(packet)) readOxidePacket(message, packet);
  if (rooms !== undefined && rooms.type !== 'nil') keep(message, 'rooms', rooms);
  if (opts === undefined) return;
  const [flags, to, except, sid, server] = opts.items;
  const meant = readNames(message, 'rooms', to);
  const excluded = readNames(message, 'except', except);
  if (meant !== undefined) message.rooms = meant;
  if (excluded !== undefined) message.except = excluded;
  readFlags(message, flags);
  if (sid !== undefined && !isNothing(sid)) keep(message, 'sid', sid);
  if (server !== undefined && !isNothing(server)) keep(message, 'server_id', server);
}

/** A number of bits on the wire; shown under the names that the source gives them. */
function readFlags(message: Draft, flags: Value | undefined): void {
  const bits = asInteger(flags);
  if (flags === undefined || bits === undefined || bits < 0 || bits > 7) {
    if (flags !== undefined) keep(message, 'flags', flags);
    return;
  }
  const { offset, length } = flags;
  const entries = FLAGS.filter(([, bit]) => (bits & bit) !== 0).map(([name]) => ({
    key: { type: 'str', offset, length, value: name } as const,
    value: { type: 'bool', offset, length, value: true } as const,
  }));
  message.flags = { type: 'map', offset, length, entries };
}

function readResponse(message: Draft, { type, value }: Response): void {
  if (type === 'AllRooms') keep(message, 'rooms', value);
  else if (type === 'FetchSockets') keep(message, 'sockets', value);
  else if (type === 'BroadcastAckCount') keep(message, 'count', value);
  else if (isArray(value) && value.items.length === 2) {
    const [sid, result] = value.items;
    if (sid !== undefined) keep(message, 'sid', sid);
    if (result !== undefined) keep(message, 'result', result);
  } else keep(message, 'value', value);
}
