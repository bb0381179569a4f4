import { isTuple } from '../bytes/pickle.ts';
import type { Value } from '../model/value.ts';
import { addFinding, asText, type Draft, type Fields, infer, isArray, keep } from './fields.ts';
import type { Memory } from './memory.ts';
import { fillPlaceholders } from './placeholders.ts';

/** Versions of python-socketio, told by how they write the arguments (`socketio/pubsub_manager.py`, each version). */
const PICKLE = 'python-socketio < 5.14';
const NO_BINARY_KEY = 'python-socketio 5.14.0 or 5.14.1';
const ONE_ARGUMENT = 'python-socketio 5.14.2 to 5.15.0';
const ARGUMENT_LIST = 'python-socketio ≥ 5.15.1';

/** What is remembered of a sender whose `data` was seen not to be a list. */
const WRITES_ONE = 'one argument';

/**
 * Reads the arguments of an emit, and says which versions write it so. What one message alone cannot tell is
 * decided by what its sender wrote before, else by what the newest versions do, and listed in `inferred`.
 */
export function readArguments(message: Draft, fields: Fields, memory: Memory, bytes: Uint8Array): void {
  const data = fields.of.get('data');
  const binary = fields.of.get('binary');
  if (message.encoding === 'pickle') {
    setArguments(message, PICKLE, data !== undefined && isTuple(data, bytes) ? itemsOf(data) : one(data));
  } else if (binary === undefined) {
    setArguments(message, NO_BINARY_KEY, one(data));
    if (isArray(data)) noteTupleOrList(message, data);
  } else {
    const isBinary = binary.type === 'bool' && binary.value;
    const plain = isBinary && isArray(data) ? restoreBinary(message, data.items) : data;
    readWithBinaryKey(message, plain, memory);
  }
}

function readWithBinaryKey(message: Draft, data: Value | undefined, memory: Memory): void {
  const sender = `${message.key ?? ''} ${message.uid ?? ''}`;
  if (!isArray(data)) {
    if (message.uid !== undefined) memory.senders.set(sender, WRITES_ONE);
    setArguments(message, ONE_ARGUMENT, one(data));
    return;
  }
  infer(message, 'args');
  if (message.uid !== undefined && memory.senders.get(sender) === WRITES_ONE) {
    setArguments(message, ONE_ARGUMENT, [data]);
    return;
  }
  const isNone = data.items.length === 1 && data.items[0]?.type === 'nil';
  setArguments(message, ARGUMENT_LIST, isNone ? [] : data.items);
}

function setArguments(message: Draft, version: string, args: readonly Value[]): void {
  message.args = args;
  message.version = version;
  infer(message, 'version');
}

function itemsOf(value: Value): readonly Value[] {
  return isArray(value) ? value.items : [value];
}

/** None is no argument. */
function one(data: Value | undefined): readonly Value[] {
  return data === undefined || data.type === 'nil' ? [] : [data];
}

function noteTupleOrList(message: Draft, data: Value): void {
  infer(message, 'args');
  addFinding(message, {
    code: 'ambiguous-arguments',
    severity: 'info',
    message:
      'python-socketio 5.14.0 and 5.14.1 write several arguments and one list alike; receivers deliver one list, so it is shown as one argument.',
    offset: data.offset,
  });
}

/**
 * Puts the attachments of `[skeleton, base64, …]` where the placeholders stand (python-socketio 5.14.2,
 * `socketio/packet.py`, `reconstruct_binary`).
 */
function restoreBinary(message: Draft, parts: readonly Value[]): Value | undefined {
  const [skeleton, ...texts] = parts;
  const used = new Set<number>();
  const attachments = texts.map(readAttachment);
  const restored =
    skeleton === undefined
      ? undefined
      : fillPlaceholders(skeleton, (number, placeholder) => {
          used.add(number);
          if (attachments[number] === undefined) noteLost(message, placeholder, number);
          return attachments[number];
        });
  texts.forEach((text, number) => {
    if (!used.has(number) || attachments[number] === undefined) keep(message, `attachment ${number}`, text);
  });
  return restored;
}

/** Standard base64 with padding; anything else is no attachment. */
function readAttachment(value: Value): Value | undefined {
  const text = asText(value) ?? (value.type === 'str' ? '' : undefined);
  if (text === undefined || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  return { type: 'bin', offset: value.offset, length: value.length, bytes: Buffer.from(text, 'base64') };
}

function noteLost(message: Draft, placeholder: Value, number: number): void {
  addFinding(message, {
    code: 'binary-lost',
    severity: 'warning',
    message: `Attachment ${number} is missing or no base64: its placeholder is shown in its place.`,
    offset: placeholder.offset,
  });
}
