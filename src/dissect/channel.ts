/** What a channel is for, in the classic layout that most dialects share. */
export type ChannelRole = 'broadcast' | 'request' | 'response' | 'sync-request' | 'sync-response' | 'old';

/**
 * A channel name taken apart. `nsp` and `rest` are the first guess from the name alone; a payload that says its
 * namespace knows better (see `narrowedRoom`).
 */
export interface ChannelName {
  readonly key: string;
  readonly role: ChannelRole;
  readonly nsp?: string;
  /** What follows `#<nsp>#`: a room or a uid with its trailing `#`, empty for the whole namespace. */
  readonly rest: string;
}

/**
 * Takes a channel name apart, or answers undefined for a name without an adapter's shape.
 *
 * Shapes (socket.io-redis 0.1 to 6, @socket.io/redis-adapter 7 and 8, `lib/index.ts`): `<key>#<nsp>#`,
 * `<key>#<nsp>#<room>#`, `<key>-request#<nsp>#`, `<key>-response#<nsp>#[<uid>#]`, `<key>-sync#request#<nsp>#`,
 * `<key>-sync#response#<id>`, and `<key>#<uid>` before 0.2. Keys and rooms may contain `#`: a key that the user
 * named is taken literally, else the key ends where the first `#/`, `-request#` … begins.
 */
export function parseChannel(channel: string, keys: readonly string[] = []): ChannelName | undefined {
  for (const key of keys) {
    const known = channel.startsWith(key) ? parseAfterKey(key, channel.slice(key.length)) : undefined;
    if (known !== undefined) return known;
  }
  const start = channel.search(/#\/|-(?:request|response|sync)#|##|#emitter$/);
  return start === -1 ? undefined : parseAfterKey(channel.slice(0, start), channel.slice(start));
}

/** `#<uid>` (before socket.io-redis 0.2) looks like nothing else; without a known key only `#emitter` is taken for one. */
function parseAfterKey(key: string, tail: string): ChannelName | undefined {
  if (tail.startsWith('#/') || tail.startsWith('##')) return withNsp(key, 'broadcast', tail.slice(1));
  const sync = /^-sync#(request|response)#(.*)$/s.exec(tail);
  if (sync?.[1] === 'request') return withNsp(key, 'sync-request', sync[2] ?? '');
  if (sync?.[1] === 'response') return { key, role: 'sync-response', rest: sync[2] ?? '' };
  const asked = /^-(request|response)#(.*)$/s.exec(tail);
  if (asked !== null) return withNsp(key, asked[1] === 'request' ? 'request' : 'response', asked[2] ?? '');
  const old = /^#([^#]+)(#?)$/.exec(tail);
  if (old === null) return undefined;
  if (old[2] === '#') return { key, role: 'broadcast', nsp: old[1] ?? '', rest: '' };
  return { key, role: 'old', rest: old[1] ?? '' };
}

function withNsp(key: string, role: ChannelRole, text: string): ChannelName {
  const end = text.indexOf('#');
  if (end === -1) return { key, role, nsp: text, rest: '' };
  return { key, role, nsp: text.slice(0, end), rest: text.slice(end + 1) };
}

/** Takes the name apart again now that the payload has said its namespace. */
export function placeNsp(channel: string, name: ChannelName, nsp: string): ChannelName {
  if (name.role !== 'broadcast' || name.nsp === nsp) return name;
  const mark = `#${nsp}#`;
  const start = channel.indexOf(mark);
  if (start === -1) return name;
  return { key: channel.slice(0, start), role: 'broadcast', nsp, rest: channel.slice(start + mark.length) };
}

/**
 * Takes a name apart that has no adapter's shape, where the payload has proved to be a broadcast: at the namespace
 * that it says (socket.io-emitter before 3.2 adds no slash), or before the uid (socket.io-redis 0.1, `<key>#<uid>`).
 */
export function placeBroadcast(
  channel: string,
  nsp: string | undefined,
  isOld: boolean,
): ChannelName | undefined {
  const mark = isOld ? '#' : `#${nsp ?? '/'}#`;
  const start = isOld ? channel.lastIndexOf(mark) : channel.indexOf(mark);
  if (start < 1) return undefined;
  const rest = channel.slice(start + mark.length);
  const key = channel.slice(0, start);
  return isOld ? { key, role: 'old', rest } : { key, role: 'broadcast', nsp: nsp ?? '/', rest };
}

/**
 * The room that a channel narrows to: the entry of `rooms` that fits, else the text before the last `#`.
 * Only socket.io-redis 5.0.0 leaves the trailing `#` out (`index.js`, `broadcast`).
 */
export function narrowedRoom(rest: string, rooms: readonly string[]): string | undefined {
  if (rest === '') return undefined;
  const trimmed = rest.endsWith('#') ? rest.slice(0, -1) : rest;
  if (rooms.includes(trimmed)) return trimmed;
  if (rooms.includes(rest)) return rest;
  const last = rest.lastIndexOf('#');
  return last === -1 ? rest : rest.slice(0, last);
}

/** python-socketio's default channel (`socketio/pubsub_manager.py`, `channel='socketio'`). */
const PYTHON_CHANNEL = 'socketio';

/**
 * Whether a channel belongs to an adapter by its name alone (output contract §1): named by `--key`, python's
 * default, or of an adapter's shape. What is published there becomes a record, readable or not.
 */
export function isAdapterChannel(channel: string, keys: readonly string[]): boolean {
  return channel === PYTHON_CHANNEL || keys.includes(channel) || parseChannel(channel, keys) !== undefined;
}
