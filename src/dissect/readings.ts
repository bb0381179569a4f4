import type { DecodeError } from '../bytes/decode-error.ts';
import type { Encoding, Finding } from '../model/message.ts';
import type { Value } from '../model/value.ts';
import { isReading, type Refusal, type View } from './view.ts';

/** A payload read so that a shape fits it. */
export interface Fit<T> {
  readonly shape: T;
  readonly root: Value;
  readonly encoding: Encoding;
  readonly findings: readonly Finding[];
}

/** A shape that a value does not have: what is wrong, and where. */
export class Misfit {
  readonly why: string;
  readonly offset: number;

  constructor(why: string, at: { readonly offset: number }) {
    this.why = why;
    this.offset = at.offset;
  }
}

/**
 * Reads the payload by its first byte as JSON or msgpack, both msgpack dialects where they could differ, and takes
 * the reading whose `shape` fits. Where both dialects fit with different values, msgpack-js is taken if a telltale
 * of it is present, and the finding `ambiguous-encoding` says so (output contract §1, "Two readings").
 */
export function fitPayload<T>(
  view: View,
  as: string,
  shape: (root: Value) => T | Misfit,
): Fit<T> | readonly Refusal[] {
  const first = view.bytes[0];
  if (first === 0x7b || first === 0x5b || isSpace(first)) {
    const json = fitReading(view, 'json', as, shape);
    return 'shape' in json ? json : [json];
  }
  const modern = fitReading(view, 'msgpack', as, shape);
  if (!view.hasDialectBytes || ('shape' in modern && !meetsDialectBytes(modern.root, view.bytes))) {
    return 'shape' in modern ? modern : [modern];
  }
  const old = fitReading(view, 'msgpack-js', as, (root) => findOddKey(root) ?? shape(root));
  if (!('shape' in old)) return 'shape' in modern ? modern : [modern, old];
  if (!('shape' in modern)) return old;
  return ambiguous(
    hasTelltale(old.root, view.bytes) || holdsUnwritten(modern.root, view.bytes) ? old : modern,
  );
}

/** msgpack-js writes JavaScript's own objects: a key that is no text comes from reading another dialect's bytes. */
function findOddKey(root: Value): Misfit | undefined {
  const children =
    root.type === 'array' ? root.items : root.type === 'map' ? root.entries.map(({ value }) => value) : [];
  const odd = root.type === 'map' ? root.entries.find(({ key }) => key.type !== 'str') : undefined;
  if (odd !== undefined) return new Misfit('a map key is no text', odd.key);
  for (const child of children) {
    const found = findOddKey(child);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Reads the payload in one encoding only: for dialects that are never written in another. */
export function fitReading<T>(
  view: View,
  encoding: Encoding,
  as: string,
  shape: (root: Value) => T | Misfit,
): Fit<T> | Refusal {
  const root = view.read(encoding);
  const name = `${as} in ${ENCODING_NAMES[encoding]}`;
  if (!isReading(root)) return refuse(name, root);
  const fitted = shape(root);
  if (fitted instanceof Misfit)
    return { as: name, why: fitted.why, code: 'wrong-shape', offset: fitted.offset };
  return { shape: fitted, root, encoding, findings: [] };
}

function refuse(as: string, error: DecodeError): Refusal {
  return { as, why: `${error.message} (byte ${error.offset})`, code: error.code, offset: error.offset };
}

const ENCODING_NAMES: Record<Encoding, string> = {
  msgpack: 'msgpack',
  'msgpack-js': 'msgpack-js',
  json: 'JSON',
  pickle: 'pickle',
};

/**
 * Whether the modern reading met a type byte that means something else in msgpack-js. If it met none, that reading
 * takes the same way through the bytes and finds the same values: such bytes stood only inside texts and binaries.
 */
function meetsDialectBytes(root: Value, bytes: Uint8Array): boolean {
  switch (root.type) {
    case 'map':
      return root.entries.some(
        ({ key, value }) => meetsDialectBytes(key, bytes) || meetsDialectBytes(value, bytes),
      );
    case 'array':
      return root.items.some((item) => meetsDialectBytes(item, bytes));
    default: {
      const lead = bytes[root.offset];
      return lead === 0xc4 || lead === 0xd8 || lead === 0xd9;
    }
  }
}

function ambiguous<T>(fit: Fit<T>): Fit<T> {
  const other = fit.encoding === 'msgpack' ? 'msgpack-js' : 'modern msgpack';
  const finding: Finding = {
    code: 'ambiguous-encoding',
    severity: 'warning',
    message: `The payload is also valid ${other}, with other values; it was read as ${fit.encoding}.`,
  };
  return { ...fit, findings: [finding] };
}

/**
 * What only msgpack-js writes: undefined straight after a key `rooms` or `flags`, or a text of 32 to 255 bytes with
 * a 16-bit length (msgpack-js 0.3.0 has no str8).
 */
function hasTelltale(root: Value, bytes: Uint8Array): boolean {
  switch (root.type) {
    case 'map':
      return root.entries.some(({ key, value }) => isTellingEntry(key, value) || hasTelltale(value, bytes));
    case 'array':
      return root.items.some((item) => hasTelltale(item, bytes));
    case 'str':
      return bytes[root.offset] === 0xda && root.length - 3 >= 32 && root.length - 3 <= 255;
    default:
      return false;
  }
}

/**
 * An extension of 16 bytes with code 0: no library writes one (notepack.io has code 0 for 1 and 8 bytes only), but
 * every binary of less than 256 bytes starts so in msgpack-js.
 */
function holdsUnwritten(root: Value, bytes: Uint8Array): boolean {
  switch (root.type) {
    case 'map':
      return root.entries.some(
        ({ key, value }) => holdsUnwritten(key, bytes) || holdsUnwritten(value, bytes),
      );
    case 'array':
      return root.items.some((item) => holdsUnwritten(item, bytes));
    case 'ext':
      return root.code === 0 && bytes[root.offset] === 0xd8;
    default:
      return false;
  }
}

function isTellingEntry(key: Value, value: Value): boolean {
  return value.type === 'undefined' && key.type === 'str' && (key.value === 'rooms' || key.value === 'flags');
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
