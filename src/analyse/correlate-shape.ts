import type { Message } from '../model/message.ts';
import type { Value } from '../model/value.ts';

/** Who answers a request: the other servers, all of them with the asker among them, or only the owner of a socket. */
export type Answerers = 'others' | 'everyone' | 'owner';

/** What a message asks for. */
export interface Asked {
  /** Unique in one run: what the answers repeat. */
  readonly id: string;
  readonly requestId: string;
  readonly type: string;
  readonly answerers: Answerers;
  readonly timeoutMs: number;
}

/** `requestsTimeout` of the classic adapter since socket.io-redis 5.2, and of socket.io-adapter's ClusterAdapter. */
const TIMEOUT_MS = 5000;
/** `clientsTimeout` of socket.io-redis 1.1 (`index.js`). 2.0 to 5.1 have it too, but cannot be told from 5.4. */
const OLD_TIMEOUT_MS = 1000;
/** `call()` of python-socketio waits so long; an emit with a callback has no limit (`socketio/base_client.py`). */
const PYTHON_TIMEOUT_MS = 60_000;

/** Requests that carry an id, by the names of socket.io-redis, @socket.io/redis-adapter and socket.io-adapter. */
const ANSWERERS: Readonly<Record<string, Answerers>> = {
  clients: 'everyone',
  allRooms: 'everyone',
  customRequest: 'everyone',
  clientRooms: 'owner',
  remoteJoin: 'owner',
  remoteLeave: 'owner',
  remoteDisconnect: 'owner',
  REMOTE_JOIN: 'owner',
  REMOTE_LEAVE: 'owner',
  REMOTE_DISCONNECT: 'owner',
};

/** What a message asks, or undefined where no answer is wanted. `timeoutMs` overrides the versions' default. */
export function askedBy(message: Message, timeoutMs?: number): Asked | undefined {
  if (message.adapter === 'python') return askedByPython(message, timeoutMs);
  const { requestId, type } = message;
  if (message.kind !== 'request' || requestId === undefined || type === undefined) return undefined;
  return {
    id: idOf(message, requestId),
    requestId,
    type,
    answerers: ANSWERERS[type] ?? 'others',
    timeoutMs: flagTimeout(message.flags) ?? timeoutMs ?? defaultTimeout(message),
  };
}

/** The id of the request that a message answers. */
export function answeredBy(message: Message): string | undefined {
  if (message.kind !== 'response') return undefined;
  if (message.adapter !== 'python')
    return message.requestId === undefined ? undefined : idOf(message, message.requestId);
  const fields = new Map(message.payload);
  return pythonId(message, fields.get('host_id'), fields.get('sid'), fields.get('id'));
}

export type Role = 'reply' | 'client-count' | 'ack';

/** A broadcast with acknowledgement gets a number of clients from each server, then an ack from each client. */
export function roleOf({ type }: Message): Role {
  if (type === 'BROADCAST_CLIENT_COUNT') return 'client-count';
  return type === 'BROADCAST_ACK' ? 'ack' : 'reply';
}

export function clientCountOf({ payload }: Message): number {
  const value = payload?.find(([name]) => name === 'clientCount')?.[1];
  return value?.type === 'int' ? Number(value.value) : 0;
}

/** An emit with `callback: [room, namespace, id]`; the callback comes with `host_id`, `sid`, `namespace`, `id`. */
function askedByPython(message: Message, timeoutMs: number | undefined): Asked | undefined {
  if (message.kind !== 'broadcast' || message.uid === undefined) return undefined;
  const callback = new Map(message.payload).get('callback');
  if (callback?.type !== 'array') return undefined;
  const [room, , number] = callback.items;
  const id = pythonId(message, { type: 'str', value: message.uid, offset: 0, length: 0 }, room, number);
  if (id === undefined) return undefined;
  return {
    id,
    requestId: textOf(number) ?? '',
    type: 'emit',
    answerers: 'owner',
    timeoutMs: timeoutMs ?? PYTHON_TIMEOUT_MS,
  };
}

function pythonId(
  message: Message,
  host: Value | undefined,
  sid: Value | undefined,
  number: Value | undefined,
): string | undefined {
  const parts = [host, sid, number].map(textOf);
  return parts.includes(undefined) ? undefined : JSON.stringify([message.key, message.nsp, ...parts]);
}

/** Two deployments on one Redis may draw the same six characters: ids count per key. */
function idOf(message: Message, requestId: string): string {
  return `${message.key ?? ''} ${requestId}`;
}

function textOf(value: Value | undefined): string | undefined {
  if (value?.type === 'str') return value.value;
  return value?.type === 'int' ? String(value.value) : undefined;
}

function flagTimeout(flags: Value | undefined): number | undefined {
  if (flags?.type !== 'map') return undefined;
  const value = flags.entries.find(({ key }) => key.type === 'str' && key.value === 'timeout')?.value;
  return value?.type === 'int' || value?.type === 'float' ? Number(value.value) : undefined;
}

function defaultTimeout({ version }: Message): number {
  return version?.startsWith('socket.io-redis 1.') === true ? OLD_TIMEOUT_MS : TIMEOUT_MS;
}
