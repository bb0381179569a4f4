import { DecodeError } from '../bytes/decode-error.ts';
import { decodeJson } from '../bytes/json.ts';
import { decodeMsgpack } from '../bytes/msgpack.ts';
import type { ArrayValue, Value } from '../model/value.ts';
import { addFinding, asInteger, asText, type Draft, isArray, isMap, keep, readFields } from './fields.ts';
import { readEvent } from './packet.ts';
import { fillPlaceholders } from './placeholders.ts';
import { Misfit } from './readings.ts';

const EVENT = 2;
const BINARY_EVENT = 5;
const LAST_TYPE = 6;

/** Checks for `[ns, type, data, ack, error]` (socketioxide-core 0.2, `src/packet.rs`, `RawPacket`). */
export function fitOxidePacket(packet: Value | undefined, at: Value): Misfit | undefined {
  if (!isArray(packet) || packet.items.length !== 5)
    return new Misfit('its packet is no list of 5', packet ?? at);
  const [nsp, kind] = packet.items;
  const type = asInteger(kind);
  if (asText(nsp) === undefined && nsp?.type !== 'str')
    return new Misfit('its packet has no namespace', packet);
  if (type === undefined || type < 0 || type > LAST_TYPE)
    return new Misfit('its packet has no type of 0 to 6', kind ?? packet);
  return undefined;
}

export function readOxidePacket(message: Draft, packet: ArrayValue): void {
  const [ns, kind, data, ack, error] = packet.items;
  const nsp = asText(ns);
  if (nsp !== undefined) message.nsp = nsp;
  const type = asInteger(kind);
  if (type !== undefined) message.packetType = type;
  if (ack?.type === 'int') message.ackId = ack;
  if (error !== undefined && error.type !== 'nil') keep(message, 'error', error);
  if (data === undefined || data.type === 'nil') return;
  const content = readData(data);
  if (content === undefined) {
    keep(message, 'data', data);
    noteUnread(message, data);
    return;
  }
  const event = isMap(content) ? readFields(content).of.get('data') : content;
  if ((type === EVENT || type === BINARY_EVENT) && isArray(event)) readEvent(message, event.items, data);
  else keep(message, 'data', content);
}

/**
 * `[0, text, attachments]` of the common parser, `[1, bytes, nil]` of the msgpack parser (`src/lib.rs`, `Value`). The
 * text is bytes in a list of small integers, because serde writes `&[u8]` as a sequence.
 */
function readData(data: Value): Value | undefined {
  const [kind, content, attachments] = isArray(data) ? data.items : [];
  const bytes = bytesOf(content);
  if (content === undefined || bytes === undefined) return undefined;
  const inner = decodeInner(bytes, asInteger(kind));
  if (inner === undefined) return undefined;
  const placed = place(inner, content);
  if (!isArray(attachments)) return placed;
  return fillPlaceholders(placed, (number) => {
    const attachment = attachments.items[number];
    const raw = bytesOf(attachment);
    if (attachment === undefined || raw === undefined) return undefined;
    return { type: 'bin', offset: attachment.offset, length: attachment.length, bytes: raw };
  });
}

function decodeInner(bytes: Uint8Array, kind: number | undefined): Value | undefined {
  try {
    if (kind === 0) return decodeJson(bytes);
    return kind === 1 ? decodeMsgpack(bytes) : undefined;
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

/** Offsets inside of the text count in bytes that are not in the payload as such: all of it stands at the text. */
function place(value: Value, at: Value): Value {
  const { offset, length } = at;
  switch (value.type) {
    case 'array':
      return { ...value, offset, length, items: value.items.map((item) => place(item, at)) };
    case 'map': {
      const entries = value.entries.map((entry) => ({
        key: place(entry.key, at),
        value: place(entry.value, at),
      }));
      return { ...value, offset, length, entries };
    }
    default:
      return { ...value, offset, length };
  }
}

function bytesOf(value: Value | undefined): Uint8Array | undefined {
  if (value?.type === 'bin') return value.bytes;
  if (!isArray(value)) return undefined;
  const bytes = Buffer.alloc(value.items.length);
  for (const [index, item] of value.items.entries()) {
    const byte = asInteger(item);
    if (byte === undefined || byte < 0 || byte > 0xff) return undefined;
    bytes[index] = byte;
  }
  return bytes;
}

function noteUnread(message: Draft, data: Value): void {
  addFinding(message, {
    code: 'unread-packet-data',
    severity: 'warning',
    message: 'What the packet carries is neither JSON text nor msgpack; it is shown as it stands.',
    offset: data.offset,
  });
}
