import type { MessageSeen } from '../../analyse/correlate-thread.ts';
import { noteUnder } from './bounded.ts';

/** Answers of classic servers of one key and namespace on the channel that all of them hear. */
export interface SharedReplies {
  readonly key: string;
  readonly nsp: string;
  readonly channel: string;
  /** Microseconds since 1970; NaN where the capture has no times. */
  readonly first: number;
  last: number;
  replies: number;
  bytes: number;
  readonly types: Set<string>;
}

/**
 * Answers that `publishOnSpecificResponseChannel` sends to the one who asked. Those to serverSideEmit() go to all in any
 * case (@socket.io/redis-adapter 8.3, lib/index.ts, `onrequest` and `publishResponse`).
 */
const MOVABLE = new Set(['SOCKETS', 'ALL_ROOMS', 'REMOTE_FETCH', 'BROADCAST_CLIENT_COUNT', 'BROADCAST_ACK']);

/** How many answers everybody gets for one who has asked. */
export class Replies {
  readonly #places = new Map<string, SharedReplies>();

  add({ frame, message }: MessageSeen): void {
    const { key, nsp, type } = message;
    if (message.kind !== 'response' || message.adapter !== 'redis' || type === undefined) return;
    if (key === undefined || nsp === undefined || frame.channel === undefined || !MOVABLE.has(type)) return;
    const channel = Buffer.from(frame.channel).toString('utf8');
    if (channel !== `${key}-response#${nsp}#`) return;
    const time = frame.time ?? Number.NaN;
    const place = noteUnder(this.#places, channel, (): SharedReplies => {
      return { key, nsp, channel, first: time, last: time, replies: 0, bytes: 0, types: new Set<string>() };
    });
    if (place === undefined) return;
    place.last = time;
    place.replies++;
    place.bytes += frame.payload?.length ?? 0;
    place.types.add(type);
  }

  list(): readonly SharedReplies[] {
    return [...this.#places.values()];
  }
}
