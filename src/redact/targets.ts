import type { Message } from '../model/message.ts';
import type { MapValue, Value } from '../model/value.ts';
import type { RedactedPath, Redaction } from './redaction.ts';

/** Fields of `payload` that count or switch, whoever wrote them. */
const HARMLESS = new Set(['clientCount', 'numSub', 'count', 'attachments', 'close', 'method', 'host_id']);
/** Fields of `payload` that name rooms, sockets and sessions' owners. */
const NAMES = new Set(['rooms', 'room', 'sid', 'id', 'clients', 'sockets', 'namespace']);
/** What is kept of each socket that a server lists. */
const SOCKET_NAMES = new Set(['id', 'rooms']);

/** The values of a message that have to go. */
export function findTargets(message: Message, redaction: Redaction): readonly Value[] {
  const targets: Value[] = redaction.paths.flatMap((path) => followPath(message, path));
  if (redaction.removesArgs) targets.push(...(message.args ?? []), ...findInPayload(message, redaction));
  if (redaction.removesArgs && message.flags !== undefined) targets.push(...findTexts(message.flags));
  if (redaction.removesNames) targets.push(...(message.rooms ?? []), ...(message.except ?? []));
  return targets;
}

/** What is not known to be harmless goes: an adapter of tomorrow may put anything there. */
function findInPayload({ payload }: Message, { removesNames }: Redaction): Value[] {
  const targets: Value[] = [];
  for (const [name, value] of payload ?? []) {
    if (HARMLESS.has(name) && isScalar(value)) continue;
    if (!removesNames && NAMES.has(name)) targets.push(...findBesideNames(value));
    else targets.push(value);
  }
  return targets;
}

/** In a list of names: what is no name. In a list of sockets: everything but their ids and rooms. */
function findBesideNames(value: Value): Value[] {
  if (isScalar(value)) return [];
  if (value.type === 'array') return value.items.flatMap((item) => findInSocket(item));
  return [value];
}

function findInSocket(value: Value): Value[] {
  if (isScalar(value)) return [];
  if (value.type !== 'map') return [value];
  return value.entries.flatMap((entry) => {
    const isName = entry.key.type === 'str' && SOCKET_NAMES.has(entry.key.value) && isNames(entry.value);
    return isName ? [] : [entry.value];
  });
}

function isNames(value: Value): boolean {
  return isScalar(value) || (value.type === 'array' && value.items.every(isScalar));
}

/** Flags switch; a text or anything larger among them is somebody's own. */
function findTexts(flags: Value): Value[] {
  if (flags.type !== 'map') return isSwitch(flags) ? [] : [flags];
  return flags.entries.map(({ value }) => value).filter((value) => !isSwitch(value));
}

function isSwitch({ type }: Value): boolean {
  return type === 'bool' || type === 'nil' || type === 'undefined' || type === 'int';
}

function isScalar(value: Value): boolean {
  return value.type === 'str' || isSwitch(value);
}

function followPath(message: Message, { field, steps }: RedactedPath): readonly Value[] {
  if (field === 'payload') {
    const [name, ...rest] = steps;
    const fields = (message.payload ?? []).filter(([own]) => name === undefined || matches(name, own));
    return follow(
      fields.map(([, value]) => value),
      rest,
    );
  }
  const value = message[field];
  if (value === undefined) return [];
  if (!('type' in value)) {
    const [place, ...rest] = steps;
    return follow(
      value.filter((_, index) => place === undefined || matches(place, String(index))),
      rest,
    );
  }
  return follow([value], steps);
}

function follow(values: readonly Value[], steps: readonly string[]): readonly Value[] {
  const [step, ...rest] = steps;
  if (step === undefined) return values;
  return follow(
    values.flatMap((value) => stepInto(value, step)),
    rest,
  );
}

function stepInto(value: Value, step: string): readonly Value[] {
  if (value.type === 'array') return value.items.filter((_, index) => matches(step, String(index)));
  return value.type === 'map' ? valuesOf(value, step) : [];
}

/** Every entry of this name, also where it stands twice. */
function valuesOf({ entries }: MapValue, name: string): readonly Value[] {
  return entries
    .filter(({ key }) => matches(name, key.type === 'str' ? key.value : undefined))
    .map(({ value }) => value);
}

function matches(step: string, name: string | undefined): boolean {
  return step === '*' || step === name;
}
