import type { Message } from '../model/message.ts';
import { readBase64Msgpack } from './base64-msgpack.ts';
import type { Dissector } from './dissector.ts';
import { asText, type Draft, isMap, keepRest, readFields } from './fields.ts';
import type { Refusal, View } from './view.ts';

const AS = 'session {sid, pid, rooms, data}';
const NOTHING: ReadonlySet<string> = new Set();
/** @socket.io/redis-streams-adapter 0.1 to 0.3, `lib/adapter.ts`: the default of `sessionKeyPrefix`. */
const SESSION_PREFIX = 'sio:session:';

/**
 * Sessions that connection state recovery keeps: written with SET (base64 of msgpack) when a client is lost, taken
 * with DEL or GETDEL when it returns (@socket.io/redis-streams-adapter, `persistSession`, `restoreSession`).
 * The rooms are the session's own, no selection, so they stay in `payload`.
 */
export const session: Dissector = {
  name: 'session',
  dissect(view: View): Message | readonly Refusal[] | undefined {
    const { command, payload } = view.frame;
    if (!isSessionKey(view)) return undefined;
    const message: Draft = { kind: 'cluster', adapter: 'redis-streams', type: 'SESSION' };
    if (command !== 'SET' || payload === undefined) return message;
    const body = readBase64Msgpack(payload, AS);
    if ('why' in body) return [body];
    const { root } = body;
    const fields = isMap(root) ? readFields(root) : undefined;
    if (!isMap(root) || asText(fields?.of.get('sid')) === undefined || fields === undefined)
      return [{ as: AS, why: 'it names no sid', code: 'wrong-shape', offset: 0 }];
    message.encoding = 'msgpack';
    keepRest(message, root, fields, NOTHING, 'session');
    return { ...message, body };
  },
};

/** Whether a frame writes or takes a key that is a session's by its name. */
export function isSessionKey({ frame, channel }: View): boolean {
  const isTouched = frame.command === 'SET' || frame.command === 'DEL' || frame.command === 'GETDEL';
  return isTouched && channel?.startsWith(SESSION_PREFIX) === true;
}
