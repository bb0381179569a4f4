import type { Adapter, Encoding, Finding, Message } from '../model/message.ts';
import type { ArrayValue, MapValue, Value } from '../model/value.ts';

/** A message while it is being put together. */
export type Draft = { -readonly [K in keyof Message]: Message[K] };

/** Named fields of a map. */
export interface Fields {
  readonly of: FieldIndex;
  /** The names in wire order: some versions are told by it. */
  readonly order: readonly string[];
  /** Keys that are no text, or stand twice: the map itself has to be shown. */
  readonly isOdd: boolean;
}

export interface FieldIndex extends Iterable<readonly [string, Value]> {
  get(name: string): Value | undefined;
  has(name: string): boolean;
}

/** Up to this size looking through the entries is faster than building a Map, and adapters write no larger maps. */
const SMALL_MAP = 12;

/** Reads a map by name. As in every decoder of the adapters, the last of several equal keys counts. */
export function readFields(map: MapValue): Fields {
  if (map.entries.length <= SMALL_MAP) return new SmallFields(map.entries);
  const of = new Map<string, Value>();
  let isOdd = false;
  for (const { key, value } of map.entries) {
    if (key.type !== 'str' || key.bytes !== undefined || of.has(key.value)) isOdd = true;
    if (key.type === 'str') of.set(key.value, value);
  }
  return { of, order: [...of.keys()], isOdd };
}

class SmallFields implements Fields, FieldIndex {
  readonly #entries: MapValue['entries'];

  constructor(entries: MapValue['entries']) {
    this.#entries = entries;
  }

  get of(): FieldIndex {
    return this;
  }

  get(name: string): Value | undefined {
    for (let index = this.#entries.length - 1; index >= 0; index--) {
      const entry = this.#entries[index];
      if (entry?.key.type === 'str' && entry.key.value === name) return entry.value;
    }
    return undefined;
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  get order(): readonly string[] {
    return this.#firsts().map(([name]) => name);
  }

  get isOdd(): boolean {
    for (let index = 0; index < this.#entries.length; index++) {
      const key = this.#entries[index]?.key;
      if (key?.type !== 'str' || key.bytes !== undefined || this.#isSaidBefore(key.value, index)) return true;
    }
    return false;
  }

  [Symbol.iterator](): Iterator<readonly [string, Value]> {
    return this.#firsts()[Symbol.iterator]();
  }

  /** Each name once, at its first place and with its last value, as a Map would have them. */
  #firsts(): (readonly [string, Value])[] {
    const firsts: (readonly [string, Value])[] = [];
    for (let index = 0; index < this.#entries.length; index++) {
      const key = this.#entries[index]?.key;
      if (key?.type !== 'str' || this.#isSaidBefore(key.value, index)) continue;
      const value = this.get(key.value);
      if (value !== undefined) firsts.push([key.value, value]);
    }
    return firsts;
  }

  #isSaidBefore(name: string, end: number): boolean {
    for (let index = 0; index < end; index++) {
      const key = this.#entries[index]?.key;
      if (key?.type === 'str' && key.value === name) return true;
    }
    return false;
  }
}

export function isMap(value: Value | undefined): value is MapValue {
  return value?.type === 'map';
}

export function isArray(value: Value | undefined): value is ArrayValue {
  return value?.type === 'array';
}

/** Text that is whole. A string that is not UTF-8 is no name of anything. */
export function asText(value: Value | undefined): string | undefined {
  return value?.type === 'str' && value.bytes === undefined ? value.value : undefined;
}

/** A safe integer. */
export function asInteger(value: Value | undefined): number | undefined {
  return value?.type === 'int' && typeof value.value === 'number' ? value.value : undefined;
}

/** Undefined, nil, the empty string of some emitters, or not there. */
export function isNothing(value: Value | undefined): boolean {
  return value === undefined || value.type === 'nil' || value.type === 'undefined' || asText(value) === '';
}

/** Starts a message; `findings`, `inferred` and `payload` grow by the functions below. */
export function draft(kind: Message['kind'], adapter: Adapter, encoding: Encoding): Draft {
  return { kind, adapter, encoding };
}

export function addFinding(message: Draft, finding: Finding): void {
  message.findings = [...(message.findings ?? []), finding];
}

export function infer(message: Draft, field: string): void {
  if (message.inferred?.includes(field) !== true) message.inferred = [...(message.inferred ?? []), field];
}

export function keep(message: Draft, name: string, value: Value): void {
  message.payload = [...(message.payload ?? []), [name, value]];
}

/**
 * Keeps every field that has no name in the contract. A map with odd keys (a finding of its own) is kept whole as
 * well, and so is one with a field whose name another map of the message has taken already.
 */
export function keepRest(
  message: Draft,
  map: MapValue,
  fields: Fields,
  known: ReadonlySet<string>,
  name: string,
): void {
  if (!fields.isOdd && map.entries.every(({ key }) => key.type === 'str' && known.has(key.value))) return;
  const taken = new Set(message.payload?.map(([field]) => field));
  const rest = [...fields.of].filter(([field]) => !known.has(field));
  const kept = rest.filter(([field]) => !taken.has(field));
  if (kept.length > 0) message.payload = [...(message.payload ?? []), ...kept];
  if (fields.isOdd || kept.length < rest.length) keep(message, name, map);
}
