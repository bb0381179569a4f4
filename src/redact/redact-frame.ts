import { asBuffer } from '../bytes/decode-error.ts';
import type { Captured, Frame, StreamEntry } from '../model/frame.ts';
import type { Message } from '../model/message.ts';
import type { Observed } from '../model/observed.ts';
import { REDACTED, type Redaction } from './redaction.ts';
import { spliceBody } from './splice.ts';
import { findTargets } from './targets.ts';

/** What may be recorded of an item: itself, changed or not, or only that it was there. */
export type Redacted = Captured | { readonly is: 'removed'; readonly captured: Captured };

/** Fields of a stream entry that are no data: @socket.io/redis-streams-adapter 0.1 to 0.3, `lib/adapter.ts`, `encode`. */
const ENTRY_NAMES = new Set(['uid', 'nsp', 'type', 'data']);
const REDACTED_BYTES = Buffer.from(REDACTED);
const SESSION_KEY = /^(sio:session:).+/s;

/**
 * Takes out of a captured item what the redaction names. `observed` is what it was dissected to. What could not be
 * dissected, or only to something whose place in the bytes is not certain, loses its whole payload.
 */
export function redact(captured: Captured, observed: Observed | undefined, redaction: Redaction): Redacted {
  switch (captured.is) {
    case 'gap':
    case 'other':
    case 'look':
      return captured;
    case 'unframed':
      return { is: 'removed', captured };
    case 'frame':
      return redactFrame(
        captured.frame,
        observed?.is === 'message' ? observed.message : undefined,
        redaction,
      );
  }
}

function redactFrame(frame: Frame, message: Message | undefined, redaction: Redaction): Redacted {
  const renamed = redactNames(frame, message, redaction);
  const hasContent = frame.payload !== undefined || frame.entry !== undefined;
  if (!hasContent) return { is: 'frame', frame: renamed };
  const payload = frame.payload === undefined ? undefined : redactPayload(frame.payload, message, redaction);
  if (
    message === undefined ||
    message.kind === 'undecoded' ||
    (frame.payload !== undefined && payload === undefined)
  )
    return { is: 'removed', captured: { is: 'frame', frame: renamed } };
  return { is: 'frame', frame: withContent(renamed, payload) };
}

function redactPayload(
  payload: Uint8Array,
  message: Message | undefined,
  redaction: Redaction,
): Buffer | undefined {
  const { body, encoding } = message ?? {};
  if (message === undefined || body === undefined || encoding === undefined) return undefined;
  if (body.wrapped === undefined && !asBuffer(payload).equals(body.bytes)) return undefined;
  const bytes = spliceBody(body, encoding, findTargets(message, redaction));
  return body.wrapped === 'base64' && bytes !== undefined ? Buffer.from(bytes.toString('base64')) : bytes;
}

function withContent(frame: Frame, payload: Buffer | undefined): Frame {
  const content = payload === undefined ? {} : { payload };
  return frame.entry === undefined
    ? { ...frame, ...content }
    : { ...frame, ...content, entry: redactEntry(frame.entry, payload) };
}

function redactEntry(entry: StreamEntry, payload: Buffer | undefined): StreamEntry {
  const fields = entry.fields.map(([name, value]): readonly [Uint8Array, Uint8Array] => {
    const text = asBuffer(name).toString('latin1');
    if (!ENTRY_NAMES.has(text)) return [name, REDACTED_BYTES];
    return [name, text === 'data' ? (payload ?? REDACTED_BYTES) : value];
  });
  return { ...entry, fields };
}

/** Rooms stand in channels, and the private id of a session in its key. */
function redactNames(frame: Frame, message: Message | undefined, redaction: Redaction): Frame {
  const { channel, channels } = frame;
  if (!redaction.removesArgs) return frame;
  const room = redaction.removesNames ? message?.room : undefined;
  const isUnread = message === undefined || message.kind === 'undecoded';
  const rename = (name: Uint8Array): Uint8Array => {
    const text = asBuffer(name).toString('utf8');
    const changed = redaction.removesNames ? withoutRoom(text, room, isUnread) : text;
    const safe = changed.replace(SESSION_KEY, `$1${REDACTED}`);
    return safe === text ? name : Buffer.from(safe);
  };
  return {
    ...frame,
    ...(channel === undefined ? {} : { channel: rename(channel) }),
    ...(channels === undefined ? {} : { channels: channels.map(rename) }),
  };
}

/**
 * `<key>#<nsp>#<room>#`; the uid at the end of a response channel stays. googollee's channels end in a uid without `#`,
 * those of socket.io-redis 5.0.0 in a room: of a message that was read it is known which.
 */
function withoutRoom(channel: string, room: string | undefined, isUnread: boolean): string {
  const at = room === undefined ? -1 : channel.lastIndexOf(room);
  if (room !== undefined && at !== -1)
    return channel.slice(0, at) + REDACTED + channel.slice(at + room.length);
  const name = /^(?<start>.*?(?<!-response)#\/[^#]*#)(?!#?$).+?(?<end>#?)$/s.exec(channel)?.groups;
  if (name === undefined || (name.end === '' && !isUnread)) return channel;
  return `${name.start ?? ''}${REDACTED}${name.end ?? ''}`;
}
