import { asBuffer } from '../bytes/decode-error.ts';
import type { Body, Encoding } from '../model/message.ts';
import type { Value } from '../model/value.ts';
import { REDACTED } from './redaction.ts';

const MARK = Buffer.from(REDACTED);
/** msgpack and msgpack-js write a text of up to 31 bytes alike, and binary each in its own way (msgpack-js 0.3.0: 0xd8, 16 bits). */
const TEXTS: Record<CutEncoding, Buffer> = {
  msgpack: Buffer.from([0xa0 | MARK.length, ...MARK]),
  'msgpack-js': Buffer.from([0xa0 | MARK.length, ...MARK]),
  json: Buffer.from(JSON.stringify(REDACTED)),
};
const BINARIES: Record<CutEncoding, Buffer> = {
  msgpack: Buffer.from([0xc4, MARK.length, ...MARK]),
  'msgpack-js': Buffer.from([0xd8, 0, MARK.length, ...MARK]),
  json: TEXTS.json,
};

type CutEncoding = Exclude<Encoding, 'pickle'>;

/**
 * The bytes of a body with a mark in the place of each target; every other byte stays as the sender wrote it. The mark
 * is binary where the target held any, and undefined stays: by these some dialects are told apart.
 * Undefined where that cannot be done with certainty: a pickle, a target that has no place of its own in the bytes,
 * or a map with a key that stands twice, of which the message shows only one.
 */
export function spliceBody(body: Body, encoding: Encoding, targets: readonly Value[]): Buffer | undefined {
  if (encoding === 'pickle') return undefined;
  const places = placeTargets(body.root, targets);
  if (places === undefined || places.includes(body.root) || hidesAnything(body.root, new Set(places)))
    return undefined;
  const bytes = asBuffer(body.bytes);
  const parts: Buffer[] = [];
  let at = 0;
  for (const place of [...places].sort((a, b) => a.offset - b.offset)) {
    // Inside another target.
    if (place.offset < at || place.type === 'undefined') continue;
    const mark = (holdsBinary(place) ? BINARIES : TEXTS)[encoding];
    parts.push(bytes.subarray(at, place.offset), mark);
    at = place.offset + place.length;
  }
  return Buffer.concat([...parts, bytes.subarray(at)]);
}

/**
 * The targets as nodes of the tree. A list that was put together for the message has no place of its own: its items
 * have. Undefined where one is not found at all.
 */
function placeTargets(root: Value, targets: readonly Value[]): readonly Value[] | undefined {
  const nodes = new Set<Value>();
  collect(root, nodes);
  const places: Value[] = [];
  const rest = [...targets];
  for (let target = rest.pop(); target !== undefined; target = rest.pop()) {
    if (nodes.has(target)) places.push(target);
    else if (target.type === 'array') rest.push(...target.items);
    else if (target.type === 'map') rest.push(...target.entries.map(({ value }) => value));
    else return undefined;
  }
  return places;
}

function holdsBinary(value: Value): boolean {
  if (value.type === 'array') return value.items.some(holdsBinary);
  return value.type === 'map'
    ? value.entries.some((entry) => holdsBinary(entry.value))
    : value.type === 'bin';
}

function collect(value: Value, nodes: Set<Value>): void {
  nodes.add(value);
  if (value.type === 'array') for (const item of value.items) collect(item, nodes);
  if (value.type === 'map') for (const entry of value.entries) collect(entry.value, nodes);
}

/** Whether something outside of the targets is in the bytes but perhaps not in the message. */
function hidesAnything(value: Value, places: ReadonlySet<Value>): boolean {
  if (places.has(value)) return false;
  if (value.type === 'array') return value.items.some((item) => hidesAnything(item, places));
  if (value.type !== 'map') return false;
  const names = new Set(value.entries.map(({ key }) => (key.type === 'str' ? key.value : undefined)));
  if (names.has(undefined) || names.size < value.entries.length) return true;
  return value.entries.some((entry) => hidesAnything(entry.value, places));
}
