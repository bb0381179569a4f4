import type { Meaning } from '../meaning.ts';
import { except, nsp, requestId, rooms, saysPacketType, sender, typeCode } from './every-dialect.ts';

const plain: Meaning = { part: 'value', what: '' };
const unknown: Meaning = { part: 'value', what: 'a field that no known version writes' };

/** `{args, opts: [room, event]}` (googollee/go-socket.io 1.x), and its questions. */
export const googollee: Meaning = {
  part: 'structure',
  what: 'a message of googollee/go-socket.io; who sent it stands at the end of the channel',
  each: unknown,
  fields: {
    args: { part: 'value', what: 'args: what the clients will receive', each: plain },
    opts: {
      part: 'target',
      what: 'opts: [room, event]',
      items: [
        { ...rooms, what: 'the room that gets it' },
        { part: 'event', what: 'the name of the event' },
      ],
    },
    RequestType: typeCode,
    RequestID: requestId,
    Room: { part: 'target', what: 'the room that is asked about' },
    UUID: { ...sender, what: 'UUID: the server that asks' },
    Connections: { part: 'value', what: 'how many connections are in the room' },
    Rooms: { part: 'target', what: 'the rooms that exist', each: { part: 'target', what: '' } },
  },
};

/** What Laravel publishes for broadcasting (`Illuminate/Broadcasting/Broadcasters/RedisBroadcaster.php`). */
export const laravel: Meaning = {
  part: 'structure',
  what: 'what a Laravel application publishes; the channel says who gets it',
  each: unknown,
  fields: {
    event: { part: 'event', what: 'event: the class or the name of the event' },
    data: { part: 'value', what: 'data: what the event carries', each: plain },
    socket: { part: 'target', what: 'socket: who caused it, and does not get it' },
  },
};

/** netty-socketio's messages where Redisson writes them as JSON (`store/pubsub/*Message.java`). */
export const netty: Meaning = {
  part: 'structure',
  what: 'a message of netty-socketio, as Redisson wrote it',
  each: unknown,
  fields: {
    '@class': { part: 'structure', what: 'the Java class of the message' },
    nodeId: { ...sender, what: 'nodeId: the server that sent it; it will ignore its own copy' },
    room: { ...rooms, what: 'room: who gets it' },
    rooms,
    namespace: nsp,
    sessionId: { part: 'target', what: 'the client that is meant' },
    packet: {
      part: 'packet',
      what: 'packet: what the clients will receive',
      each: plain,
      fields: {
        name: { part: 'event', what: 'the name of the event' },
        data: { part: 'value', what: 'data: the arguments', each: plain },
        nsp,
      },
    },
  },
};

const packetType: Meaning = { part: 'packet', what: 'type of packet', says: saysPacketType };

const oxidePacket: Meaning = {
  part: 'packet',
  what: 'packet: [namespace, type, data, ack, error], what the clients will receive',
  items: [
    nsp,
    packetType,
    {
      part: 'value',
      what: 'data: [parser, text, attachments]; the text is JSON: the name of the event and its arguments',
      items: [
        { part: 'structure', what: 'parser: 0 for the usual one, 1 for msgpack' },
        { part: 'event', what: 'the text, byte by byte', each: { part: 'event', what: '' } },
        { part: 'value', what: 'attachments: the binaries', each: plain },
      ],
    },
    { part: 'packet', what: 'ack: the number under which an acknowledgement is asked for' },
    { part: 'value', what: 'error: what a CONNECT_ERROR carries' },
  ],
};

/** `[node_id, req_id, type, packet, rooms, opts]` (socketioxide-core 0.2, `src/adapter/remote_packet.rs`). */
export const socketioxideRequest: Meaning = {
  part: 'structure',
  what: 'a message of socketioxide: [server, request id, type, packet, rooms, opts]',
  each: unknown,
  items: [
    { ...sender, what: 'the server that sent it' },
    requestId,
    typeCode,
    oxidePacket,
    { part: 'value', what: 'rooms to join or to leave', each: plain },
    {
      part: 'target',
      what: 'opts: [flags, rooms, except, socket, server], who is meant',
      items: [
        { part: 'flags', what: 'flags: 1 this server only, 2 not the sender, 4 may be dropped' },
        rooms,
        except,
        { part: 'target', what: 'the socket that sent it' },
        { part: 'target', what: 'the server that is meant' },
      ],
    },
  ],
};

/** `[req_id, [node_id, [kind, value]]]`. */
export const socketioxideResponse: Meaning = {
  part: 'structure',
  what: 'an answer of socketioxide: [request id, [server, [kind, value]]]',
  each: unknown,
  items: [
    requestId,
    {
      part: 'structure',
      what: 'who answers, and what',
      items: [
        { ...sender, what: 'the server that answers' },
        {
          part: 'value',
          what: 'the answer',
          items: [
            { part: 'structure', what: 'its kind: 0 an acknowledgement, 1 their number, 2 rooms, 3 sockets' },
            { part: 'value', what: 'the answer itself', each: plain },
          ],
        },
      ],
    },
  ],
};
