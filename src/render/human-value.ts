import type { MapValue, Value } from '../model/value.ts';
import { quoteText, safeText } from './safe-text.ts';
import { formatBytes } from './text-width.ts';

/** Binary up to this many bytes is shown, longer only counted. */
const SHOWN_BINARY_BYTES = 12;

/** Keys whose values may hold cookies, tokens or session ids (wire-level: `fetchSockets` handshakes, session keys). */
const SECRET_KEYS: ReadonlySet<string> = new Set(['handshake', 'auth', 'cookie', 'authorization', 'pid']);

/** A value for a person: one line, safe for a terminal. Writing stops soon after `limit` characters. */
export function showValue(value: Value, limit = Number.POSITIVE_INFINITY): string {
  return new Writer(limit).one(value);
}

/** Several values, separated by commas. */
export function showValues(values: readonly Value[], limit = Number.POSITIVE_INFINITY): string {
  return new Writer(limit).several(values);
}

/** The beginning of a text, and how many bytes of what it shows were left unwritten. */
export interface Excerpt {
  readonly text: string;
  readonly unwrittenBytes: number;
}

/** As `showValues`, for whoever has to say how much is missing. */
export function excerptValues(values: readonly Value[], limit: number): Excerpt {
  const writer = new Writer(limit);
  return { text: writer.several(values), unwrittenBytes: writer.unwrittenBytes };
}

class Writer {
  #left: number;
  /** Text counts as UTF-8, everything else with its length on the wire. */
  unwrittenBytes = 0;

  constructor(limit: number) {
    this.#left = limit;
  }

  one(value: Value): string {
    switch (value.type) {
      case 'array':
        return `[${this.several(value.items)}]`;
      case 'map':
        return this.#map(value);
      case 'opaque':
        return (
          this.#spend(`<${safeText(value.name)}>`) +
          (value.state.length === 0 ? '' : `(${this.several(value.state)})`)
        );
      case 'str':
        return this.#text(value.value);
      default:
        return this.#spend(showScalar(value));
    }
  }

  several(values: readonly Value[]): string {
    const parts: string[] = [];
    for (const [index, value] of values.entries()) {
      if (this.#left <= 0) {
        for (const rest of values.slice(index)) this.unwrittenBytes += rest.length;
        parts.push('…');
        break;
      }
      parts.push(this.one(value));
      this.#left -= 2;
    }
    return parts.join(', ');
  }

  #map(map: MapValue): string {
    const parts: string[] = [];
    for (const [index, { key, value }] of map.entries.entries()) {
      if (this.#left <= 0) {
        for (const rest of map.entries.slice(index))
          this.unwrittenBytes += rest.key.length + rest.value.length;
        parts.push('…');
        break;
      }
      const name = key.type === 'str' ? this.#spend(showKey(key.value)) : this.one(key);
      const secret = key.type === 'str' && SECRET_KEYS.has(key.value.toLowerCase());
      parts.push(`${name}: ${secret ? this.#spend(maskValue(value)) : this.one(value)}`);
    }
    return `{${parts.join(', ')}}`;
  }

  /** Only as much of a long text is escaped as will be looked at. */
  #text(text: string): string {
    if (text.length <= this.#left) return this.#spend(quoteText(text));
    const written = Math.max(0, this.#left);
    this.unwrittenBytes += Buffer.byteLength(text.slice(written));
    return this.#spend(`${quoteText(text.slice(0, written)).slice(0, -1)}…"`);
  }

  #spend(text: string): string {
    this.#left -= text.length;
    return text;
  }
}

function showScalar(value: Exclude<Value, { type: 'array' | 'map' | 'opaque' | 'str' }>): string {
  switch (value.type) {
    case 'nil':
      return 'null';
    case 'undefined':
      return 'undefined';
    case 'bool':
    case 'int':
      return String(value.value);
    case 'float':
      return Object.is(value.value, -0) ? '-0' : String(value.value);
    case 'bin':
      return showBinary(value.bytes);
    case 'date': {
      const date = new Date(value.seconds * 1000 + Math.floor(value.nanos / 1e6));
      return Number.isNaN(date.getTime()) ? 'Invalid Date' : date.toISOString();
    }
    case 'ext':
      return value.inner === undefined
        ? `<${value.name ?? `ext ${value.code}`} ${formatBytes(value.bytes.length)}>`
        : `<${value.name ?? 'ext'} ${showValue(value.inner, 200)}>`;
  }
}

function showBinary(bytes: Uint8Array): string {
  if (bytes.length > SHOWN_BINARY_BYTES) return `<${formatBytes(bytes.length)} binary>`;
  return bytes.length === 0 ? '<empty binary>' : `<${Buffer.from(bytes).toString('hex')}>`;
}

/** The first characters are enough to recognise what must not be read over a shoulder. */
function maskValue(value: Value): string {
  if (value.type === 'str') return `"${safeText(value.value.slice(0, 4))}…"`;
  if (value.type === 'nil' || value.type === 'undefined') return showScalar(value);
  return '<hidden>';
}

function showKey(key: string): string {
  return /^[A-Za-z_$][\w$-]*$/.test(key) ? key : quoteText(key);
}
