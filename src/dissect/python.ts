import { asBuffer, DecodeError } from '../bytes/decode-error.ts';
import type { Encoding, Message } from '../model/message.ts';
import type { MapValue, Value } from '../model/value.ts';
import type { Dissector } from './dissector.ts';
import {
  addFinding,
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
import { readArguments } from './python-arguments.ts';
import { notePickle } from './python-globals.ts';
import { guessPythonEncoding, refusePython } from './python-payload.ts';
import { Misfit } from './readings.ts';
import { readNames } from './selection.ts';
import { isReading, type Refusal, type View } from './view.ts';

/** The methods of python-socketio and the keys that each always has (`socketio/pubsub_manager.py`, 5.7 to 5.16). */
const METHODS: ReadonlyMap<string, readonly string[]> = new Map([
  ['emit', ['event', 'data', 'namespace']],
  ['callback', ['host_id', 'sid', 'namespace', 'id', 'args']],
  ['disconnect', ['sid', 'namespace']],
  ['close_room', ['room', 'namespace']],
  ['enter_room', ['sid', 'room', 'namespace']],
  ['leave_room', ['sid', 'room', 'namespace']],
]);

/** What a method of a version to come would still have. */
const UNKNOWN_METHOD = ['namespace', 'host_id'];

/** python-socketio's own default (`socketio/pubsub_manager.py`, `channel='socketio'`). */
const DEFAULT_CHANNEL = 'socketio';

/**
 * python-socketio and Flask-SocketIO: one channel for everything, pickled dicts up to 5.13 and JSON from 5.14 on.
 * The channel's name is free: elsewhere than on `socketio` and on channels that the user named, the payload decides.
 */
export const python: Dissector = {
  name: 'python-socketio',
  dissect(view: View, memory: Memory): Message | readonly Refusal[] | undefined {
    if (view.frame.entry !== undefined || view.frame.command === 'SET') return undefined;
    const encoding = guessPythonEncoding(view.bytes);
    if (encoding === undefined) return undefined;
    const isOurs = view.channel === DEFAULT_CHANNEL || view.keys.includes(view.channel ?? '');
    if (!isOurs && !view.isBare && !asBuffer(view.bytes).includes('method')) return undefined;
    const root = view.read(encoding);
    const body = isReading(root) ? fitBody(root, isOurs) : root;
    if (!(body instanceof DecodeError || body instanceof Misfit))
      return toMessage(view, body, encoding, memory);
    return isOurs || view.isBare ? refusePython(view, encoding, body, isOurs) : undefined;
  },
};

interface Body {
  readonly map: MapValue;
  readonly fields: Fields;
  readonly method: string;
}

function fitBody(root: Value, isOurs: boolean): Body | Misfit {
  if (!isMap(root)) {
    const what = root.type === 'opaque' ? `an object of ${root.name}` : root.type;
    return new Misfit(`${what} stands where a dict should`, root);
  }
  const fields = readFields(root);
  const method = asText(fields.of.get('method'));
  if (method === undefined) return new Misfit('it has no method', root);
  const keys = METHODS.get(method) ?? (isOurs ? UNKNOWN_METHOD : undefined);
  if (keys === undefined)
    return new Misfit('its method is none of python-socketio', fields.of.get('method') ?? root);
  const missing = keys.find((key) => !fields.of.has(key));
  if (missing !== undefined) return new Misfit(`it has no ${missing}`, root);
  const namespace = fields.of.get('namespace');
  if (namespace?.type !== 'nil' && asText(namespace) === undefined)
    return new Misfit('its namespace is no text', namespace ?? root);
  return { map: root, fields, method };
}

function toMessage(view: View, body: Body, encoding: Encoding, memory: Memory): Message {
  const { map, fields, method } = body;
  const message = draft(kindOf(method), 'python', encoding);
  const known = new Set(['method', 'namespace']);
  if (view.channel !== undefined) message.key = view.channel;
  if (method !== 'emit') message.type = method;
  readNamespace(message, fields);
  const sender = asText(fields.of.get('host_id'));
  if (method !== 'callback' && sender !== undefined) {
    message.uid = sender;
    known.add('host_id');
  }
  if (method === 'emit') readEmit(message, fields, known);
  if (method === 'callback') readCallback(message, fields, known);
  if (method === 'close_room') readRooms(message, fields, known);
  if (method === 'emit') readArguments(message, fields, memory, view.bytes);
  else hintVersion(message, fields);
  keepRest(message, map, fields, known, 'message');
  if (!METHODS.has(method)) noteUnknown(message, method, map);
  if (encoding === 'pickle') notePickle(message, view.bytes);
  noteMixture(message, memory);
  message.body = { bytes: view.bytes, root: map };
  return message;
}

function kindOf(method: string): Message['kind'] {
  if (method === 'emit') return 'broadcast';
  return method === 'callback' ? 'response' : 'request';
}

/** Before 5.0 an emit without a namespace said None for `/`. */
function readNamespace(message: Draft, fields: Fields): void {
  const namespace = asText(fields.of.get('namespace'));
  message.nsp = namespace ?? '/';
  if (namespace === undefined) infer(message, 'nsp');
}

function readEmit(message: Draft, fields: Fields, known: Set<string>): void {
  known.add('data');
  const event = asText(fields.of.get('event'));
  if (event !== undefined) {
    message.event = event;
    known.add('event');
  }
  readRooms(message, fields, known);
  const except = readNames(message, 'skip_sid', fields.of.get('skip_sid'));
  if (except !== undefined) message.except = except;
  known.add('skip_sid');
  const callback = fields.of.get('callback');
  known.add('callback');
  if (callback === undefined || callback.type === 'nil') return;
  keep(message, 'callback', callback);
  const id = isArray(callback) ? callback.items[2] : undefined;
  if (id?.type === 'int' || id?.type === 'str') message.ackId = id;
}

function readRooms(message: Draft, fields: Fields, known: Set<string>): void {
  const rooms = readNames(message, 'room', fields.of.get('room'));
  if (rooms !== undefined) message.rooms = rooms;
  known.add('room');
}

/** `host_id` is the addressee here and stays in the payload, with `sid` and `id` that pair it with its emit. */
function readCallback(message: Draft, fields: Fields, known: Set<string>): void {
  const args = fields.of.get('args');
  if (!isArray(args)) return;
  message.args = args.items;
  known.add('args');
}

/** `host_id` in disconnect and close_room, and the two room methods, came with 5.10. */
function hintVersion(message: Draft, fields: Fields): void {
  if (message.encoding === 'json') message.version = 'python-socketio ≥ 5.14';
  else if (!fields.of.has('host_id')) message.version = 'python-socketio < 5.10';
  else if (message.type === 'callback') message.version = 'python-socketio < 5.14';
  else message.version = 'python-socketio 5.10 to 5.13';
  infer(message, 'version');
}

function noteUnknown(message: Draft, method: string, map: MapValue): void {
  addFinding(message, {
    code: 'unknown-method',
    severity: 'warning',
    message: `No known version of python-socketio has the method "${method}".`,
    offset: map.offset,
  });
}

/** Servers from 5.14 on cannot read pickle; older ones read both. */
function noteMixture(message: Draft, memory: Memory): void {
  const { encoding } = message;
  if (encoding === undefined || message.key === undefined) return;
  const before = memory.senders.get(`${message.key} serialization`);
  memory.senders.set(`${message.key} serialization`, encoding);
  if (before === undefined || before === encoding) return;
  addFinding(message, {
    code: 'mixed-serialization',
    severity: 'warning',
    message:
      'Pickle and JSON are both in use on this channel: python-socketio ≥ 5.14 cannot read pickle, so its servers miss what the older ones send.',
  });
}
