import type { Message } from '../model/message.ts';
import type { MapValue, Value } from '../model/value.ts';
import type { ChannelName } from './channel.ts';
import { EMITTER } from '../model/message.ts';
import type { Dissector } from './dissector.ts';
import {
  asInteger,
  asText,
  type Draft,
  draft,
  type Fields,
  infer,
  isArray,
  isMap,
  keep,
  keepRest,
  readFields,
} from './fields.ts';
import type { Memory } from './memory.ts';
import { fitPacket, readEvent, readPacket } from './packet.ts';
import { type Fit, fitPayload, Misfit } from './readings.ts';
import { readNames, readSelection } from './selection.ts';
import type { Refusal, View } from './view.ts';

/** Request codes of socket.io-redis 2.x to 5.x (`index.js`, `requestTypes`). */
const OLD_TYPES = [
  'clients',
  'clientRooms',
  'allRooms',
  'remoteJoin',
  'remoteLeave',
  'customRequest',
  'remoteDisconnect',
];

/** Renumbered in socket.io-redis 6.0, grown since (@socket.io/redis-adapter 8.3 `lib/index.ts`, `RequestType`). */
const NEW_TYPES = [
  'SOCKETS',
  'ALL_ROOMS',
  'REMOTE_JOIN',
  'REMOTE_LEAVE',
  'REMOTE_DISCONNECT',
  'REMOTE_FETCH',
  'SERVER_SIDE_EMIT',
  'BROADCAST',
  'BROADCAST_CLIENT_COUNT',
  'BROADCAST_ACK',
];

const BROADCAST = 7;
const SERVER_SIDE_EMIT = 6;
const SOCKETS = 0;

/** Which table of codes a body belongs to. */
type Generation = 'sync' | 'old' | 'new';

/**
 * Requests of the classic adapter since 1.1: JSON (since 7.2 msgpack for BROADCAST) on `<key>-request#<nsp>#`, in
 * 1.1.x on `<key>-sync#request#<nsp>#`.
 */
export const classicRequest: Dissector = {
  name: 'classic request',
  dissect(view: View, memory: Memory): Message | readonly Refusal[] | undefined {
    const { name } = view;
    if (view.frame.entry !== undefined || !takesPart(view, ['request', 'sync-request'])) return undefined;
    const fit = fitPayload(view, 'request of the classic adapter', (root) => fitRequest(root, name));
    if (!('shape' in fit)) return view.isBare ? undefined : fit;
    return readRequest(view, fit, memory);
  },
};

/** Replies of the classic adapter: on `<key>-response#<nsp>#`, on one server's own channel, or `<key>-sync#response#<id>`. */
export const classicResponse: Dissector = {
  name: 'classic response',
  dissect(view: View, memory: Memory): Message | readonly Refusal[] | undefined {
    const { name } = view;
    if (view.frame.entry !== undefined || !takesPart(view, ['response', 'sync-response'])) return undefined;
    const fit = fitPayload(view, 'response of the classic adapter', (root) => fitResponse(root, name));
    if (!('shape' in fit)) return view.isBare ? undefined : fit;
    return readResponse(view, fit, memory);
  },
};

function takesPart(view: View, roles: readonly string[]): boolean {
  return view.isBare || (view.name !== undefined && roles.includes(view.name.role));
}

interface Body {
  readonly map: MapValue;
  readonly fields: Fields;
  readonly generation: Generation;
}

function readBody(root: Value): Body | Misfit {
  if (!isMap(root)) return new Misfit(`${root.type} stands where a map should`, root);
  const fields = readFields(root);
  const generation = fields.of.has('transaction') ? 'sync' : fields.of.has('requestid') ? 'old' : 'new';
  return { map: root, fields, generation };
}

/**
 * A bare body is taken for a request only when its fields say so. On a request channel a missing code is 0: the Go
 * port (zishang520/socket.io) leaves zeros out.
 */
function fitRequest(root: Value, name: ChannelName | undefined): Body | Misfit {
  const body = readBody(root);
  if (body instanceof Misfit || body.generation === 'sync') return body;
  const { fields, map } = body;
  const code = codeOf(body);
  const type = fields.of.get('type');
  if (code === undefined) return new Misfit('the request has no type', type ?? map);
  if (typeName(body.generation, code) === undefined)
    return new Misfit(`no request has the type ${code}`, type ?? map);
  if (name !== undefined) return checkParts(body, code);
  const isRequest =
    body.generation === 'old' || fields.of.has('opts') || fields.of.has('uid') || fields.of.has('sid');
  return isRequest && type !== undefined && !isClusterBody(fields)
    ? checkParts(body, code)
    : new Misfit('no field says that it is a request', map);
}

function checkParts(body: Body, code: number): Body | Misfit {
  if (body.generation !== 'new') return body;
  if (code === BROADCAST) {
    const packet = fitPacket(body.fields.of.get('packet'), body.map);
    if (packet instanceof Misfit) return packet;
  }
  if (code === SERVER_SIDE_EMIT && !isArray(body.fields.of.get('data'))) {
    return new Misfit('the server-side emit has no list as data', body.fields.of.get('data') ?? body.map);
  }
  return body;
}

/** The cluster family nests everything in `data` as a map; the classic adapter never does. */
function isClusterBody(fields: Fields): boolean {
  return (
    isMap(fields.of.get('data')) &&
    fields.of.has('type') &&
    !fields.of.has('requestId') &&
    !fields.of.has('requestid')
  );
}

function codeOf(body: Body): number | undefined {
  const type = body.fields.of.get('type');
  if (
    type === undefined &&
    body.generation === 'new' &&
    (body.fields.of.has('requestId') || body.fields.of.has('opts'))
  )
    return SOCKETS;
  return asInteger(type);
}

function typeName(generation: Generation, code: number): string | undefined {
  return generation === 'old' ? OLD_TYPES[code] : NEW_TYPES[code];
}

const REQUEST_KNOWN = new Set(['uid', 'type', 'requestid', 'requestId', 'transaction', 'opts']);

function readRequest(view: View, fit: Fit<Body>, memory: Memory): Message {
  const { map, fields, generation } = fit.shape;
  const message = start(view, fit, 'request');
  const known = new Set(REQUEST_KNOWN);
  const code = generation === 'sync' ? undefined : codeOf(fit.shape);
  message.type = code === undefined ? 'clients' : (typeName(generation, code) ?? String(code));
  if (code !== undefined) message.typeCode = code;
  if (code !== undefined && !fields.of.has('type')) {
    infer(message, 'type');
    infer(message, 'typeCode');
  }
  readSelection(message, fields.of.get('opts'));
  if (message.type === 'clients' || (generation === 'new' && code === SOCKETS)) {
    const rooms = readNames(message, 'rooms', fields.of.get('rooms'));
    if (rooms !== undefined) message.rooms = rooms;
    known.add('rooms');
  }
  if (generation === 'new') readCarried(message, fields, code, known);
  keepRest(message, map, fields, known, 'request');
  hintRequestVersion(message, fit.shape, view);
  if (message.requestId !== undefined)
    memory.requests.set(requestName(message.key, message.requestId), message.type);
  return message;
}

/** BROADCAST carries a packet, SERVER_SIDE_EMIT an event: both show it like any broadcast. */
function readCarried(message: Draft, fields: Fields, code: number | undefined, known: Set<string>): void {
  const packet = fields.of.get('packet');
  const data = fields.of.get('data');
  if (code === BROADCAST && isMap(packet)) {
    known.add('packet');
    const nsp = readPacket(message, packet);
    if (nsp !== undefined) message.nsp = nsp;
  }
  if (code === SERVER_SIDE_EMIT && isArray(data)) {
    known.add('data');
    readEvent(message, data.items, data);
  }
}

function fitResponse(root: Value, name: ChannelName | undefined): Body | Misfit {
  const body = readBody(root);
  if (body instanceof Misfit) return body;
  const { fields, map } = body;
  const hasId = fields.of.has('requestid') || fields.of.has('requestId') || name?.role === 'sync-response';
  if (!hasId) return new Misfit('the response has no request id', map);
  const code = fields.of.get('type');
  const number = asInteger(code);
  if (code !== undefined && (number === undefined || NEW_TYPES[number] === undefined)) {
    return new Misfit('the type of the response is no known number', code);
  }
  return body;
}

const RESPONSE_KNOWN = new Set(['type', 'requestid', 'requestId', 'transaction', 'uid']);

function readResponse(view: View, fit: Fit<Body>, memory: Memory): Message {
  const { map, fields, generation } = fit.shape;
  const message = start(view, fit, 'response');
  const { name } = view;
  if (name?.role === 'sync-response' && message.requestId === undefined) message.requestId = name.rest;
  const code = asInteger(fields.of.get('type'));
  if (code !== undefined) {
    message.typeCode = code;
    const type = NEW_TYPES[code];
    if (type !== undefined) message.type = type;
  } else {
    const type =
      memory.requests.get(requestName(message.key, message.requestId)) ?? onlyType(fields, generation, name);
    if (type !== undefined) {
      message.type = type;
      infer(message, 'type');
    }
  }
  keepRest(message, map, fields, RESPONSE_KNOWN, 'response');
  return message;
}

/** The one request that a body without a number can answer, or undefined where several could. */
function onlyType(fields: Fields, generation: Generation, name: ChannelName | undefined): string | undefined {
  if (fields.of.has('clients') || name?.role === 'sync-response') return 'clients';
  if (generation === 'old') return fields.of.has('data') ? 'customRequest' : undefined;
  if (fields.of.has('rooms')) return 'ALL_ROOMS';
  const sockets = fields.of.get('sockets');
  if (isArray(sockets) && sockets.items.length > 0) {
    if (sockets.items.every((item) => item.type === 'str')) return 'SOCKETS';
    if (sockets.items.every(isMap)) return 'REMOTE_FETCH';
  }
  return undefined;
}

function start(view: View, fit: Fit<Body>, kind: 'request' | 'response'): Draft {
  const { fields } = fit.shape;
  const message = draft(kind, 'redis', fit.encoding);
  const { name } = view;
  if (name !== undefined) message.key = name.key;
  if (name?.nsp !== undefined) message.nsp = name.nsp;
  for (const [field, value] of fields.of) {
    const text = asText(value);
    if (field === 'uid' && text !== undefined) message.uid = text;
    else if (isIdField(field) && text !== undefined) message.requestId = text;
    else if (field === 'uid' || isIdField(field)) keep(message, field, value);
  }
  if (message.uid === EMITTER) message.adapter = 'emitter';
  if (fit.findings.length > 0) message.findings = fit.findings;
  message.body = { bytes: view.bytes, root: fit.root };
  return message;
}

function isIdField(field: string): boolean {
  return field === 'requestid' || field === 'requestId' || field === 'transaction';
}

/** Ids are unique per key: two deployments on one Redis may draw the same six characters. */
export function requestName(key: string | undefined, requestId: string | undefined): string {
  return `${key ?? ''} ${requestId ?? ''}`;
}

/** uid in every request came with @socket.io/redis-adapter 7.1; the spelling of the id changed with socket.io-redis 6. */
function hintRequestVersion(message: Draft, body: Body, view: View): void {
  const version = requestVersion(message, body, view);
  if (version === undefined) return;
  message.version = version;
  infer(message, 'version');
}

function requestVersion(message: Draft, body: Body, view: View): string | undefined {
  if (body.generation === 'sync' || view.name?.role === 'sync-request') return 'socket.io-redis 1.1.x';
  if (body.generation === 'old') return 'socket.io-redis 2.x to 5.x';
  if (message.adapter === 'emitter') return '@socket.io/redis-emitter ≥ 4.1';
  if (message.type === 'BROADCAST') return '@socket.io/redis-adapter ≥ 7.2';
  if (message.type === 'SERVER_SIDE_EMIT') return '@socket.io/redis-adapter ≥ 7.0';
  if (message.uid !== undefined) return '@socket.io/redis-adapter ≥ 7.1';
  return message.requestId === undefined
    ? 'socket.io-redis 6.1, @socket.io/redis-adapter 7.0 or @socket.io/redis-emitter'
    : 'socket.io-redis 6.x or @socket.io/redis-adapter 7.0';
}
