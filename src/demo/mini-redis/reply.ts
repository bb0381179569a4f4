import type { Reply } from '../../bytes/resp-encode.ts';

export const OK: Reply = { type: 'simple', text: 'OK' };
export const NIL: Reply = { type: 'null' };
export const NIL_ARRAY: Reply = { type: 'null-array' };

export function simple(text: string): Reply {
  return { type: 'simple', text };
}

/** An error reply; Redis keeps it on one line. */
export function error(text: string): Reply {
  return { type: 'error', text: Buffer.from(text.replace(/[\r\n]/g, ' '), 'latin1') };
}

export function bulk(bytes: string | Uint8Array): Reply {
  return { type: 'bulk', bytes };
}

export function integer(value: number | bigint): Reply {
  return { type: 'integer', value };
}

export function array(items: readonly Reply[]): Reply {
  return { type: 'array', items };
}

export function map(entries: readonly (readonly [string, Reply])[]): Reply {
  return { type: 'map', entries: entries.map(([key, value]) => [bulk(key), value] as const) };
}

/** A command that fails with this error reply. Texts are those of redis 7.0.15. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

export const SYNTAX_ERROR = 'ERR syntax error';
export const NOT_AN_INTEGER = 'ERR value is not an integer or out of range';
export const WRONG_TYPE = 'WRONGTYPE Operation against a key holding the wrong kind of value';
