import type { MapValue, Value } from '../model/value.ts';
import {
  addFinding,
  asInteger,
  asText,
  type Draft,
  isArray,
  isMap,
  keep,
  keepRest,
  readFields,
} from './fields.ts';
import { Misfit } from './readings.ts';

/** Packet types of socket.io-parser 2.x to 4.x (`PacketType`); the numbers never changed. */
const EVENT = 2;
const BINARY_EVENT = 5;
const LAST_TYPE = 6;
const KNOWN = new Set(['type', 'data', 'nsp', 'id']);

/** Checks that a value is a Socket.IO packet: a map with a type of 0 to 6 and, for events, a list as data. */
export function fitPacket(value: Value | undefined, at: { readonly offset: number }): MapValue | Misfit {
  if (!isMap(value))
    return new Misfit(`${value?.type ?? 'nothing'} stands where the packet should`, value ?? at);
  const fields = readFields(value);
  const type = fields.of.get('type');
  const number = asInteger(type);
  if (number === undefined || number < 0 || number > LAST_TYPE) {
    return new Misfit('the packet has no type of 0 to 6', type ?? value);
  }
  const data = fields.of.get('data');
  if (isEvent(number) && !isArray(data))
    return new Misfit('an event packet has no list as data', data ?? value);
  return value;
}

/**
 * Reads type, event, arguments, id and nsp of a packet that `fitPacket` has let through.
 * Answers with the namespace that the packet itself says, if it does.
 */
export function readPacket(message: Draft, packet: MapValue): string | undefined {
  const fields = readFields(packet);
  const type = asInteger(fields.of.get('type'));
  if (type !== undefined) message.packetType = type;
  const data = fields.of.get('data');
  if (type !== undefined && isEvent(type) && isArray(data)) readEvent(message, data.items, data);
  else if (data !== undefined) keep(message, 'data', data);
  const id = fields.of.get('id');
  if (id !== undefined) {
    if (id.type === 'int' || id.type === 'str') message.ackId = id;
    else keep(message, 'id', id);
  }
  keepRest(message, packet, fields, KNOWN, 'packet');
  if (fields.of.has('attachments')) noteLostBinary(message, packet);
  const nsp = fields.of.get('nsp');
  if (nsp !== undefined && asText(nsp) === undefined) keep(message, 'nsp', nsp);
  return asText(nsp);
}

/** The first element is the event's name; a name that is no text is kept with the whole list under payload.data. */
export function readEvent(message: Draft, items: readonly Value[], whole: Value): void {
  const event = asText(items[0]);
  if (event !== undefined) {
    message.event = event;
    message.args = items.slice(1);
    return;
  }
  keep(message, 'data', whole);
  addFinding(message, {
    code: 'event-not-text',
    severity: 'warning',
    message: items.length === 0 ? 'The packet carries no event name.' : 'The event name is not text.',
    offset: whole.offset,
  });
}

/**
 * socket.io-redis before 1.1 encoded for the local clients first, which put placeholders where the buffers were and
 * published that (`index.js`, `broadcast`): what the buffers held never reached Redis.
 */
function noteLostBinary(message: Draft, packet: MapValue): void {
  addFinding(message, {
    code: 'binary-lost',
    severity: 'warning',
    message:
      'The binary arguments were replaced by placeholders before publishing (socket.io-redis ≤ 1.0): their bytes are not in Redis.',
    offset: packet.offset,
  });
}

function isEvent(type: number): boolean {
  return type === EVENT || type === BINARY_EVENT;
}
