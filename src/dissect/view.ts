import { asBuffer, DecodeError } from '../bytes/decode-error.ts';
import { decodeJson } from '../bytes/json.ts';
import { decodeMsgpack, hasDialectBytes } from '../bytes/msgpack.ts';
import { decodePickle } from '../bytes/pickle.ts';
import type { Frame } from '../model/frame.ts';
import type { Attempt, Encoding } from '../model/message.ts';
import type { Value } from '../model/value.ts';
import { type ChannelName, parseChannel } from './channel.ts';

/** The value that fills the payload, or why there is none. */
export type Reading = Value | DecodeError;

const EMPTY = new Uint8Array();

/**
 * A frame as dissectors look at it: the channel taken apart once, and the payload decoded at most once for each
 * encoding, however many dissectors ask.
 */
export class View {
  readonly frame: Frame;
  readonly bytes: Uint8Array;
  readonly keys: readonly string[];
  readonly channel: string | undefined;
  readonly name: ChannelName | undefined;
  readonly #readings: { [encoding in Encoding]?: Reading } = {};

  constructor(frame: Frame, keys: readonly string[]) {
    this.frame = frame;
    this.keys = keys;
    this.bytes = frame.payload ?? EMPTY;
    this.channel = frame.channel === undefined ? undefined : asBuffer(frame.channel).toString('utf8');
    this.name = this.channel === undefined ? undefined : parseChannel(this.channel, keys);
  }

  /** A pasted payload without a channel: always a message, never somebody else's. */
  get isBare(): boolean {
    return this.channel === undefined;
  }

  read(encoding: Encoding): Reading {
    return (this.#readings[encoding] ??= attempt(DECODERS[encoding], this.bytes));
  }

  /** False where the msgpack-js reading would be the modern one over again. */
  get hasDialectBytes(): boolean {
    return hasDialectBytes(this.bytes);
  }
}

/** Why something is not what a dissector reads. `offset` is a byte of the payload. */
export interface Refusal extends Attempt {
  readonly code: string;
  readonly offset?: number;
}

export function isReading(reading: Reading): reading is Value {
  return !(reading instanceof DecodeError);
}

const DECODERS: Record<Encoding, (bytes: Uint8Array) => Value> = {
  msgpack: (bytes) => decodeMsgpack(bytes, 'modern'),
  'msgpack-js': (bytes) => decodeMsgpack(bytes, 'msgpack-js'),
  json: decodeJson,
  pickle: decodePickle,
};

function attempt(decode: (bytes: Uint8Array) => Value, bytes: Uint8Array): Reading {
  try {
    return decode(bytes);
  } catch (error) {
    if (error instanceof DecodeError) return error;
    throw error;
  }
}
