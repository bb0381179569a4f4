import type { Value } from '../model/value.ts';
import {
  addFinding,
  asText,
  type Draft,
  isArray,
  isMap,
  isNothing,
  keep,
  keepRest,
  readFields,
} from './fields.ts';

const KNOWN = new Set(['rooms', 'except', 'flags']);

/**
 * Reads `opts`, the selection of who is meant, in the forms that senders really write: absent, undefined, nil or
 * `""` for nothing; a list; one text; PHP's `[]` in place of an empty map and its maps in place of lists.
 */
export function readSelection(message: Draft, opts: Value | undefined): void {
  if (opts === undefined || isNothing(opts)) return;
  if (!isMap(opts)) {
    if (isArray(opts) && opts.items.length === 0) emptyList(message, 'opts', opts);
    else keep(message, 'opts', opts);
    return;
  }
  const fields = readFields(opts);
  const rooms = readNames(message, 'rooms', fields.of.get('rooms'));
  const except = readNames(message, 'except', fields.of.get('except'));
  if (rooms !== undefined) message.rooms = rooms;
  if (except !== undefined) message.except = except;
  readFlags(message, fields.of.get('flags'));
  keepRest(message, opts, fields, KNOWN, 'opts');
}

/** The room names as texts, for comparing with a channel. */
export function roomTexts(rooms: readonly Value[] | undefined): string[] {
  const texts: string[] = [];
  for (const room of rooms ?? []) {
    if (room.type === 'str') texts.push(room.value);
    if (room.type === 'int') texts.push(String(room.value));
  }
  return texts;
}

/** A list of rooms or socket ids; a single text (python's `room`, `skip_sid`) becomes a list of one. */
export function readNames(
  message: Draft,
  field: string,
  value: Value | undefined,
): readonly Value[] | undefined {
  if (value === undefined) return undefined;
  if (isNothing(value)) {
    if (asText(value) === '') oddEmpty(message, field, value);
    return undefined;
  }
  const names = namesIn(value);
  if (names === undefined) {
    keep(message, field, value);
    return undefined;
  }
  if (isMap(value)) {
    addFinding(message, {
      code: 'odd-list',
      severity: 'info',
      message: `"${field}" was sent as a map (a PHP array with gaps?); its values are shown as a list.`,
      offset: value.offset,
    });
  }
  checkNames(message, field, names);
  return names;
}

function namesIn(value: Value): readonly Value[] | undefined {
  switch (value.type) {
    case 'array':
      return value.items;
    case 'map':
      return value.entries.map((entry) => entry.value);
    case 'str':
    case 'int':
      return [value];
    default:
      return undefined;
  }
}

/** Sockets join rooms named by text: `to(42)` does not reach who joined `"42"` (adapter 7.0.1 changelog). */
function checkNames(message: Draft, field: string, names: readonly Value[]): void {
  const odd = names.find((name) => name.type !== 'str');
  if (odd === undefined) return;
  addFinding(message, {
    code: 'bad-room',
    severity: 'warning',
    message: `"${field}" holds ${odd.type === 'int' ? `the number ${String(odd.value)}` : `a value of type ${odd.type}`}; rooms are named by text.`,
    offset: odd.offset,
  });
}

function readFlags(message: Draft, flags: Value | undefined): void {
  if (flags === undefined) return;
  if (isMap(flags)) {
    message.flags = flags;
  } else if (isArray(flags) && flags.items.length === 0) {
    message.flags = { type: 'map', offset: flags.offset, length: flags.length, entries: [] };
    emptyList(message, 'flags', flags);
  } else if (isNothing(flags)) {
    if (asText(flags) === '') oddEmpty(message, 'flags', flags);
  } else {
    keep(message, 'flags', flags);
  }
}

function emptyList(message: Draft, field: string, value: Value): void {
  addFinding(message, {
    code: 'empty-list-as-map',
    severity: 'info',
    message: `"${field}" was sent as an empty list where an empty map belongs, as PHP emitters do.`,
    offset: value.offset,
  });
}

function oddEmpty(message: Draft, field: string, value: Value): void {
  addFinding(message, {
    code: 'empty-text',
    severity: 'info',
    message: `"${field}" was sent as an empty text, as the Python and C# emitters do; it means nothing.`,
    offset: value.offset,
  });
}
