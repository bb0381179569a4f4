import type { Frame } from '../model/frame.ts';
import type { Message } from '../model/message.ts';
import type { Value } from '../model/value.ts';
import { showValue } from './human-value.ts';
import { safeText } from './safe-text.ts';

/** Socket ids of engine.io 1.8 and later have 20 characters (`base64id`). */
const SOCKET_ID = /^[\w-]{20}$/;
const NAMES_SHOWN = 3;

/** To whom a message goes, in words: `everyone`, `room user:42`, `all but 1 socket`, `all of /admin`. */
export function phraseTarget(message: Message): string {
  const nsp = message.nsp === undefined || message.nsp === '/' ? '' : safeText(message.nsp);
  const rooms = message.rooms ?? [];
  const but = phraseExcept(message.except ?? []);
  if (rooms.length > 0) {
    const where = nsp === '' ? '' : `${nsp} `;
    return where + phraseRooms(rooms) + (but === '' ? '' : ` but ${but}`);
  }
  if (but !== '') return nsp === '' ? `all but ${but}` : `all of ${nsp} but ${but}`;
  return nsp === '' ? 'everyone' : `all of ${nsp}`;
}

function phraseRooms(rooms: readonly Value[]): string {
  const only = rooms.length === 1 ? rooms[0] : undefined;
  if (only !== undefined) return `${isSocketId(only) ? 'socket' : 'room'} ${showName(only)}`;
  return `rooms ${phraseNames(rooms)}`;
}

function phraseExcept(except: readonly Value[]): string {
  if (except.length === 0) return '';
  if (except.every(isSocketId)) return except.length === 1 ? '1 socket' : `${except.length} sockets`;
  return phraseNames(except);
}

function phraseNames(names: readonly Value[]): string {
  const shown = names.slice(0, NAMES_SHOWN).map(showName).join(', ');
  return names.length <= NAMES_SHOWN ? shown : `${shown} and ${names.length - NAMES_SHOWN} more`;
}

function isSocketId(value: Value): boolean {
  return value.type === 'str' && SOCKET_ID.test(value.value);
}

function showName(value: Value): string {
  return value.type === 'str' ? safeText(value.value) : showValue(value, 40);
}

/** What a request asks, for a reader who does not know its name. */
const QUESTIONS: Readonly<Record<string, string>> = {
  clients: 'who is in',
  clientRooms: 'which rooms is this socket in',
  allRooms: 'which rooms are there in',
  SOCKETS: 'who is in',
  ALL_ROOMS: 'which rooms are there in',
  REMOTE_FETCH: 'who is in',
  FETCH_SOCKETS: 'who is in',
  REMOTE_JOIN: 'join rooms:',
  remoteJoin: 'join a room:',
  SOCKETS_JOIN: 'join rooms:',
  REMOTE_LEAVE: 'leave rooms:',
  remoteLeave: 'leave a room:',
  SOCKETS_LEAVE: 'leave rooms:',
  REMOTE_DISCONNECT: 'disconnect',
  remoteDisconnect: 'disconnect',
  DISCONNECT_SOCKETS: 'disconnect',
  SERVER_SIDE_EMIT: 'to the other servers of',
  BROADCAST: 'and please acknowledge:',
};

/** `who is in /`, `join rooms: all of /admin`, … */
export function phraseRequest(message: Message): string {
  const question = QUESTIONS[message.type ?? ''];
  if (question === undefined) return '';
  if (message.type === 'SERVER_SIDE_EMIT') return `${question} ${safeText(message.nsp ?? '/')}`;
  const isWhole = (message.rooms?.length ?? 0) === 0 && (message.except?.length ?? 0) === 0;
  const where = isWhole ? safeText(message.nsp ?? '/') : phraseTarget(message);
  return message.type === 'BROADCAST' ? `${question} ${phraseTarget(message)}` : `${question} ${where}`;
}

/** `3 sockets`, `2 clients`: what a reply brings, where it can be counted. */
export function phraseReply(message: Message): string {
  for (const [name, value] of message.payload ?? []) {
    if (value.type === 'array' && COUNTED.has(name))
      return plural(value.items.length, COUNTED.get(name) ?? name);
    if (name === 'clientCount' && value.type === 'int') return plural(Number(value.value), 'client');
  }
  return '';
}

const COUNTED: ReadonlyMap<string, string> = new Map([
  ['sockets', 'socket'],
  ['clients', 'client'],
  ['rooms', 'room'],
]);

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Session keys end with the client's private id (@socket.io/redis-streams-adapter, `lib/adapter.ts`): a secret. */
const SESSION_KEY = /^(.*session:.{4}).+$/s;

/** The channel of a frame as text that a terminal may show. */
export function showChannel(frame: Frame): string {
  if (frame.channel === undefined) return '';
  return safeText(Buffer.from(frame.channel).toString('utf8').replace(SESSION_KEY, '$1…'));
}
