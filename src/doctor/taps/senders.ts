import type { MessageSeen } from '../../analyse/correlate-thread.ts';
import { noteUnder } from './bounded.ts';

/** One uid that has sent something to a key and namespace on one kind of bus. */
export interface Sender {
  readonly uid: string;
  readonly key: string;
  readonly nsp: string;
  readonly bus: 'classic' | 'cluster' | 'shard';
  readonly channel: string;
  /** Microseconds since 1970; NaN where the capture has no times. */
  readonly first: number;
  last: number;
  messages: number;
  broadcasts: number;
  /** Sharded only: broadcasts to exactly one public room, on the channel of that room and on that of all. */
  onRoomChannel: number;
  onMainChannel: number;
  /** Broadcasts to exactly one socket id that every server receives, and their bytes. */
  privates: number;
  privateBytes: number;
  /** The last event that it sent. */
  event?: string;
  /** `host:port`, where the capture shows it. */
  client?: string;
}

const SOCKET_ID = /^[\w-]{20}$/;
const CLASSIC = new Set(['redis', 'emitter']);

/** Who sends, and where to. Answers are left out: they go where they were asked for. */
export class Senders {
  readonly #senders = new Map<string, Sender>();

  add({ frame, message }: MessageSeen): void {
    const { uid, key, nsp, adapter } = message;
    if (uid === undefined || key === undefined || nsp === undefined || adapter === undefined) return;
    if (message.kind !== 'broadcast' && message.kind !== 'request') return;
    const bus = busOf(adapter, frame.command);
    if (bus === undefined || frame.channel === undefined) return;
    const channel = Buffer.from(frame.channel).toString('utf8');
    const time = frame.time ?? Number.NaN;
    const sender = noteUnder(this.#senders, JSON.stringify([bus, key, nsp, uid]), (): Sender => ({
      uid,
      key,
      nsp,
      bus,
      channel,
      first: time,
      last: time,
      messages: 0,
      broadcasts: 0,
      onRoomChannel: 0,
      onMainChannel: 0,
      privates: 0,
      privateBytes: 0,
    }));
    if (sender === undefined) return;
    sender.last = time;
    sender.messages++;
    if (message.event !== undefined) sender.event = message.event;
    if (frame.client !== undefined) sender.client = frame.client;
    if (message.kind === 'broadcast')
      countBroadcast(sender, message.rooms, channel, frame.payload?.length ?? 0);
  }

  list(): readonly Sender[] {
    return [...this.#senders.values()];
  }
}

/** @socket.io/redis-adapter 8.3, lib/sharded-adapter.ts, `computeChannel`: names of 20 characters are taken for socket ids. */
function countBroadcast(
  sender: Sender,
  rooms: MessageSeen['message']['rooms'],
  channel: string,
  bytes: number,
): void {
  sender.broadcasts++;
  const only = rooms?.length === 1 ? rooms[0] : undefined;
  if (only?.type !== 'str') return;
  const isOnMain = sender.bus === 'shard' && channel === `${sender.key}#${sender.nsp}#`;
  if (SOCKET_ID.test(only.value)) {
    if (sender.bus === 'shard' && !isOnMain) return;
    sender.privates++;
    sender.privateBytes += bytes;
  } else if (sender.bus === 'shard') {
    if (isOnMain) sender.onMainChannel++;
    else sender.onRoomChannel++;
  }
}

function busOf(adapter: string, command: string | undefined): Sender['bus'] | undefined {
  if (CLASSIC.has(adapter)) return 'classic';
  if (adapter === 'redis-sharded' || command === 'SPUBLISH') return 'shard';
  return adapter === 'redis-streams' ? 'cluster' : undefined;
}
