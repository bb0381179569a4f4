import type { Message } from '../model/message.ts';
import type { Value } from '../model/value.ts';
import type { MessageSeen, Thread } from './correlate-thread.ts';

/** What is followed: all that is named must fit. */
export interface Selection {
  /** A request id, or its beginning. */
  readonly id?: string;
  readonly uid?: string;
  readonly room?: string;
  readonly sid?: string;
  readonly event?: string;
}

/** Nesting that is searched for a socket id: `sockets` of a reply hold maps that hold lists of rooms. */
const MAX_DEPTH = 6;

/** Whether a message itself touches what is followed; `thread` is the one it belongs to. */
export function touches(selection: Selection, { message }: MessageSeen, thread: Thread | undefined): boolean {
  const { id, uid, room, sid, event } = selection;
  return (
    (id === undefined || isId(id, message, thread)) &&
    (uid === undefined || isUid(uid, message, thread)) &&
    (room === undefined || namesOf(message).includes(room)) &&
    (sid === undefined || namesOf(message).includes(sid) || isInPayload(message, sid)) &&
    (event === undefined || message.event === event)
  );
}

function isId(id: string, message: Message, thread: Thread | undefined): boolean {
  return (message.requestId ?? thread?.requestId)?.startsWith(id) === true;
}

/** A server: what it sends, and what answers it. Classic replies have their sender from their connection. */
function isUid(uid: string, message: Message, thread: Thread | undefined): boolean {
  if (message.uid === uid || thread?.uid === uid) return true;
  if (thread === undefined) return false;
  const replies = [...thread.replies, ...thread.clientCounts, ...thread.acks];
  return replies.some((reply) => reply.uid === uid && reply.observed.message === message);
}

/** Rooms that a message goes to, leaves out, joins or leaves. A socket is the room of its own id. */
function namesOf(message: Message): readonly string[] {
  const { room, rooms = [], except = [], payload = [] } = message;
  const named = payload.flatMap(([name, value]) => (name === 'rooms' || name === 'room' ? [value] : []));
  return [...(room === undefined ? [] : [room]), ...[...rooms, ...except, ...named].flatMap(textsOf)];
}

function textsOf(value: Value): readonly string[] {
  if (value.type === 'str') return [value.value];
  return value.type === 'array' ? value.items.flatMap(textsOf) : [];
}

function isInPayload({ payload = [] }: Message, text: string): boolean {
  return payload.some(([, value]) => holds(value, text, 0));
}

function holds(value: Value, text: string, depth: number): boolean {
  if (depth > MAX_DEPTH) return false;
  switch (value.type) {
    case 'str':
      return value.value === text;
    case 'array':
      return value.items.some((item) => holds(item, text, depth + 1));
    case 'map':
      return value.entries.some((entry) => holds(entry.value, text, depth + 1));
    default:
      return false;
  }
}
