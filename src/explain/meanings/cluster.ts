import type { Meaning } from '../meaning.ts';
import { answer, eventData, nsp, packet, requestId, selection, sender, typeCode } from './every-dialect.ts';
import { sockets } from './sockets.ts';

const unknown: Meaning = { part: 'value', what: 'a field that no known version writes' };

const body = (fields: Readonly<Record<string, Meaning>>): Meaning => ({
  part: 'structure',
  what: 'data: what this kind of message carries',
  fields: { ...fields, requestId },
  each: unknown,
});

const changedRooms: Meaning = {
  part: 'value',
  what: 'the rooms to join or to leave',
  each: { part: 'value', what: '' },
};
const answered = { packet: { ...answer, what: 'packet: the answer, as the application gave it' } };

/** What `data` holds, by type (socket.io-adapter 2.5 `lib/cluster-adapter.ts`, `MessageType`). */
const BODIES: Readonly<Record<string, Meaning>> = {
  BROADCAST: body({ packet, opts: selection }),
  SOCKETS_JOIN: body({ opts: selection, rooms: changedRooms }),
  SOCKETS_LEAVE: body({ opts: selection, rooms: changedRooms }),
  DISCONNECT_SOCKETS: body({
    opts: selection,
    close: { part: 'flags', what: 'close: whether the connection goes too, or only the namespace' },
  }),
  FETCH_SOCKETS: body({ opts: selection }),
  FETCH_SOCKETS_RESPONSE: body({ sockets }),
  SERVER_SIDE_EMIT: body({
    packet: { ...eventData, what: 'packet: what serverSideEmit() was called with' },
  }),
  SERVER_SIDE_EMIT_RESPONSE: body(answered),
  BROADCAST_CLIENT_COUNT: body({
    clientCount: { part: 'value', what: 'how many clients of this server got the event' },
  }),
  BROADCAST_ACK: body(answered),
};

/** The body that a stream entry's `data` field holds. Only a broadcast has no type in its record. */
export function clusterBody(type = 'BROADCAST'): Meaning {
  return BODIES[type] ?? body({});
}

/** `{type, data, uid, nsp}` of the sharded adapter and of the streams adapter's pub/sub half. */
export function clusterMessage(type: string | undefined): Meaning {
  return {
    part: 'structure',
    what: 'a message of the cluster family: {type, data, uid, nsp}',
    fields: { type: typeCode, data: clusterBody(type), uid: sender, nsp },
    each: unknown,
  };
}
