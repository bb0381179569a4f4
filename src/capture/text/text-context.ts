import type { Captured, Frame } from '../../model/frame.ts';

export interface TextOptions {
  /** Channel of frames whose text names none. */
  readonly channel?: string;
  /** Told once each: what was assumed or left out, in words for a person. */
  readonly onNote?: (note: string) => void;
}

/** What the readers of text share in one run. */
export interface TextContext {
  note(text: string): void;
  /** A payload without its command. */
  payload(bytes: Uint8Array, channel?: Uint8Array): Captured;
  /** Fills in the channel that the caller named. */
  complete(captured: Captured): Captured;
}

export function createTextContext(options: TextOptions): TextContext {
  const told = new Set<string>();
  const named = options.channel === undefined ? undefined : Buffer.from(options.channel);
  const complete = (captured: Captured): Captured => {
    if (named === undefined || captured.is !== 'frame') return captured;
    const { frame } = captured;
    if (frame.channel !== undefined || frame.channels !== undefined) return captured;
    return { is: 'frame', frame: { ...frame, channel: named } };
  };
  return {
    note: (text) => {
      if (!told.has(text)) options.onNote?.(text);
      told.add(text);
    },
    payload: (bytes, channel) => {
      const frame: Frame = { via: 'text', payload: bytes };
      return complete({ is: 'frame', frame: channel === undefined ? frame : { ...frame, channel } });
    },
    complete,
  };
}

/** Text that cannot be framed, with its own bytes: copied, because the chunk that it came in goes on. */
export function unframed(raw: Uint8Array, message: string, offset?: number): Captured {
  const place = offset === undefined ? {} : { offset };
  return {
    is: 'unframed',
    unframed: { via: 'text', raw: Buffer.from(raw), code: 'unframed', message, ...place },
  };
}

/** Text in which bytes are missing or were replaced: nothing in it can be trusted. */
export function lostBytes(raw: Uint8Array, message: string, offset?: number): Captured {
  const place = offset === undefined ? {} : { offset };
  return {
    is: 'unframed',
    unframed: { via: 'text', raw: Buffer.from(raw), code: 'lost-bytes', message, ...place },
  };
}

const REPLACEMENT = Buffer.from('\ufffd');

/**
 * U+FFFD in bytes that do not decode: a terminal, an editor or a string event put it in the place of bytes that
 * are not UTF-8.
 */
export function findReplacement(raw: Uint8Array, payload: Uint8Array): Captured | undefined {
  const offset = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).indexOf(REPLACEMENT);
  if (offset === -1) return undefined;
  return lostBytes(
    raw,
    `byte ${offset} of the payload starts ef bf bd, which stands where other bytes were turned into text: they cannot be brought back. ` +
      "Capture again without loss: redis-cli --no-raw psubscribe 'socket.io*', redis-cli monitor, or pmessageBuffer in ioredis.",
    raw === payload ? offset : undefined,
  );
}
