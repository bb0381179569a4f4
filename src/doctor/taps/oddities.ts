import type { MessageSeen } from '../../analyse/correlate-thread.ts';
import type { Value } from '../../model/value.ts';
import { noteUnder } from './bounded.ts';

/** A payload that servers cannot read. */
export interface Poison {
  readonly channel: string;
  readonly key: string;
  readonly nsp: string;
  readonly why: string;
  readonly hex: string;
  /** Well-formed, but of a family that classic servers do not read. */
  readonly isForeign: boolean;
  count: number;
  client?: string;
}

/** Something that is no text where a room's name should be. */
export interface BadRoom {
  readonly shown: string;
  readonly type: Value['type'];
  readonly field: 'rooms' | 'except';
  readonly key: string;
  readonly nsp: string;
  readonly event?: string;
  readonly uid?: string;
  count: number;
}

export interface Giant {
  readonly bytes: number;
  readonly channel: string;
  readonly event?: string;
  readonly uid?: string;
  readonly client?: string;
}

const HEX_BYTES = 16;
const ADAPTERS = new Set(['redis', 'emitter', 'redis-sharded', 'redis-streams']);

/** What is odd about single messages. */
export class Oddities {
  readonly #poison = new Map<string, Poison>();
  readonly #badRooms = new Map<string, BadRoom>();
  #giant: Giant | undefined;

  add({ frame, message }: MessageSeen): void {
    const { key = '', nsp = '/' } = message;
    const channel = frame.channel === undefined ? '' : Buffer.from(frame.channel).toString('utf8');
    this.#measure(frame, message, channel);
    if (isPoison(message, channel, frame.command)) {
      const why = message.error?.message ?? `It is a ${message.type ?? message.kind} of the ClusterAdapter.`;
      const head = Buffer.from((frame.payload ?? new Uint8Array()).subarray(0, HEX_BYTES));
      const hex = head.toString('hex').replace(/..(?!$)/g, '$& ');
      const poison = noteUnder(this.#poison, JSON.stringify([channel, why]), (): Poison => {
        return { channel, key, nsp, why, hex, isForeign: message.error === undefined, count: 0 };
      });
      if (poison !== undefined) {
        poison.count++;
        if (frame.client !== undefined) poison.client = frame.client;
      }
    }
    if (message.adapter !== undefined && ADAPTERS.has(message.adapter)) this.#checkRooms(message, key, nsp);
  }

  get poison(): readonly Poison[] {
    return [...this.#poison.values()];
  }

  get badRooms(): readonly BadRoom[] {
    return [...this.#badRooms.values()];
  }

  /** The largest payload. */
  get giant(): Giant | undefined {
    return this.#giant;
  }

  #measure(frame: MessageSeen['frame'], { event, uid }: MessageSeen['message'], channel: string): void {
    const bytes = frame.payload?.length ?? 0;
    if (frame.entry !== undefined || bytes <= (this.#giant?.bytes ?? 0)) return;
    const { client } = frame;
    this.#giant = {
      bytes,
      channel,
      ...(event === undefined ? {} : { event }),
      ...(uid === undefined ? {} : { uid }),
      ...(client === undefined ? {} : { client }),
    };
  }

  #checkRooms(message: MessageSeen['message'], key: string, nsp: string): void {
    for (const field of ['rooms', 'except'] as const) {
      for (const room of message[field] ?? []) {
        if (room.type === 'str') continue;
        const shown = showRoom(room);
        const { event, uid } = message;
        const note = noteUnder(
          this.#badRooms,
          JSON.stringify([key, nsp, field, shown, uid, event]),
          (): BadRoom => ({
            shown,
            type: room.type,
            field,
            key,
            nsp,
            count: 0,
            ...(event === undefined ? {} : { event }),
            ...(uid === undefined ? {} : { uid }),
          }),
        );
        if (note !== undefined) note.count++;
      }
    }
  }
}

/**
 * Classic servers decode whatever comes on a broadcast channel, outside of any try (@socket.io/redis-adapter 8.3,
 * lib/index.ts, `onmessage`); on their request channels they ignore what they cannot read. A map, as the ClusterAdapter
 * family writes it, is no less deadly: it is destructured as an array.
 */
function isPoison(message: MessageSeen['message'], channel: string, command: string | undefined): boolean {
  if (command === 'SPUBLISH' || command === 'SMESSAGE' || command === 'XADD' || command === 'SET')
    return false;
  if (message.key === undefined || !channel.startsWith(`${message.key}#`)) return false;
  return (
    message.kind === 'undecoded' || message.adapter === 'redis-streams' || message.adapter === 'redis-sharded'
  );
}

function showRoom(value: Value): string {
  switch (value.type) {
    case 'int':
    case 'float':
    case 'bool':
      return String(value.value);
    case 'nil':
      return 'null';
    case 'undefined':
      return 'undefined';
    case 'array':
      return 'an array';
    case 'map':
      return 'an object';
    case 'str':
    case 'bin':
    case 'date':
    case 'ext':
    case 'opaque':
      return `a ${value.type}`;
  }
}
