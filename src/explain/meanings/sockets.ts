import { type Meaning, type Seen, textIn } from '../meaning.ts';

/** Parts of a handshake that prove who a client is; the rest of it is harmless. */
const SECRET_HEADER = /cookie|auth|token|secret|session|key|credential|password/i;
const HARMLESS_QUERY = ['EIO', 'transport', 't', 'b64'];

const hidden: Meaning = {
  part: 'value',
  what: 'may prove who the client is: cut short here',
  isSecret: true,
};
const hiddenTree: Meaning = { ...hidden, each: { part: 'value', what: '', isSecret: true } };
const plain: Meaning = { part: 'value', what: '' };

const query: Meaning = {
  part: 'value',
  what: 'the query of the URL',
  fields: Object.fromEntries(HARMLESS_QUERY.map((name) => [name, plain])),
  each: hiddenTree,
};

/** `handshake` of a remote socket (socket.io 4 `lib/socket.ts`, `Handshake`): it may hold cookies and tokens. */
export const handshake: Meaning = {
  part: 'value',
  what: 'handshake: how the client connected; cookies and tokens are cut short here',
  each: plain,
  fields: {
    headers: {
      part: 'value',
      what: 'the headers of its HTTP request',
      named: (name) => (SECRET_HEADER.test(name) ? hiddenTree : plain),
    },
    time: { part: 'value', what: 'when it connected' },
    address: { part: 'value', what: 'where it connected from' },
    xdomain: { part: 'value', what: 'whether it came from another origin' },
    secure: { part: 'value', what: 'whether it came over TLS' },
    issued: { part: 'value', what: 'when it connected, in milliseconds since 1970' },
    url: { ...hidden, what: 'the URL that it asked for; its query may hold tokens' },
    query,
    auth: { ...hiddenTree, what: 'auth: what the client sent to prove who it is' },
  },
};

const socket: Meaning = {
  part: 'target',
  what: 'one socket',
  says: saysSocket,
  each: plain,
  fields: {
    id: { part: 'target', what: 'the socket id' },
    handshake,
    rooms: {
      part: 'target',
      what: 'the rooms that it is in',
      each: { part: 'target', what: '' },
    },
    data: { part: 'value', what: 'socket.data: what the application keeps with it', each: plain },
  },
};

function saysSocket(seen: Seen): string | undefined {
  return textIn(seen) === undefined ? undefined : 'its id';
}

/** The answer to SOCKETS (ids) or to a fetch (whole sockets). */
export const sockets: Meaning = {
  part: 'target',
  what: 'the sockets that this server has',
  says: (seen) => (seen.count === 0 ? 'none here' : undefined),
  each: socket,
};

/** `sio:session:<pid>` (@socket.io/redis-streams-adapter `lib/adapter.ts`, `persistSession`). */
export const session: Meaning = {
  part: 'value',
  what: 'a session: what a client needs to come back after a short disconnection',
  each: plain,
  fields: {
    sid: { part: 'target', what: 'the socket id that the client will have again' },
    pid: {
      part: 'value',
      what: 'private id: who shows it gets the session, so it is cut short here',
      isSecret: true,
    },
    rooms: { part: 'target', what: 'the rooms that it was in', each: { part: 'target', what: '' } },
    data: { part: 'value', what: 'socket.data: what the application keeps with it', each: plain },
  },
};
