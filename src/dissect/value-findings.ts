import type { Finding } from '../model/message.ts';
import type { MapValue, Value } from '../model/value.ts';

/** Findings of one code are told once, with the first place: a payload may hold a million of them. */
type Found = Map<string, Finding>;

/** What is odd about the values of a payload, whatever the dialect: known losses, and what JSON cannot say plainly. */
export function findOddValues(root: Value): readonly Finding[] {
  const found: Found = new Map();
  look(root, found);
  return [...found.values()];
}

function look(value: Value, found: Found): void {
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
      if (typeof value.value === 'bigint') {
        note(
          found,
          value,
          'big-integer',
          'An integer beyond ±(2^53−1): servers in JavaScript round it. If the sender had a number beyond 64 bits, notepack.io wrote only its low 64 bits.',
        );
      }
      return;
    case 'str':
      if (value.bytes !== undefined) {
        note(
          found,
          value,
          'text-not-utf8',
          'A text whose bytes are not valid UTF-8: probably binary written by an encoder that knows only one type for both.',
        );
      }
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

function lookAtMap(map: MapValue, found: Found): void {
  const names = new Set<string>();
  for (const { key, value } of map.entries) {
    if (key.type !== 'str') {
      note(found, key, 'odd-keys', `A map key is ${key.type}, not text: shown as pairs ($map).`);
    } else if (key.value === '__proto__') {
      note(found, key, 'proto-key', 'A map has the key "__proto__": shown as pairs ($map), never assigned.');
    } else if (names.has(key.value)) {
      note(
        found,
        key,
        'duplicate-key',
        'A key stands twice in one map: receivers keep the last, all are shown ($map).',
      );
    } else {
      names.add(key.value);
    }
    look(key, found);
    look(value, found);
  }
}

function note(found: Found, at: Value, code: string, message: string): void {
  if (!found.has(code)) found.set(code, { code, severity: 'warning', message, offset: at.offset });
}
