import type { Span } from '../model/value.ts';

/**
 * One RESP2 or RESP3 value. `offset` and `length` count bytes of the whole stream and span the value with its type
 * byte, its line ends and the attributes before it. Bytes are views into the chunks that were pushed, unless a value
 * crossed from one chunk into the next.
 *
 * Source: redis/redis-specifications, protocol/RESP2.md and RESP3.md.
 */
export type RespValue =
  | RespText
  | RespBulk
  | RespNull
  | RespInteger
  | RespItems
  | RespMap
  | RespDouble
  | RespBoolean
  | RespBigNumber
  | RespVerbatim
  | RespInline;

interface RespNode extends Span {
  /** RESP3 attributes (`|`) that stood before this value. */
  readonly attributes?: readonly RespEntry[];
}

export type RespEntry = readonly [RespValue, RespValue];

/** `+…` and `-…`: a line, without its type byte and CRLF. MONITOR sends its lines as `simple`. */
interface RespText extends RespNode {
  readonly type: 'simple' | 'error';
  readonly bytes: Buffer;
}

/** `$…` and RESP3's `!…`. */
interface RespBulk extends RespNode {
  readonly type: 'bulk' | 'blob-error';
  readonly bytes: Buffer;
}

/** `$-1`, `*-1` and RESP3's `_`. */
interface RespNull extends RespNode {
  readonly type: 'null';
}

/** `:…`: a number while it is safe, a bigint beyond; never outside 64 bits. */
interface RespInteger extends RespNode {
  readonly type: 'integer';
  readonly value: number | bigint;
}

/** `*…` and RESP3's `>…`, `~…`. */
export interface RespItems extends RespNode {
  readonly type: 'array' | 'push' | 'set';
  readonly items: readonly RespValue[];
}

/** `%…`: entries in wire order, duplicates kept. */
interface RespMap extends RespNode {
  readonly type: 'map';
  readonly entries: readonly RespEntry[];
}

/** `,…`, `inf` and `nan` included. */
interface RespDouble extends RespNode {
  readonly type: 'double';
  readonly value: number;
}

/** `#t` and `#f`. */
interface RespBoolean extends RespNode {
  readonly type: 'boolean';
  readonly value: boolean;
}

/** `(…`. */
interface RespBigNumber extends RespNode {
  readonly type: 'bignumber';
  readonly value: bigint;
}

/** `=…`: `format` is three characters, `txt` or `mkd`; `bytes` is what follows `txt:`. */
interface RespVerbatim extends RespNode {
  readonly type: 'verbatim';
  readonly format: string;
  readonly bytes: Buffer;
}

/** A command typed as a line (server side only): its words, unquoted. Never empty. */
interface RespInline extends RespNode {
  readonly type: 'inline';
  readonly words: readonly Buffer[];
}

export type RespErrorCode =
  | 'unknown-type'
  | 'bad-length'
  | 'bad-number'
  | 'bad-line-end'
  | 'bad-bulk-end'
  | 'bad-verbatim'
  | 'bad-stream'
  | 'expected-bulk'
  | 'unbalanced-quotes'
  | 'too-long'
  | 'too-deep';

/** The stream is not RESP from `offset` (bytes since its start) on. Nothing after it can be framed. */
export class RespError extends Error {
  override readonly name = 'RespError';
  readonly code: RespErrorCode;
  readonly offset: number;

  constructor(code: RespErrorCode, message: string, offset: number) {
    super(message);
    this.code = code;
    this.offset = offset;
  }
}
