import { asBuffer } from '../bytes/decode-error.ts';
import type { Message } from '../model/message.ts';
import type { MapValue, Value } from '../model/value.ts';
import type { Dissector } from './dissector.ts';
import {
  addFinding,
  asText,
  type Draft,
  draft,
  type Fields,
  isArray,
  isMap,
  keep,
  keepRest,
  readFields,
} from './fields.ts';
import { isReading, type View } from './view.ts';

/** Every codec of Redisson writes the class name of the message into the bytes. */
const PACKAGE = 'com.corundumstudio.socketio.store.pubsub.';

/** `PubSubType` (netty-socketio 2.0, `store/pubsub`): the channel is the bare word. */
const CHANNELS = new Set(['connect', 'disconnect', 'join', 'bulk_join', 'leave', 'bulk_leave', 'dispatch']);

/** What a class says where the channel is not known; the two room messages serve for joining and leaving. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ['ConnectMessage', 'connect'],
  ['DisconnectMessage', 'disconnect'],
  ['DispatchMessage', 'dispatch'],
]);

/** `PacketType` (`protocol/PacketType.java`), the ones inside of a MESSAGE. */
const PACKET_TYPES = ['CONNECT', 'DISCONNECT', 'EVENT', 'ACK', 'ERROR', 'BINARY_EVENT', 'BINARY_ACK'];

/** Java serialization starts so (`java.io.ObjectStreamConstants`). */
const JAVA_MAGIC = Buffer.from('aced0005', 'hex');
const MIN_TEXT = 6;
const MAX_TEXTS = 12;

/**
 * netty-socketio (Java) with a RedissonStoreFactory: Java objects on channels that are bare words. Redisson's JSON
 * codec is read; Kryo, FST and Java serialization are recognised by the class name in their bytes, not decoded.
 */
export const netty: Dissector = {
  name: 'netty-socketio',
  dissect(view: View): Message | undefined {
    if (view.frame.entry !== undefined || !asBuffer(view.bytes).includes(PACKAGE)) return undefined;
    if (view.bytes[0] !== 0x7b) return describeCodec(view);
    const root = view.read('json');
    if (!isReading(root) || !isMap(root)) return undefined;
    const fields = readFields(root);
    const name = asText(fields.of.get('@class'));
    if (name?.startsWith(PACKAGE) !== true) return undefined;
    return toMessage(view, root, fields, name.slice(PACKAGE.length));
  },
};

function toMessage(view: View, root: MapValue, fields: Fields, className: string): Message {
  const type = typeOf(view, className);
  const message = draft(kindOf(type), 'netty', 'json');
  const known = new Set(['@class', 'nodeId', 'namespace']);
  if (type !== 'dispatch') message.type = type;
  const node = fields.of.get('nodeId');
  if (node?.type === 'int') message.uid = String(node.value);
  else if (node !== undefined && node.type !== 'nil') keep(message, 'nodeId', node);
  const namespace = asText(fields.of.get('namespace'));
  if (namespace !== undefined) message.nsp = namespace === '' ? '/' : namespace;
  const packet = fields.of.get('packet');
  const room = fields.of.get('room');
  if (type === 'dispatch') {
    if (room?.type === 'str') message.rooms = [room];
    known.add('room');
    if (isMap(packet)) {
      readPacket(message, packet);
      known.add('packet');
    }
  }
  keepRest(message, root, fields, known, 'message');
  message.body = { bytes: view.bytes, root };
  return message;
}

function typeOf(view: View, className: string): string {
  if (view.channel !== undefined && CHANNELS.has(view.channel)) return view.channel;
  return TYPES.get(className) ?? className;
}

function kindOf(type: string): Message['kind'] {
  if (type === 'dispatch') return 'broadcast';
  return type === 'connect' || type === 'disconnect' ? 'cluster' : 'request';
}

function readPacket(message: Draft, packet: MapValue): void {
  const fields = readFields(packet);
  const subType = asText(fields.of.get('subType'));
  const number = subType === undefined ? -1 : PACKET_TYPES.indexOf(subType);
  const known = new Set(['@class', 'name', 'data']);
  if (number !== -1) {
    message.packetType = number;
    known.add('subType');
  }
  const event = asText(fields.of.get('name'));
  const data = fields.of.get('data');
  if (event !== undefined) message.event = event;
  const items = data === undefined ? undefined : listOf(data);
  if (items !== undefined) message.args = items;
  else if (data !== undefined && data.type !== 'nil') keep(message, 'data', data);
  const ackId = fields.of.get('ackId');
  if (ackId?.type === 'int') {
    message.ackId = ackId;
    known.add('ackId');
  }
  keepRest(message, packet, fields, known, 'packet');
}

/** A Java list as Jackson writes it with default typing: `["java.util.ArrayList", [ … ]]`. */
function listOf(value: Value): readonly Value[] | undefined {
  if (!isArray(value)) return undefined;
  const [name, items] = value.items;
  const className = asText(name);
  const isTyped = value.items.length === 2 && className?.startsWith('java.util.') === true && isArray(items);
  return isTyped ? items.items : value.items;
}

/** Kryo and its kind cannot be read without the classes: say so, and show the texts that stand in the bytes. */
function describeCodec(view: View): Message {
  const isJava = Buffer.compare(view.bytes.subarray(0, JAVA_MAGIC.length), JAVA_MAGIC) === 0;
  const codec = isJava ? 'Java serialization' : 'a binary codec of Redisson (Kryo, FST or Marshalling)';
  const why = `${codec} needs the classes of the sender`;
  const message: Draft = {
    kind: 'undecoded',
    adapter: 'netty',
    error: {
      code: 'redisson-codec',
      message: `netty-socketio in ${codec}: recognised, but not decodable without the sender's classes.`,
      offset: 0,
      tried: [{ as: 'message of netty-socketio', why }],
    },
    raw: view.bytes,
  };
  const texts = readableTexts(view.bytes);
  if (texts !== '') {
    addFinding(message, {
      code: 'readable-texts',
      severity: 'info',
      message: `Texts that stand in the bytes: ${texts}.`,
    });
  }
  return message;
}

function readableTexts(bytes: Uint8Array): string {
  const runs =
    asBuffer(bytes)
      .toString('latin1')
      .match(/[\x20-\x7e]+/g) ?? [];
  return runs
    .filter((run) => run.length >= MIN_TEXT)
    .slice(0, MAX_TEXTS)
    .map((run) => JSON.stringify(run.slice(0, 80)))
    .join(', ');
}
