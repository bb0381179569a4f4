import { asBuffer } from '../bytes/decode-error.ts';
import type { Message } from '../model/message.ts';
import type { Value } from '../model/value.ts';
import type { ChannelRole } from './channel.ts';
import type { Dissector } from './dissector.ts';
import {
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
import { isReading, type View } from './view.ts';

/** Requests by their number, under the names of the source (go-socket.io 1.7, `redis_broadcast.go`). */
const REQUESTS: ReadonlyMap<string, string> = new Map([
  ['0', 'roomLen'],
  ['1', 'clearRoom'],
  ['2', 'allRoom'],
]);

const ROLES: ReadonlySet<ChannelRole> = new Set(['broadcast', 'request', 'response']);

/**
 * googollee/go-socket.io (`redis_broadcast.go`, 1.7): JSON. Broadcasts `{"args":[…],"opts":[room,event]}` on
 * `<prefix>#<nsp>#<uid>` without a `#` at the end; requests and responses on `<prefix>-request#<nsp>` and
 * `<prefix>-response#<nsp>`. The root namespace may be the empty text.
 */
export const googollee: Dissector = {
  name: 'googollee/go-socket.io',
  dissect(view: View): Message | undefined {
    if (view.frame.entry !== undefined || view.bytes[0] !== 0x7b) return undefined;
    if (!view.isBare && (view.name === undefined || !ROLES.has(view.name.role))) return undefined;
    const bytes = asBuffer(view.bytes);
    if (!bytes.includes('"opts"') && !bytes.includes('"RequestType"')) return undefined;
    const root = view.read('json');
    if (!isReading(root) || !isMap(root)) return undefined;
    const fields = readFields(root);
    const message = readBroadcast(view, fields) ?? readExchange(view, fields);
    if (message === undefined) return undefined;
    const { name } = view;
    if (name !== undefined) message.key = name.key;
    readNamespace(message, name?.nsp);
    keepRest(
      message,
      root,
      fields,
      new Set(['args', 'opts', 'RequestType', 'RequestID', 'UUID', 'Room']),
      'message',
    );
    message.body = { bytes: view.bytes, root };
    return message;
  },
};

function readNamespace(message: Draft, nsp: string | undefined): void {
  if (nsp === undefined) return;
  message.nsp = nsp === '' ? '/' : nsp;
  if (nsp === '') infer(message, 'nsp');
}

function readBroadcast(view: View, fields: Fields): Draft | undefined {
  const args = fields.of.get('args');
  const opts = fields.of.get('opts');
  const role = view.name?.role ?? 'broadcast';
  if (role !== 'broadcast' || !isArray(opts) || opts.items.length !== 2) return undefined;
  const [room, name] = opts.items;
  const event = asText(name);
  const hasArgs = args === undefined || args.type === 'nil' || isArray(args);
  if (room?.type !== 'str' || event === undefined || !hasArgs) return undefined;
  const message = draft('broadcast', 'googollee', 'json');
  message.event = event;
  message.args = isArray(args) ? args.items : [];
  if (room.value !== '') message.rooms = [room];
  const uid = view.name?.rest;
  if (uid !== undefined && uid !== '') message.uid = uid.endsWith('#') ? uid.slice(0, -1) : uid;
  return message;
}

function readExchange(view: View, fields: Fields): Draft | undefined {
  const code = asText(fields.of.get('RequestType'));
  const requestId = asText(fields.of.get('RequestID'));
  const type = code === undefined ? undefined : REQUESTS.get(code);
  const role = view.name?.role;
  if (type === undefined || requestId === undefined || role === 'broadcast') return undefined;
  const isAnswer = fields.of.has('Connections') || fields.of.has('Rooms');
  const message = draft(isAnswer ? 'response' : 'request', 'googollee', 'json');
  message.type = type;
  message.typeCode = Number(code);
  message.requestId = requestId;
  const uid = asText(fields.of.get('UUID'));
  if (uid !== undefined) message.uid = uid;
  const room: Value | undefined = fields.of.get('Room');
  if (room?.type === 'str') message.rooms = [room];
  else if (room !== undefined) keep(message, 'Room', room);
  return message;
}
