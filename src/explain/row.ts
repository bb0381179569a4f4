import type { Value } from '../model/value.ts';

/** What a row is about, for colour. */
export type Part = 'sender' | 'packet' | 'event' | 'value' | 'target' | 'flags' | 'structure' | 'trouble';

/**
 * One piece of the bytes and what it means. The rows of a layer cover its bytes, each byte once, in order: a
 * container's row holds its header only, a text's row its length too, and what separates things in JSON belongs to
 * the row before it.
 */
export interface Row {
  /** Byte of the layer. */
  readonly offset: number;
  readonly lengthBytes: number;
  readonly depth: number;
  /** JSON pointer (RFC 6901) to the value, e.g. `/1/data/0`; a key has the path of its value. */
  readonly path: string;
  readonly role: RowRole;
  /** `array of 3`, `map of 2`, `text`, `integer`, `key`, `end`, `rest`; the opcode's name in a pickle. */
  readonly type: string;
  /** What a leaf or a key holds. */
  readonly value?: Value;
  /** What an instruction of a pickle carries, shortened. */
  readonly argument?: string;
  /** What it is for, for somebody who learns. */
  readonly note?: string;
  /** What the type byte says or the instruction does, where a layer meets it for the first time. */
  readonly how?: string;
  readonly part: Part;
  /** Only the first characters belong on a screen. */
  readonly isSecret?: boolean;
}

/**
 * `item` hangs under its container, `key` too, `value` belongs to the key before it, `close` ends containers of
 * JSON, `opcode` is a step of a pickle, `text` is base64 that holds the next layer, and `trouble` is what could
 * not be read.
 */
export type RowRole = 'item' | 'key' | 'value' | 'close' | 'opcode' | 'text' | 'trouble';

/** Something said beside the payload: a field of a stream entry, a channel that is subscribed to. */
export interface Fact {
  readonly name: string;
  readonly value: string;
  readonly note?: string;
  readonly part: Part;
  /** How often it was seen, where several messages are told as one. */
  readonly times?: number;
}

/** Bytes and the rows that explain them. A base64 text is a layer, and what it holds is the next. */
export interface Layer {
  readonly name: 'payload' | 'decoded';
  /** How the bytes are written, in words. */
  readonly written: string;
  readonly isText: boolean;
  readonly bytes: Uint8Array;
  readonly rows: readonly Row[];
}

export interface Explanation {
  /** What the message is, in a few words. */
  readonly title: string;
  readonly facts: readonly Fact[];
  readonly layers: readonly Layer[];
  /** The message in one sentence. */
  readonly summary: string;
  /** How many messages it stands for, where it is more than one. */
  readonly times?: number;
}
