import type { Value } from '../../src/model/value.ts';

/** A value as the decoders of the npm packages would give it; an integer beyond 2^53 stays a bigint. */
export function plain(value: Value): unknown {
  switch (value.type) {
    case 'nil':
      return null;
    case 'undefined':
      return undefined;
    case 'bool':
    case 'int':
    case 'float':
    case 'str':
      return value.value;
    case 'bin':
      return new Uint8Array(value.bytes);
    case 'date':
      return new Date(value.seconds * 1000 + Math.floor(value.nanos / 1e6));
    case 'array':
      return value.items.map(plain);
    case 'map': {
      const object: Record<string, unknown> = {};
      for (const { key, value: item } of value.entries)
        Object.defineProperty(object, String(plain(key)), {
          value: plain(item),
          enumerable: true,
          configurable: true,
          writable: true,
        });
      return object;
    }
    case 'ext':
    case 'opaque':
      return value;
  }
}

/** Calls `visit` for every value of a tree, and says what is around it. */
export function walk(value: Value, visit: (value: Value, parent?: Value) => void, parent?: Value): void {
  visit(value, parent);
  if (value.type === 'array') for (const item of value.items) walk(item, visit, value);
  if (value.type === 'map')
    for (const entry of value.entries) {
      walk(entry.key, visit, value);
      walk(entry.value, visit, value);
    }
  if (value.type === 'ext' && value.inner !== undefined) walk(value.inner, visit, value);
}
