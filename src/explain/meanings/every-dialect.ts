import { isNone, type Meaning, numberIn, type Seen, textIn } from '../meaning.ts';

/** Packet types of socket.io-parser 2.x to 4.x (`PacketType`). */
const PACKET_TYPES = [
  'CONNECT: a client joins the namespace',
  'DISCONNECT: a client leaves the namespace',
  'EVENT: what emit() sends, a name and arguments',
  'ACK: the answer to an event',
  'CONNECT_ERROR: a client may not join',
  'BINARY_EVENT: an event with binary, as Socket.IO 1 and 2 called it',
  'BINARY_ACK: an answer with binary',
];

/** What a name asks or says: requests, responses and cluster messages of every generation, python's methods. */
const TYPES: Readonly<Record<string, string>> = {
  clients: 'which sockets are in these rooms?',
  clientRooms: 'which rooms is this socket in?',
  allRooms: 'which rooms exist?',
  remoteJoin: 'whoever has this socket: make it join a room',
  remoteLeave: 'whoever has this socket: make it leave a room',
  customRequest: "the application's own question to all servers",
  remoteDisconnect: 'whoever has this socket: disconnect it',
  SOCKETS: 'which sockets are in these rooms?',
  ALL_ROOMS: 'which rooms exist?',
  REMOTE_JOIN: 'make the chosen sockets join rooms',
  REMOTE_LEAVE: 'make the chosen sockets leave rooms',
  REMOTE_DISCONNECT: 'disconnect the chosen sockets',
  REMOTE_FETCH: 'fetchSockets(): every server answers with its sockets',
  SERVER_SIDE_EMIT: 'serverSideEmit(): an event for the other servers, clients do not get it',
  BROADCAST: 'an event for the clients of all servers',
  BROADCAST_CLIENT_COUNT: 'how many clients got the event and may acknowledge it',
  BROADCAST_ACK: 'one client has acknowledged the event',
  INITIAL_HEARTBEAT: 'a server has started and asks the others to say that they are there',
  HEARTBEAT: 'a server says that it is alive',
  SOCKETS_JOIN: 'make the chosen sockets join rooms',
  SOCKETS_LEAVE: 'make the chosen sockets leave rooms',
  DISCONNECT_SOCKETS: 'disconnect the chosen sockets',
  FETCH_SOCKETS: 'fetchSockets(): every server answers with its sockets',
  FETCH_SOCKETS_RESPONSE: 'the sockets of one server',
  SERVER_SIDE_EMIT_RESPONSE: "one server's answer to serverSideEmit()",
  ADAPTER_CLOSE: 'a server leaves; the others stop waiting for it',
  SESSION: 'what a client needs to come back after a short disconnection',
  emit: 'an event for the clients of all servers',
  callback: 'the acknowledgement of an event, on its way to the server that asked',
  disconnect: 'disconnect a client',
  close_room: 'make everybody leave a room',
  enter_room: 'make a client join a room',
  leave_room: 'make a client leave a room',
};

export function describeType(type: string | undefined): string | undefined {
  return type === undefined || !Object.hasOwn(TYPES, type) ? undefined : TYPES[type];
}

export function saysPacketType(seen: Seen): string | undefined {
  const number = numberIn(seen);
  return number === undefined ? undefined : PACKET_TYPES[number];
}

/** Where the record knows the type by name: the number that stands for it. */
export const typeCode: Meaning = {
  part: 'structure',
  what: 'which kind of message',
  says: (_, { kind, type = kind === 'broadcast' ? 'BROADCAST' : undefined }) => {
    const sentence = describeType(type);
    return type === undefined || sentence === undefined ? type : `${type}: ${sentence}`;
  },
};

export const sender: Meaning = {
  part: 'sender',
  what: 'uid: the server that sent it; it will ignore its own copy',
  says: (seen) =>
    textIn(seen) === 'emitter'
      ? 'no server but an emitter: no server takes it for its own, all deliver it'
      : undefined,
};

export const nsp: Meaning = {
  part: 'target',
  what: 'the namespace that it is for',
  says: (seen) => (textIn(seen) === '/' ? 'the main namespace' : undefined),
};

export const requestId: Meaning = {
  part: 'structure',
  what: 'request id: the question and its answers carry the same',
  says: (_, { kind }) => (kind === 'request' ? 'answers are asked for' : undefined),
};

/** Engine.IO and Socket.IO ids are 20 characters (base64id 2, `generateId`). */
const SOCKET_ID_LENGTH = 20;

function saysRoom(seen: Seen): string | undefined {
  if (seen.type === 'int') return 'a number: who joined the text of it does not hear this';
  return textIn(seen)?.length === SOCKET_ID_LENGTH
    ? 'looks like a socket id: each socket is in a room of its own id'
    : undefined;
}

const room: Meaning = { part: 'target', what: 'a room', says: saysRoom };
const exceptRoom: Meaning = {
  part: 'target',
  what: 'not these',
  says: (seen) =>
    textIn(seen)?.length === SOCKET_ID_LENGTH
      ? 'looks like a socket id: probably the one that sent it, which has no need to hear itself'
      : undefined,
};

export const rooms: Meaning = {
  part: 'target',
  what: 'rooms: who is meant',
  says: (seen) => (isNone(seen) ? 'no rooms named: everyone in the namespace' : undefined),
  each: room,
};

export const except: Meaning = {
  part: 'target',
  what: 'except: who is left out',
  says: (seen) => (isNone(seen) ? 'nobody' : undefined),
  each: exceptRoom,
};

const flag = (what: string): Meaning => ({ part: 'flags', what });

export const flags: Meaning = {
  part: 'flags',
  what: 'flags: how it is to be sent',
  says: (seen) => (isNone(seen) ? 'none' : undefined),
  each: flag('a flag that Socket.IO does not know'),
  fields: {
    broadcast: flag('the sender was left out by socket.broadcast (Socket.IO 1 to 3 say so here)'),
    volatile: flag('a client that is not ready may miss it'),
    compress: flag('whether to compress it for the clients'),
    json: flag('without effect today'),
    binary: flag('whether the arguments hold binary'),
    local: flag('for the clients of one server only; such an event does not normally reach Redis'),
    timeout: flag('how many milliseconds to wait for acknowledgements'),
    expectSingleResponse: flag('for exactly one socket: its answer ends the waiting'),
    nsp: { ...nsp, part: 'flags' },
  },
};

/** Who is meant: `opts` in broadcasts and requests. */
export const selection: Meaning = {
  part: 'target',
  what: 'opts: who is meant',
  says: (seen) => (isNone(seen) ? 'nothing said: everyone' : undefined),
  fields: { rooms, except, flags },
};

const argument: Meaning = { part: 'value', what: 'an argument, as the application passed it' };

/** The list that `emit` was called with. */
export const eventData: Meaning = {
  part: 'value',
  what: 'data: what emit() was called with',
  items: [{ part: 'event', what: 'the name of the event' }],
  each: argument,
};

export const packet: Meaning = {
  part: 'packet',
  what: 'packet: what the clients will receive',
  fields: {
    type: { part: 'packet', what: 'type of packet', says: saysPacketType },
    data: eventData,
    nsp,
    id: { part: 'packet', what: 'id: an acknowledgement is asked for' },
    attachments: { part: 'packet', what: 'how many binaries belong to it; their bytes never reached Redis' },
    options: { part: 'flags', what: 'how it is to be sent' },
  },
};

/** Answers of servers and clients: whatever the application passed to the callback. */
export const answer: Meaning = {
  part: 'value',
  what: 'the answer, as the application gave it',
  each: { part: 'value', what: '' },
};
