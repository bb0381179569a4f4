import type { MessageSeen } from '../../analyse/correlate-thread.ts';
import type { Frame } from '../../model/frame.ts';
import { noteUnder } from './bounded.ts';

/** The channel of one socket, on which sharded servers have published. */
export interface PrivateRoom {
  readonly channel: string;
  readonly key: string;
  readonly nsp: string;
  readonly uid: string;
  /** Sent by a version that never subscribes to such a channel. */
  readonly isOld: boolean;
  /** Microseconds since 1970. */
  readonly first: number;
  last: number;
  messages: number;
  /** How many of them when the capture had shown nobody subscribing to it. */
  unheard: number;
  event?: string;
  client?: string;
}

/**
 * A socket's id: 15 bytes in base64, the last three of them a counter (base64id 2.0, `lib/base64id.js`), which starts
 * with an A until a server has had 262,144 sockets. Rooms that people name are seldom so.
 */
const SOCKET_ID = /^[\w-]{16}A[\w-]{3}$/;
/** @socket.io/redis-adapter 8.2, lib/sharded-adapter.ts: rooms have channels, the rooms of single sockets are not subscribed to. */
const OLD = '@socket.io/redis-adapter 8.2';

/** Messages of the sharded adapter to the channels of single sockets. */
export class PrivateRooms {
  readonly #rooms = new Map<string, PrivateRoom>();
  readonly #heard = new Map<string, Set<string>>();
  /** Too many to remember: then nobody is said to be unheard. */
  #isFull = false;

  add({ frame, message }: MessageSeen): void {
    if (message.kind === 'subscription') this.#subscribe(frame);
    const { key, nsp, uid, rooms, version } = message;
    if (message.kind !== 'broadcast' || message.adapter !== 'redis-sharded' || frame.channel === undefined)
      return;
    const [room] = rooms ?? [];
    const channel = Buffer.from(frame.channel).toString('utf8');
    if (key === undefined || nsp === undefined || uid === undefined || rooms?.length !== 1) return;
    if (room?.type !== 'str' || !SOCKET_ID.test(room.value) || channel !== `${key}#${nsp}#${room.value}#`)
      return;
    const time = frame.time ?? Number.NaN;
    const isOld = version?.startsWith(OLD) === true;
    const note = noteUnder(this.#rooms, JSON.stringify([channel, uid]), (): PrivateRoom => {
      return { channel, key, nsp, uid, isOld, first: time, last: time, messages: 0, unheard: 0 };
    });
    if (note === undefined) return;
    note.messages++;
    note.last = time;
    if (!this.#isFull && !this.#heard.has(channel)) note.unheard++;
    if (message.event !== undefined) note.event = message.event;
    if (frame.client !== undefined) note.client = frame.client;
  }

  list(): readonly PrivateRoom[] {
    return [...this.#rooms.values()];
  }

  /** Channels to ask Redis about: the last ones, which are the likeliest to be alive. */
  channels(): readonly string[] {
    return [...new Set(this.list().map(({ channel }) => channel))].slice(-MOST_ASKED);
  }

  #subscribe({ command = '', channels = [], client = '' }: Frame): void {
    if (command !== 'SSUBSCRIBE' && command !== 'SUNSUBSCRIBE') return;
    for (const bytes of channels) {
      const name = Buffer.from(bytes).toString('utf8');
      if (!SOCKET_ID.test(name.slice(-SOCKET_ID_LENGTH - 1, -1))) continue;
      const heard = noteUnder(this.#heard, name, () => new Set<string>());
      if (heard === undefined) this.#isFull = true;
      if (command === 'SSUBSCRIBE') heard?.add(client);
      else heard?.delete(client);
      if (heard?.size === 0) this.#heard.delete(name);
    }
  }
}

/** One question has so many names at most. */
const MOST_ASKED = 100;
const SOCKET_ID_LENGTH = 20;
