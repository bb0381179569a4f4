import type { Adapter, Encoding, Message } from '../model/message.ts';
import type { Value } from '../model/value.ts';
import { describeType } from './meanings/every-dialect.ts';

const ADAPTERS: Record<Adapter, string> = {
  redis: 'the classic adapter',
  'redis-sharded': 'the sharded adapter',
  'redis-streams': 'the streams adapter',
  emitter: 'an emitter',
  python: 'python-socketio',
  socketioxide: 'socketioxide (Rust)',
  googollee: 'googollee/go-socket.io',
  netty: 'netty-socketio (Java)',
  laravel: 'Laravel',
};

const ENCODINGS: Record<Encoding, string> = {
  msgpack: 'msgpack',
  'msgpack-js': 'msgpack as msgpack-js wrote it',
  json: 'JSON',
  pickle: 'pickle, read without running it',
};

/** More names than this are counted only. */
const NAMED_ROOMS = 3;
/** Names are a stranger's: one that is a whole book is cut. */
const NAME_CHARACTERS = 80;

export function describeEncoding(encoding: Encoding): string {
  return ENCODINGS[encoding];
}

/** `broadcast of the classic adapter`, with the name of what is asked. */
export function describeMessage({ kind, type, adapter }: Message): string {
  if (kind === 'undecoded') return 'not decodable';
  const what = type === undefined ? kind : `${kind} ${type}`;
  return adapter === undefined ? what : `${what} of ${ADAPTERS[adapter]}`;
}

/** The message in one sentence, for somebody who has not read the rows. */
export function summarise(message: Message): string {
  switch (message.kind) {
    case 'broadcast':
      return `${nameSender(message)} sends ${nameEvent(message)} to ${nameTarget(message)}.`;
    case 'request':
      return summariseRequest(message);
    case 'response': {
      const what = describeType(message.type);
      const question =
        message.requestId === undefined ? 'a request' : `request ${cutName(message.requestId)}`;
      return `An answer to ${question}${what === undefined ? '' : ` (${what})`}.`;
    }
    case 'cluster':
      if (message.type === 'SESSION') return `A session: ${describeType(message.type) ?? ''}.`;
      return `${nameSender(message)}: ${describeType(message.type) ?? message.type ?? 'a word among servers'}.`;
    case 'subscription':
      return 'A connection tells Redis which channels it wants to hear.';
    case 'undecoded':
      return message.error?.message ?? 'This could not be read.';
  }
}

function summariseRequest(message: Message): string {
  const asks = `${nameSender(message)} asks the other servers`;
  if (message.type === 'BROADCAST') {
    return `${asks} to send ${nameEvent(message)} to ${nameTarget(message)}, and to count and collect the acknowledgements.`;
  }
  if (message.event !== undefined)
    return `${nameSender(message)} sends ${nameEvent(message)} to the other servers.`;
  const what = describeType(message.type) ?? message.type ?? 'something';
  const whom =
    message.rooms === undefined && message.except === undefined ? '' : ` Meant: ${nameTarget(message)}.`;
  return `${asks}: ${what}${/[?.]$/.test(what) ? '' : '.'}${whom}`;
}

function nameSender({ uid, adapter }: Message): string {
  if (uid === 'emitter' || adapter === 'emitter') return 'An emitter';
  return uid === undefined ? 'A server' : `Server ${cutName(uid)}`;
}

function nameEvent({ event, args = [] }: Message): string {
  const name = event === undefined ? 'a packet' : `the event ${quoteName(event)}`;
  if (event === undefined || args.length === 0) return name;
  return `${name} with ${args.length === 1 ? 'one argument' : `${args.length} arguments`}`;
}

function nameTarget({ rooms = [], except = [], nsp = '/' }: Message): string {
  const whom =
    rooms.length === 0 ? 'everyone' : `${rooms.length === 1 ? 'the room' : 'the rooms'} ${nameRooms(rooms)}`;
  const not = except.length === 0 ? '' : `, except ${nameRooms(except)}`;
  return `${whom} in ${nsp === '/' ? 'the main namespace' : cutName(nsp)}${not}`;
}

function nameRooms(rooms: readonly Value[]): string {
  const names = rooms.slice(0, NAMED_ROOMS).map(nameRoom).join(', ');
  return rooms.length <= NAMED_ROOMS ? names : `${names} and ${rooms.length - NAMED_ROOMS} more`;
}

function nameRoom(room: Value): string {
  if (room.type === 'str') return quoteName(room.value);
  return room.type === 'int' ? String(room.value) : `(${room.type})`;
}

function quoteName(name: string): string {
  return `"${cutName(name).replace(/["\\]/g, '\\$&')}"`;
}

function cutName(name: string): string {
  return name.length <= NAME_CHARACTERS ? name : `${name.slice(0, NAME_CHARACTERS)}…`;
}
