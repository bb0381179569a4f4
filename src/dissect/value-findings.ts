import type { Finding } from '../model/message.ts';
import type { MapEntry, MapValue, Value } from '../model/value.ts';

/** Up to this size comparing every pair of keys is faster than building a Set. */
const SMALL_MAP = 12;

/**
 * What is odd about the values of a payload, whatever the dialect: known losses, and what JSON cannot say plainly.
 * Findings of one code are told once, with the first place: a payload may hold a million of them.
 */
export function findOddValues(root: Value): readonly Finding[] {
  const found: Finding[] = [];
  look(root, found);
  return found;
}

function look(value: Value, found: Finding[]): void {
  switch (value.type) {
    case 'array':
      for (const item of value.items) look(item, found);
      return;
    case 'map':
      lookAtMap(value, found);
      return;
    case 'opaque':
      for (const item of value.state) look(item, found);
      return;
    case 'int':
      if (typeof value.value === 'bigint') note(found, value, 'big-integer', BIG_INTEGER);
      return;
    case 'str':
      if (value.bytes !== undefined) note(found, value, 'text-not-utf8', NOT_UTF8);
      return;
    case 'nil':
    case 'undefined':
    case 'bool':
    case 'float':
    case 'bin':
    case 'date':
    case 'ext':
      return;
  }
}

const BIG_INTEGER =
  'An integer beyond ±(2^53−1): servers in JavaScript round it. If the sender had a number beyond 64 bits, notepack.io wrote only its low 64 bits.';
const NOT_UTF8 =
  'A text whose bytes are not valid UTF-8: probably binary written by an encoder that knows only one type for both.';
const PROTO = 'A map has the key "__proto__": shown as pairs ($map), never assigned.';
const TWICE = 'A key stands twice in one map: receivers keep the last, all are shown ($map).';

function lookAtMap({ entries }: MapValue, found: Finding[]): void {
  const names = entries.length > SMALL_MAP ? new Set<string>() : undefined;
  for (let index = 0; index < entries.length; index++) {
    const entry = entries[index];
    if (entry === undefined) continue;
    const { key, value } = entry;
    if (key.type !== 'str') {
      note(found, key, 'odd-keys', `A map key is ${key.type}, not text: shown as pairs ($map).`);
    } else if (key.value === '__proto__') {
      note(found, key, 'proto-key', PROTO);
    } else if (names?.has(key.value) ?? isSaidBefore(entries, key.value, index)) {
      note(found, key, 'duplicate-key', TWICE);
    } else {
      names?.add(key.value);
    }
    look(key, found);
    look(value, found);
  }
}

function isSaidBefore(entries: readonly MapEntry[], name: string, end: number): boolean {
  for (let index = 0; index < end; index++) {
    const key = entries[index]?.key;
    if (key?.type === 'str' && key.value === name) return true;
  }
  return false;
}

function note(found: Finding[], at: Value, code: string, message: string): void {
  if (found.some((finding) => finding.code === code)) return;
  found.push({ code, severity: 'warning', message, offset: at.offset });
}
