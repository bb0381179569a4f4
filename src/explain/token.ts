import type { Value } from '../model/value.ts';
import type { Code } from './msgpack-codes.ts';
import type { Part, RowRole } from './row.ts';

/** Rows are a few hundred bytes each: beyond this many, the rest of a layer is one row. */
const MAX_TOKENS = 50_000;

/** A piece of bytes before anybody knows what it is for. */
export interface Token {
  readonly offset: number;
  length: number;
  readonly depth: number;
  /** Index of the container's token, or -1. */
  readonly parent: number;
  readonly role: RowRole;
  /** Key or index in the container; undefined at the root. */
  readonly segment?: string | number;
  /** Containers only; `count` is known when it was written first or when the container has ended. */
  readonly shape?: 'array' | 'map';
  count?: number;
  readonly value?: Value;
  /** What the type is called, where neither `shape` nor `value` says it. */
  readonly type?: string;
  readonly note?: string;
  /** Opcodes only: what the instruction carries, what it does, and which part of the message it brings. */
  readonly argument?: string;
  readonly how?: Code & { readonly isAlways: boolean };
  readonly place?: Place;
  readonly part?: Part;
}

/** Which part of a decoded message an instruction brings. */
export interface Place {
  readonly segments: readonly (string | number)[];
  readonly isKey: boolean;
  readonly value: Value;
}

/** The pieces of a layer, and whether they end before the bytes do. */
export interface Walk {
  readonly tokens: readonly Token[];
  /** How far the walk understood the bytes. */
  readonly understoodBytes: number;
  readonly isWhole: boolean;
}

/** Collects tokens up to a limit. */
export class Tokens {
  readonly list: Token[] = [];

  get isFull(): boolean {
    return this.list.length >= MAX_TOKENS;
  }

  /** Answers with the token's index. */
  push(token: Token): number {
    return this.list.push(token) - 1;
  }

  /** The walk ended well, or `trouble` broke it off and covers what is left. */
  finish(bytes: Uint8Array, offset: number, trouble?: string): Walk {
    if (offset < bytes.length || trouble !== undefined) {
      const length = bytes.length - offset;
      const note = trouble ?? `${length} more bytes, which are not explained one by one`;
      const role = trouble === undefined ? 'text' : 'trouble';
      this.push({ offset, length, depth: 0, parent: -1, role, type: 'rest', note });
    }
    return { tokens: this.list, understoodBytes: offset, isWhole: trouble === undefined };
  }
}
