import type { Meaning } from '../meaning.ts';
import { answer, eventData, packet, requestId, rooms, selection, sender, typeCode } from './every-dialect.ts';
import { sockets } from './sockets.ts';

const extra: Meaning = { part: 'structure', what: 'an element that no known version writes' };

/** `[uid, packet, opts]` (@socket.io/redis-adapter `lib/index.ts`, `broadcast`; socket.io-redis since 0.2). */
export const envelope: Meaning = {
  part: 'structure',
  what: 'the envelope: [uid, packet, opts]',
  items: [sender, packet, selection],
  each: extra,
};

/** `[packet, opts]` (socket.io-redis 0.1, socket.io-emitter 0.x): the sender is the end of the channel. */
export const oldEnvelope: Meaning = {
  part: 'structure',
  what: 'the envelope: [packet, opts]; who sent it stands at the end of the channel',
  items: [packet, selection],
  each: extra,
};

const unknown: Meaning = { part: 'value', what: 'a field that no known version writes' };

const socketId: Meaning = { part: 'target', what: 'the socket that is meant' };

/** Rooms to join or leave, not rooms that choose who is meant. */
const changedRooms: Meaning = {
  part: 'value',
  what: 'the rooms to join or to leave',
  each: { part: 'value', what: '' },
};

const ids = { requestid: requestId, requestId, transaction: requestId };

const asked = {
  ...ids,
  uid: { ...sender, what: 'uid: the server that asks' },
  type: typeCode,
  opts: selection,
  sid: socketId,
  room: { part: 'value', what: 'the room to join or to leave' },
  close: {
    part: 'flags',
    what: 'close: whether the connection goes too, or only the namespace',
  },
  packet,
} satisfies Record<string, Meaning>;

/** Requests whose `rooms` choose sockets. */
export const questionRequest: Meaning = {
  part: 'structure',
  what: 'a request to the other servers',
  fields: { ...asked, rooms },
  each: unknown,
};

/** Requests whose `rooms` are to be joined or left. */
export const orderRequest: Meaning = { ...questionRequest, fields: { ...asked, rooms: changedRooms } };

/** SERVER_SIDE_EMIT carries an event in `data`. */
export const serverSideEmit: Meaning = {
  ...questionRequest,
  fields: { ...asked, data: { ...eventData, what: 'data: what serverSideEmit() was called with' } },
};

export const customRequest: Meaning = {
  ...questionRequest,
  fields: { ...asked, data: { ...answer, what: 'data: the question, as the application put it' } },
};

export const response: Meaning = {
  part: 'structure',
  what: 'an answer to a request',
  fields: {
    ...ids,
    type: typeCode,
    uid: sender,
    clients: { ...sockets, each: { part: 'target', what: 'a socket id' } },
    rooms: {
      part: 'target',
      what: 'the rooms that this server knows',
      each: { part: 'target', what: '' },
    },
    sockets,
    clientCount: { part: 'value', what: 'how many clients of this server got the event' },
    clientcount: {
      part: 'value',
      what: 'how many clients of this server got the event (spelled so by the Go port)',
    },
    packet: { ...answer, what: 'packet: what the client answered' },
    data: answer,
  },
  each: unknown,
};
