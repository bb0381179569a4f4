import type { DateValue, MapEntry, MapValue, Value } from '../model/value.ts';

/** What the contract wants as escapes beyond JSON's own: DEL, C1 controls and bidirectional controls. */
const ESCAPED = /[\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const NEEDS_ESCAPE = new RegExp(ESCAPED.source);

/** Keys of the wrappers: an object of the payload with only such a key is put into `$literal`. */
const WRAPPERS: ReadonlySet<string> = new Set([
  '$binary',
  '$undefined',
  '$date',
  '$numberLong',
  '$numberDouble',
  '$ext',
  '$literal',
  '$map',
  '$string',
  '$opaque',
]);

/** Items from which a list is written in pieces. */
const LONG_LIST = 1000;
/** Longer texts are left to JSON.stringify, which is faster for them than looking twice. */
const PLAIN_LIMIT = 100;
const NANOS_PER_MS = 1_000_000;

/** Text that JSON writes as it is. */
const PLAIN = /^[ !#-[\]-~]*$/;

/** A text as JSON, safe for a terminal as well. */
export function quoteJson(text: string): string {
  if (text.length < PLAIN_LIMIT && PLAIN.test(text)) return `"${text}"`;
  const quoted = JSON.stringify(text);
  return NEEDS_ESCAPE.test(quoted) ? quoted.replace(ESCAPED, toEscape) : quoted;
}

/** A value as JSON, with the output contract's wrappers for what JSON cannot hold. */
export function writeJsonValue(value: Value): string {
  switch (value.type) {
    case 'nil':
      return 'null';
    case 'undefined':
      return '{"$undefined":true}';
    case 'bool':
      return value.value ? 'true' : 'false';
    case 'int':
      return typeof value.value === 'number'
        ? String(value.value)
        : `{"$numberLong":"${value.value.toString()}"}`;
    case 'float':
      return writeFloat(value.value);
    case 'str':
      return value.bytes === undefined
        ? quoteJson(value.value)
        : `{"$string":{"base64":"${base64(value.bytes)}"}}`;
    case 'bin':
      return `{"$binary":{"base64":"${base64(value.bytes)}","subType":"00"}}`;
    case 'date':
      return writeDate(value);
    case 'ext':
      return writeExtension(value);
    case 'array':
      return writeJsonList(value.items);
    case 'map':
      return writeMap(value);
    case 'opaque':
      return `{"$opaque":{"name":${quoteJson(value.name)},"args":${writeJsonList(value.state)}}}`;
  }
}

export function writeJsonList(values: readonly Value[]): string {
  if (values.length > LONG_LIST) return writeLongList(values);
  let text = '[';
  for (const value of values) text += text.length === 1 ? writeJsonValue(value) : `,${writeJsonValue(value)}`;
  return `${text}]`;
}

/** A million short items one by one would be a million string nodes: joined in pieces they are one text each. */
function writeLongList(values: readonly Value[]): string {
  const pieces: string[] = [];
  for (let start = 0; start < values.length; start += LONG_LIST) {
    pieces.push(
      values
        .slice(start, start + LONG_LIST)
        .map(writeJsonValue)
        .join(),
    );
  }
  return `[${pieces.join()}]`;
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** Up to this size comparing every pair of keys is faster than building a Set. */
const SMALL_MAP = 12;

/** Maps that a JSON object would change: keys that are no text or not UTF-8, that stand twice, or `__proto__`. */
function needsPairs({ entries }: MapValue): boolean {
  for (const { key } of entries) {
    if (key.type !== 'str' || key.bytes !== undefined || key.value === '__proto__') return true;
  }
  return entries.length <= SMALL_MAP
    ? hasTwins(entries)
    : new Set(entries.map(nameOf)).size !== entries.length;
}

function hasTwins(entries: MapValue['entries']): boolean {
  for (let later = 1; later < entries.length; later++) {
    for (let earlier = 0; earlier < later; earlier++) {
      if (nameOf(entries[later]) === nameOf(entries[earlier])) return true;
    }
  }
  return false;
}

function nameOf(entry: MapEntry | undefined): string {
  return entry?.key.type === 'str' ? entry.key.value : '';
}

function writeMap(map: MapValue): string {
  if (needsPairs(map)) {
    return `{"$map":[${map.entries.map(({ key, value }) => writeJsonList([key, value])).join()}]}`;
  }
  let text = '{';
  for (const { key, value } of map.entries) {
    if (key.type !== 'str') continue;
    text += `${text.length === 1 ? '' : ','}${quoteJson(key.value)}:${writeJsonValue(value)}`;
  }
  const only = map.entries.length === 1 ? map.entries[0]?.key : undefined;
  const mistakable = only?.type === 'str' && WRAPPERS.has(only.value);
  return mistakable ? `{"$literal":${text}}}` : `${text}}`;
}

function writeFloat(value: number): string {
  if (Number.isFinite(value) && !Object.is(value, -0)) return String(value);
  return `{"$numberDouble":"${Object.is(value, -0) ? '-0.0' : String(value)}"}`;
}

function writeDate(value: DateValue): string {
  if (Number.isNaN(value.seconds)) return '{"$date":null}';
  const ms = value.seconds * 1000 + Math.floor(value.nanos / NANOS_PER_MS);
  const iso = isoOf(ms);
  if (iso === undefined) return writeExtension(value);
  if (value.nanos % NANOS_PER_MS === 0) return `{"$date":"${iso}"}`;
  return `{"$date":"${iso.slice(0, -4)}${String(value.nanos).padStart(9, '0')}Z"}`;
}

function isoOf(ms: number): string | undefined {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

function writeExtension(value: { readonly code: number; readonly bytes: Uint8Array }): string {
  return `{"$ext":{"type":${value.code},"base64":"${base64(value.bytes)}"}}`;
}

function toEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
