import type { MessageSeen } from '../../analyse/correlate-thread.ts';
import type { Frame } from '../../model/frame.ts';
import { noteUnder } from './bounded.ts';

/** Channels of rooms that come and go, of one key and namespace. */
export interface Churn {
  readonly key: string;
  readonly nsp: string;
  readonly isSharded: boolean;
  /** SSUBSCRIBE and SUNSUBSCRIBE (SUBSCRIBE and UNSUBSCRIBE) of channels of rooms. */
  commands: number;
  /** Channels that a server has subscribed to and left again while somebody watched. */
  lives: number;
  /** How many of those were of single sockets. */
  privateLives: number;
  messages: number;
  /** Who did it, by address, and how often. */
  readonly clients: Map<string, number>;
}

/** `<prefix>#<nsp>#<room>#`; 16 hex digits are a server's own channel (@socket.io/redis-adapter 8.3, lib/sharded-adapter.ts). */
const ROOM_CHANNEL = /^(.+?)#(\/[^#]*)#(.+)#$/s;
const OWN = /^[0-9a-f]{16}$/;
const SOCKET_ID = /^[\w-]{20}$/;
const EXCHANGE = /-(?:request|response)$/;

/** How much of what Redis is told is about rooms that do not last. */
export class RoomChurn {
  readonly #places = new Map<string, Churn>();
  readonly #open = new Map<string, true>();

  add({ frame, message }: MessageSeen): void {
    if (message.kind === 'subscription') {
      for (const channel of frame.channels ?? []) this.#change(frame, Buffer.from(channel).toString('utf8'));
      return;
    }
    const { key, nsp } = message;
    if (key === undefined || nsp === undefined) return;
    const churn = this.#placeOf(frame.command === 'SPUBLISH', key, nsp);
    if (churn !== undefined) churn.messages++;
  }

  list(): readonly Churn[] {
    return [...this.#places.values()];
  }

  #change({ command = '', client = '' }: Frame, channel: string): void {
    const [, key, nsp, room] = ROOM_CHANNEL.exec(channel) ?? [];
    if (command.startsWith('P') || key === undefined || nsp === undefined || room === undefined) return;
    if (OWN.test(room) || EXCHANGE.test(key)) return;
    const isSharded = /^S(?:UN)?SUBSCRIBE$/.test(command);
    const churn = this.#placeOf(isSharded, key, nsp);
    if (churn === undefined) return;
    churn.commands++;
    noteUnder(churn.clients, client, () => 0);
    churn.clients.set(client, (churn.clients.get(client) ?? 0) + 1);
    const name = JSON.stringify([client, channel]);
    if (!command.includes('UNSUB')) noteUnder(this.#open, name, () => true);
    else if (this.#open.delete(name)) {
      churn.lives++;
      if (SOCKET_ID.test(room)) churn.privateLives++;
    }
  }

  #placeOf(isSharded: boolean, key: string, nsp: string): Churn | undefined {
    return noteUnder(this.#places, JSON.stringify([isSharded, key, nsp]), (): Churn => {
      return { key, nsp, isSharded, commands: 0, lives: 0, privateLives: 0, messages: 0, clients: new Map() };
    });
  }
}
