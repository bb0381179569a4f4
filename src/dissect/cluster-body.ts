import type { Adapter, Encoding, Kind } from '../model/message.ts';
import type { MapValue, Value } from '../model/value.ts';
import {
  asText,
  type Draft,
  type Fields,
  isArray,
  isMap,
  isNothing,
  keep,
  keepRest,
  readFields,
} from './fields.ts';
import type { Memory } from './memory.ts';
import { fitPacket, readEvent, readPacket } from './packet.ts';
import { Misfit } from './readings.ts';
import { readSelection } from './selection.ts';

interface ClusterType {
  readonly name: string;
  readonly kind: Kind;
  /** `data` holds at least one of these; none for messages without data. */
  readonly needs: readonly string[];
}

/** socket.io-adapter 2.5.3 to 2.5.8 (`lib/cluster-adapter.ts`, `MessageType`): the code is the place plus one. */
const TYPES: readonly ClusterType[] = [
  { name: 'INITIAL_HEARTBEAT', kind: 'cluster', needs: [] },
  { name: 'HEARTBEAT', kind: 'cluster', needs: [] },
  { name: 'BROADCAST', kind: 'broadcast', needs: ['packet'] },
  { name: 'SOCKETS_JOIN', kind: 'request', needs: ['opts', 'rooms'] },
  { name: 'SOCKETS_LEAVE', kind: 'request', needs: ['opts', 'rooms'] },
  { name: 'DISCONNECT_SOCKETS', kind: 'request', needs: ['opts', 'close'] },
  { name: 'FETCH_SOCKETS', kind: 'request', needs: ['requestId'] },
  { name: 'FETCH_SOCKETS_RESPONSE', kind: 'response', needs: ['requestId'] },
  { name: 'SERVER_SIDE_EMIT', kind: 'request', needs: ['packet'] },
  { name: 'SERVER_SIDE_EMIT_RESPONSE', kind: 'response', needs: ['requestId'] },
  { name: 'BROADCAST_CLIENT_COUNT', kind: 'response', needs: ['requestId'] },
  { name: 'BROADCAST_ACK', kind: 'response', needs: ['requestId'] },
  { name: 'ADAPTER_CLOSE', kind: 'cluster', needs: [] },
];

export const BROADCAST = 3;
export const FETCH_SOCKETS = 7;
const SERVER_SIDE_EMIT = 9;
export const BROADCAST_CLIENT_COUNT = 11;
export const ADAPTER_CLOSE = 13;

/** A message of the ClusterAdapter without its envelope, its shape checked. */
export interface ClusterBody {
  readonly code: number;
  readonly type: ClusterType;
  readonly data: MapValue | undefined;
  readonly fields: Fields | undefined;
  /** What stands in `data` where no data belongs, as it is. */
  readonly odd: Value | undefined;
  readonly asksForAck: boolean;
}

/** Checks that `data` is what a message of this code carries. `at` is blamed for what is not there. */
export function fitClusterBody(
  code: number,
  data: Value | undefined,
  at: { readonly offset: number },
): ClusterBody | Misfit {
  const type = TYPES[code - 1];
  if (type === undefined) return new Misfit(`the ClusterAdapter has no message type ${code}`, at);
  if (!isMap(data)) {
    if (type.needs.length > 0) return new Misfit(`${type.name} has no map as data`, data ?? at);
    return { code, type, data: undefined, fields: undefined, odd: data, asksForAck: false };
  }
  const fields = readFields(data);
  const why = checkData(code, type, data, fields);
  if (why !== undefined) return why;
  const requestId = fields.of.get('requestId');
  const asksForAck = type.kind !== 'response' && requestId !== undefined && requestId.type !== 'undefined';
  return { code, type, data, fields, odd: undefined, asksForAck };
}

function checkData(code: number, type: ClusterType, data: MapValue, fields: Fields): Misfit | undefined {
  if (type.needs.length > 0 && !type.needs.some((name) => fields.of.has(name)))
    return new Misfit(`${type.name} carries no ${type.needs.join(' and no ')}`, data);
  const opts = fields.of.get('opts');
  if (!isMap(opts) && !isArray(opts) && !isNothing(opts))
    return new Misfit('the options are no map', opts ?? data);
  const packet = fields.of.get('packet');
  if (code === BROADCAST) {
    const fitted = fitPacket(packet, data);
    return fitted instanceof Misfit ? fitted : undefined;
  }
  if (code === SERVER_SIDE_EMIT && !isArray(packet))
    return new Misfit('the server-side emit has no list as packet', packet ?? data);
  return undefined;
}

/** What the envelope says beside the body. */
export interface ClusterEnvelope {
  readonly adapter: Adapter;
  readonly encoding: Encoding | undefined;
  readonly uid: string | undefined;
  /** The namespace that the envelope says: it counts, whatever the packet says. */
  readonly nsp: string | undefined;
}

const DATA_KNOWN = new Set(['opts', 'requestId']);

/**
 * Turns a checked body into a message: `data` and the packet are unwrapped, what has no name of its own is kept in
 * `payload`. A broadcast that asks for acknowledgements is a request (output contract §1).
 */
export function readClusterBody(body: ClusterBody, envelope: ClusterEnvelope): Draft {
  const { code, type, data, fields, odd, asksForAck } = body;
  const kind = type.kind === 'broadcast' && asksForAck ? 'request' : type.kind;
  const message: Draft = { kind, adapter: envelope.adapter, typeCode: code };
  if (kind !== 'broadcast') message.type = type.name;
  if (envelope.encoding !== undefined) message.encoding = envelope.encoding;
  if (envelope.uid !== undefined) message.uid = envelope.uid;
  if (envelope.nsp !== undefined) message.nsp = envelope.nsp;
  if (odd !== undefined) keep(message, 'data', odd);
  if (data !== undefined && fields !== undefined) readData(message, code, data, fields);
  return message;
}

function readData(message: Draft, code: number, data: MapValue, fields: Fields): void {
  const known = new Set(DATA_KNOWN);
  const packet = fields.of.get('packet');
  if (code === BROADCAST && isMap(packet)) {
    known.add('packet');
    readPacketOf(message, packet);
  } else if (code === SERVER_SIDE_EMIT && isArray(packet)) {
    known.add('packet');
    readEvent(message, packet.items, packet);
  }
  readSelection(message, fields.of.get('opts'));
  const requestId = fields.of.get('requestId');
  const id = asText(requestId);
  if (id !== undefined) message.requestId = id;
  else if (requestId !== undefined) keep(message, 'requestId', requestId);
  keepRest(message, data, fields, known, 'data');
}

/** Packets of this family carry no namespace; one that does and differs from the envelope's is kept beside it. */
function readPacketOf(message: Draft, packet: MapValue): void {
  const said = readPacket(message, packet);
  const nsp = readFields(packet).of.get('nsp');
  if (said === undefined || nsp === undefined) return;
  if (message.nsp === undefined) message.nsp = said;
  else if (message.nsp !== said) keep(message, 'nsp', nsp);
}

/** Ids of this family are 8 random bytes in hex: whoever has one is one server, whatever it writes to. */
const UID = /^[0-9a-f]{16}$/;

/** Keeps which adapter a server has, for messages that two adapters would write alike. */
export function rememberAdapter(memory: Memory, uid: string | undefined, adapter: Adapter): void {
  if (uid !== undefined && UID.test(uid)) memory.senders.set(`cluster ${uid}`, adapter);
}

export function recallAdapter(memory: Memory, uid: string | undefined): string | undefined {
  return uid === undefined ? undefined : memory.senders.get(`cluster ${uid}`);
}
