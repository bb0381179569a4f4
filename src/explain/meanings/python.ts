import type { Meaning } from '../meaning.ts';
import { isNone, textIn } from '../meaning.ts';
import { describeType, except, nsp, rooms, sender } from './every-dialect.ts';

const plain: Meaning = { part: 'value', what: '' };

/** The dict that python-socketio publishes (`src/socketio/pubsub_manager.py`). */
export const python: Meaning = {
  part: 'structure',
  what: 'a message of python-socketio',
  each: { part: 'value', what: 'a field that no known version writes' },
  fields: {
    method: {
      part: 'structure',
      what: 'method: which kind of message',
      says: (seen) => describeType(textIn(seen)),
    },
    event: { part: 'event', what: 'the name of the event' },
    data: { part: 'value', what: 'data: the arguments, as the application passed them', each: plain },
    binary: {
      part: 'structure',
      what: 'whether data holds placeholders, with the binaries as base64 behind it',
    },
    namespace: nsp,
    room: { ...rooms, what: 'room: who gets it' },
    skip_sid: { ...except, what: 'skip_sid: who does not get it' },
    callback: {
      part: 'structure',
      what: 'callback: whether an acknowledgement is asked for',
      says: (seen) => (isNone(seen) ? 'none asked for' : 'where to send it: [room, namespace, id]'),
      each: plain,
    },
    host_id: {
      ...sender,
      what: 'host_id: the process that sent it, which ignores its own copy; in a callback, the one that waits for it',
    },
    sid: { part: 'target', what: 'the client that is meant' },
    id: { part: 'structure', what: 'id: which acknowledgement it is' },
    args: { part: 'value', what: 'args: what the client answered', each: plain },
  },
};
