/**
 * A value read from bytes, with the place where it stood.
 *
 * Every reader (msgpack, msgpack-js, JSON, pickle) produces this one shape, so that dissectors, filters,
 * the record writer and the annotated dump need to know one tree only. `offset` and `length` are bytes,
 * counted from the start of the buffer that was read; they span the whole value, type byte included.
 */
export interface Span {
  readonly offset: number;
  readonly length: number;
}

export interface NilValue extends Span {
  readonly type: 'nil';
}

export interface UndefinedValue extends Span {
  readonly type: 'undefined';
}

export interface BoolValue extends Span {
  readonly type: 'bool';
  readonly value: boolean;
}

/** An integer: a number while it is safe (±(2^53−1)), a bigint beyond. Never rounded. */
export interface IntValue extends Span {
  readonly type: 'int';
  readonly value: number | bigint;
}

export interface FloatValue extends Span {
  readonly type: 'float';
  readonly value: number;
}

/** Text. `bytes` is there only when the bytes are not valid UTF-8; `value` then shows U+FFFD in their place. */
export interface StrValue extends Span {
  readonly type: 'str';
  readonly value: string;
  readonly bytes?: Uint8Array;
}

export interface BinValue extends Span {
  readonly type: 'bin';
  readonly bytes: Uint8Array;
}

/** A point in time. `seconds` is NaN for an invalid date; `nanos` is 0..999,999,999 after `seconds`. */
export interface DateValue extends Span {
  readonly type: 'date';
  readonly seconds: number;
  readonly nanos: number;
  /** The extension that carried it: what is shown where JavaScript has no such date. */
  readonly code: number;
  readonly bytes: Uint8Array;
}

/** A msgpack extension. `name` and `inner` are there where the writing library is known to use `code` so. */
export interface ExtValue extends Span {
  readonly type: 'ext';
  readonly code: number;
  readonly bytes: Uint8Array;
  readonly name?: string;
  readonly inner?: Value;
}

export interface ArrayValue extends Span {
  readonly type: 'array';
  readonly items: readonly Value[];
}

export interface MapValue extends Span {
  readonly type: 'map';
  readonly entries: readonly MapEntry[];
}

export interface MapEntry {
  readonly key: Value;
  readonly value: Value;
}

/** Something that a pickle would have imported or called: named, never built. `state` is its arguments as data. */
export interface OpaqueValue extends Span {
  readonly type: 'opaque';
  readonly name: string;
  readonly state: readonly Value[];
}

export type Value =
  | NilValue
  | UndefinedValue
  | BoolValue
  | IntValue
  | FloatValue
  | StrValue
  | BinValue
  | DateValue
  | ExtValue
  | ArrayValue
  | MapValue
  | OpaqueValue;

/** How deep arrays and maps may be nested before a payload is `undecoded`, code `too-deep` (output contract §1). */
export const MAX_DEPTH = 500;

/**
 * How many values one payload may hold before it is `undecoded`, code `too-large`. A node of the tree takes some 60
 * bytes of memory, so that a hostile payload of one-byte values would else exhaust the process; two million is far
 * beyond any message that servers survive themselves.
 */
export const MAX_VALUES = 2_000_000;
