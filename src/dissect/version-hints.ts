import type { MapValue, Value } from '../model/value.ts';
import { type Draft, infer, isMap, readFields } from './fields.ts';
import type { View } from './view.ts';

/** What is known of a broadcast when its version is guessed. */
export interface BroadcastEvidence {
  readonly view: View;
  /** The envelope has no uid: the layout before 0.2. */
  readonly isOld: boolean;
  readonly packet: MapValue;
  readonly opts: Value | undefined;
}

interface Hint {
  readonly version: string;
  readonly holds: (evidence: BroadcastEvidence, message: Draft) => boolean;
}

/**
 * What tells the versions apart, strongest evidence first. Taken from what the published packages write:
 * encoders (msgpack-js until socket.io-redis 2, msgpack-lite in 3 and 4, notepack.io 1 and 2 from 5, notepack.io 3
 * from @socket.io/redis-adapter 8), the order of the options, uid2 1.0.0 (adapter 8), and the room channel of 5.0.0.
 */
const BROADCAST_HINTS: readonly Hint[] = [
  { version: 'socket.io-redis 0.1.x or socket.io-emitter 0.x', holds: ({ isOld }) => isOld },
  {
    version: 'socket.io-redis ≤ 2.x or socket.io-emitter ≤ 1.x',
    holds: (_, message) => message.encoding === 'msgpack-js',
  },
  {
    version: 'socket.io-redis 5.0.0',
    holds: ({ view }, message) => message.room !== undefined && view.channel?.endsWith('#') === false,
  },
  {
    version: 'socket.io-redis 3.x or 4.x',
    holds: ({ opts }) => ['rooms', 'flags'].some((name) => field(opts, name)?.type === 'nil'),
  },
  {
    version: 'socket.io-redis 5.x or 6.x, @socket.io/redis-adapter 7.x or @socket.io/redis-emitter 4.x',
    holds: ({ view, packet }) => view.bytes.includes(0x00) && some(packet, isNotepack2),
  },
  {
    version: '@socket.io/redis-adapter 8.x or @socket.io/redis-emitter 5.x',
    holds: ({ view, packet }) => view.bytes.includes(0xff) && some(packet, isTimestamp),
  },
  { version: '@socket.io/redis-adapter 8.x', holds: (_, { uid }) => uid?.length === 6 && /[-_]/.test(uid) },
  {
    version: '@socket.io/redis-emitter 4.x or 5.x',
    holds: ({ opts }) => order(opts) === 'rooms,flags,except',
  },
  {
    version: 'socket.io-emitter ≤ 3.x',
    holds: ({ opts }, message) => message.adapter === 'emitter' && order(opts) === 'rooms,flags',
  },
  {
    version: 'socket.io-redis ≤ 5.x',
    holds: ({ opts }) => order(opts) === 'rooms,flags' || order(opts) === 'except,rooms,flags',
  },
  {
    version: 'socket.io-redis 6.x or @socket.io/redis-adapter',
    holds: ({ opts }) => order(opts) === 'rooms,except,flags',
  },
];

/** Says which versions write a broadcast so: a hint, always listed in `inferred`. */
export function hintBroadcastVersion(message: Draft, evidence: BroadcastEvidence): void {
  const hint = BROADCAST_HINTS.find(({ holds }) => holds(evidence, message));
  if (hint === undefined) return;
  message.version = hint.version;
  infer(message, 'version');
}

function field(opts: Value | undefined, name: string): Value | undefined {
  return isMap(opts) ? readFields(opts).of.get(name) : undefined;
}

/** The names of the options in wire order. */
function order(opts: Value | undefined): string {
  if (!isMap(opts)) return '';
  let names = '';
  for (const { key } of opts.entries)
    names += `${names === '' ? '' : ','}${key.type === 'str' ? key.value : ''}`;
  return names;
}

/** notepack.io 1 and 2 write undefined as `d4 00 00` and dates as `d7 00`. */
function isNotepack2(value: Value): boolean {
  return (value.type === 'undefined' && value.length === 3) || (value.type === 'date' && value.code === 0);
}

function isTimestamp(value: Value): boolean {
  return value.type === 'date' && value.code === -1;
}

function some(value: Value, test: (value: Value) => boolean): boolean {
  if (value.type === 'array') return value.items.some((item) => some(item, test));
  if (value.type === 'map') return value.entries.some((entry) => some(entry.value, test));
  return test(value);
}
