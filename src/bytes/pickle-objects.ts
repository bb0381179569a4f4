import type { Value } from '../model/value.ts';
import { Builder, type Item } from './pickle-builder.ts';
import { fail, type PickleMachine } from './pickle-machine.ts';
import type { Instruction } from './pickle-opcodes.ts';

/** Module and name of GLOBAL and INST, each on its line. */
export function nameGlobal(machine: PickleMachine, at: Instruction): Builder {
  const [module = '', name = ''] = machine.bytes.toString('utf8', at.start, at.end).split('\n');
  return machine.name(`${module}.${name}`, at.offset, at.next);
}

/** What REDUCE and NEWOBJ do without calling: pushes the named placeholder, or the bytes that the call is known to mean. */
export function callObject(machine: PickleMachine, callable: Item, args: Item, at: Instruction): Item {
  const start = machine.poppedStart;
  if (!(args instanceof Builder) || args.kind !== 'tuple') fail(`${at.name} finds no tuple of arguments`, at);
  const plain = isGlobal(callable) ? asBytes(callable.name, args, start, at) : undefined;
  const result = plain ?? buildObject(machine, callable, args.items ?? [], start, at);
  machine.push(result, start);
  return result;
}

/** The placeholder for what a call would give; the arguments are its state. */
export function buildObject(
  machine: PickleMachine,
  callable: Item,
  args: readonly Item[],
  start: number,
  at: Instruction,
): Builder {
  if (!(callable instanceof Builder) || callable.kind !== 'object')
    fail(`${at.name} finds nothing to call`, at);
  machine.noteCall(callable.name);
  const isNamed = isGlobal(callable);
  const object = new Builder('object', start, at.next, isNamed ? callable.name : '<call>');
  object.isResult = true;
  if (!isNamed) object.add(callable);
  for (const arg of args) object.add(arg);
  return object;
}

/** BUILD, and the named arguments of NEWOBJ_EX. */
export function addState(object: Item, state: Item, at: Instruction): void {
  if (!(object instanceof Builder) || object.kind !== 'object') fail(`${at.name} finds no object`, at);
  object.add(state);
  object.end = at.next;
}

function isGlobal(item: Item): item is Builder {
  return item instanceof Builder && item.kind === 'object' && !item.isResult;
}

const EMPTY_BYTES = new Set(['__builtin__.bytes', 'builtins.bytes', '__builtin__.str']);

/**
 * Bytes in protocols 0 to 2, which have no opcode for them: `_codecs.encode(text, 'latin1')`, and `bytes()` for none
 * (CPython 3.11, `Lib/pickle.py`, `save_bytes`).
 */
function asBytes(name: string, args: Builder, start: number, at: Instruction): Value | undefined {
  const span = { offset: start, length: at.next - start };
  const [text, encoding, ...more] = args.items ?? [];
  if (EMPTY_BYTES.has(name) && text === undefined) return { type: 'bin', ...span, bytes: Buffer.alloc(0) };
  if (name !== '_codecs.encode' || more.length > 0) return undefined;
  if (textOf(encoding) !== 'latin1') return undefined;
  const characters = textOf(text);
  if (characters === undefined || /[^\0-\xff]/.test(characters)) return undefined;
  return { type: 'bin', ...span, bytes: Buffer.from(characters, 'latin1') };
}

function textOf(item: Item | undefined): string | undefined {
  return item === undefined || item instanceof Builder || item.type !== 'str' ? undefined : item.value;
}
