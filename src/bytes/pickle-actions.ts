import { isUtf8 } from 'node:buffer';
import type { StrValue, Value } from '../model/value.ts';
import { DecodeError } from './decode-error.ts';
import { Builder, type BuilderKind, type Item } from './pickle-builder.ts';
import { fail, type PickleMachine } from './pickle-machine.ts';
import { addState, buildObject, callObject, nameGlobal } from './pickle-objects.ts';
import type { Instruction, OpcodeName } from './pickle-opcodes.ts';
import {
  readDecimal,
  readFloat,
  readLong,
  readQuotedString,
  readRawUnicodeEscape,
  readUtf8,
} from './pickle-text.ts';

type Action = (machine: PickleMachine, at: Instruction) => void;

/** The highest protocol there is (CPython 3.14, `Lib/pickle.py`, `HIGHEST_PROTOCOL`). */
const LAST_PROTOCOL = 5;

/** What each instruction does. Nothing here imports, calls or creates anything that the bytes name. */
export const ACTIONS: Readonly<Record<OpcodeName, Action>> = {
  PROTO: (machine, at) => {
    const version = machine.bytes.readUInt8(at.start);
    if (version > LAST_PROTOCOL)
      throw new DecodeError('bad-type', `protocol ${version} is not known`, at.offset);
  },
  FRAME: () => undefined,
  STOP: (machine, at) => {
    machine.result = machine.pop(at);
    if (machine.openMarks > 0) fail('STOP finds a mark that nothing has used', at);
  },
  NONE: push((at) => ({ type: 'nil', ...span(at) })),
  NEWTRUE: push((at) => ({ type: 'bool', ...span(at), value: true })),
  NEWFALSE: push((at) => ({ type: 'bool', ...span(at), value: false })),
  INT: push((at, text) => {
    if (text === '00' || text === '01') return { type: 'bool', ...span(at), value: text === '01' };
    return { type: 'int', ...span(at), value: readDecimal(text.trim(), at.offset) };
  }),
  BININT: push((at, _, bytes) => ({ type: 'int', ...span(at), value: bytes.readInt32LE() })),
  BININT1: push((at, _, bytes) => ({ type: 'int', ...span(at), value: bytes.readUInt8() })),
  BININT2: push((at, _, bytes) => ({ type: 'int', ...span(at), value: bytes.readUInt16LE() })),
  LONG: push((at, text) => ({
    type: 'int',
    ...span(at),
    value: readDecimal(text.replace(/L$/, ''), at.offset),
  })),
  LONG1: pushLong(),
  LONG4: pushLong(),
  FLOAT: push((at, text) => ({ type: 'float', ...span(at), value: readFloat(text, at.offset) })),
  BINFLOAT: push((at, _, bytes) => ({ type: 'float', ...span(at), value: bytes.readDoubleBE() })),
  UNICODE: push((at, _, bytes) => ({
    type: 'str',
    ...span(at),
    value: readRawUnicodeEscape(bytes, at.offset),
  })),
  BINUNICODE: pushText(),
  SHORT_BINUNICODE: pushText(),
  BINUNICODE8: pushText(),
  SHORT_BINBYTES: pushBytes(),
  BINBYTES: pushBytes(),
  BINBYTES8: pushBytes(),
  BYTEARRAY8: pushBytes(),
  STRING: push((at, _, bytes) => oldString(readQuotedString(bytes, at.offset), at)),
  BINSTRING: push((at, _, bytes) => oldString(bytes, at)),
  SHORT_BINSTRING: push((at, _, bytes) => oldString(bytes, at)),
  EMPTY_DICT: pushEmpty('dict'),
  DICT: gather('dict'),
  SETITEM: (machine, at) => {
    const value = machine.pop(at);
    const key = machine.pop(at);
    fill(machine, 'dict', [key, value], at);
  },
  SETITEMS: (machine, at) => {
    fill(machine, 'dict', machine.popMark(at), at);
  },
  EMPTY_LIST: pushEmpty('list'),
  LIST: gather('list'),
  APPEND: (machine, at) => {
    fill(machine, 'list', [machine.pop(at)], at);
  },
  APPENDS: (machine, at) => {
    fill(machine, 'list', machine.popMark(at), at);
  },
  EMPTY_TUPLE: pushEmpty('tuple'),
  TUPLE1: pushTuple(1),
  TUPLE2: pushTuple(2),
  TUPLE3: pushTuple(3),
  TUPLE: gather('tuple'),
  EMPTY_SET: pushEmpty('set', 'builtins.set'),
  ADDITEMS: (machine, at) => {
    fill(machine, 'set', machine.popMark(at), at);
  },
  FROZENSET: gather('set', 'builtins.frozenset'),
  MARK: (machine, at) => {
    machine.mark(at);
  },
  POP: (machine, at) => {
    machine.drop(at);
  },
  POP_MARK: (machine, at) => {
    machine.popMark(at);
  },
  DUP: (machine, at) => {
    machine.push(machine.top(at), at.offset);
  },
  MEMOIZE: (machine, at) => {
    machine.remember(machine.memoSize, at);
  },
  PUT: put,
  BINPUT: put,
  LONG_BINPUT: put,
  GET: get,
  BINGET: get,
  LONG_BINGET: get,
  GLOBAL: (machine, at) => {
    machine.push(nameGlobal(machine, at), at.offset);
  },
  STACK_GLOBAL: (machine, at) => {
    const name = machine.pop(at);
    const module = machine.pop(at);
    if (!isText(name) || !isText(module)) fail('STACK_GLOBAL finds no two texts', at);
    const start = machine.poppedStart;
    machine.push(machine.name(`${module.value}.${name.value}`, start, at.next), start);
  },
  REDUCE: (machine, at) => {
    const args = machine.pop(at);
    callObject(machine, machine.pop(at), args, at);
  },
  NEWOBJ: (machine, at) => {
    const args = machine.pop(at);
    callObject(machine, machine.pop(at), args, at);
  },
  NEWOBJ_EX: (machine, at) => {
    const named = machine.pop(at);
    const args = machine.pop(at);
    addState(callObject(machine, machine.pop(at), args, at), named, at);
  },
  BUILD: (machine, at) => {
    const state = machine.pop(at);
    addState(machine.top(at), state, at);
  },
  INST: (machine, at) => {
    const args = machine.popMark(at);
    const start = machine.poppedStart;
    machine.push(buildObject(machine, nameGlobal(machine, at), args, start, at), start);
  },
  OBJ: (machine, at) => {
    const [callable, ...args] = machine.popMark(at);
    if (callable === undefined) fail('OBJ finds no class', at);
    const start = machine.poppedStart;
    machine.push(buildObject(machine, callable, args, start, at), start);
  },
  EXT1: pushExtension(1),
  EXT2: pushExtension(2),
  EXT4: pushExtension(4),
  PERSID: (machine, at) => {
    const id: Value = { type: 'str', ...span(at), value: line(machine, at) };
    pushNamed(machine, '<persistent id>', id, at.offset, at);
  },
  BINPERSID: (machine, at) => {
    const id = machine.pop(at);
    pushNamed(machine, '<persistent id>', id, machine.poppedStart, at);
  },
  NEXT_BUFFER: (machine, at) => {
    machine.push(new Builder('object', at.offset, at.next, '<buffer outside of the pickle>'), at.offset);
  },
  READONLY_BUFFER: (machine, at) => {
    machine.top(at);
  },
};

function span(at: Instruction): { offset: number; length: number } {
  return { offset: at.offset, length: at.next - at.offset };
}

function line(machine: PickleMachine, at: Instruction): string {
  return machine.bytes.toString('latin1', at.start, at.end);
}

function push(read: (at: Instruction, text: string, bytes: Buffer) => Value): Action {
  return (machine, at) => {
    const bytes = machine.bytes.subarray(at.start, at.end);
    const text = at.layout === 'line' ? bytes.toString('latin1') : '';
    machine.push(read(at, text, bytes), at.offset);
  };
}

function pushLong(): Action {
  return push((at, _, bytes) => ({ type: 'int', ...span(at), value: readLong(bytes, at.offset) }));
}

function pushText(): Action {
  return push((at, _, bytes) => readUtf8(bytes, span(at)));
}

function pushBytes(): Action {
  return push((at, _, bytes) => ({ type: 'bin', ...span(at), bytes }));
}

/** Python 2 has one type for text and bytes: bytes that are no UTF-8 are kept beside the text. */
function oldString(bytes: Buffer, at: Instruction): StrValue {
  const value = bytes.toString('utf8');
  return isUtf8(bytes) ? { type: 'str', ...span(at), value } : { type: 'str', ...span(at), value, bytes };
}

function pushEmpty(kind: BuilderKind, name = ''): Action {
  return (machine, at) => {
    machine.push(new Builder(kind, at.offset, at.next, name), at.offset);
  };
}

function gather(kind: BuilderKind, name = ''): Action {
  return (machine, at) => {
    const items = machine.popMark(at);
    const start = machine.poppedStart;
    const builder = new Builder(kind, start, at.next, name);
    addAll(builder, items, at);
    machine.push(builder, start);
  };
}

function pushTuple(count: number): Action {
  return (machine, at) => {
    const items: Item[] = [];
    while (items.length < count) items.unshift(machine.pop(at));
    const start = machine.poppedStart;
    const tuple = new Builder('tuple', start, at.next);
    addAll(tuple, items, at);
    machine.push(tuple, start);
  };
}

/** Puts items into the list or dict on top of the stack; into an object (an OrderedDict, …) as part of its state. */
function fill(
  machine: PickleMachine,
  kind: 'list' | 'dict' | 'set',
  items: readonly Item[],
  at: Instruction,
): void {
  const target = machine.top(at);
  if (!(target instanceof Builder) || (target.kind !== kind && target.kind !== 'object')) {
    fail(`${at.name} finds no ${kind}`, at);
  }
  const builder = target.kind === kind ? target : contentsOf(target, kind, at);
  addAll(builder, items, at);
  builder.end = at.next;
  target.end = at.next;
}

function contentsOf(object: Builder, kind: 'list' | 'dict' | 'set', at: Instruction): Builder {
  const last = object.items?.at(-1);
  if (last instanceof Builder && last.isContents && last.kind === kind) return last;
  const contents = new Builder(kind, at.offset, at.next);
  contents.isContents = true;
  object.add(contents);
  return contents;
}

function addAll(builder: Builder, items: readonly Item[], at: Instruction): void {
  if (builder.kind === 'dict' && items.length % 2 === 1) fail(`${at.name} finds a key without a value`, at);
  for (const item of items) builder.add(item);
}

function memoIndex(machine: PickleMachine, at: Instruction): number {
  if (at.layout !== 'line') return machine.bytes.readUIntLE(at.start, at.end - at.start);
  const index = readDecimal(line(machine, at).trim(), at.offset);
  if (typeof index === 'bigint' || index < 0) fail(`${at.name} has the odd number ${index}`, at);
  return index;
}

function put(machine: PickleMachine, at: Instruction): void {
  machine.remember(memoIndex(machine, at), at);
}

function get(machine: PickleMachine, at: Instruction): void {
  machine.push(machine.recall(memoIndex(machine, at), at), at.offset);
}

function pushExtension(size: 1 | 2 | 4): Action {
  return (machine, at) => {
    const code = machine.bytes.readUIntLE(at.start, size);
    machine.push(machine.name(`<extension ${code}>`, at.offset, at.next), at.offset);
  };
}

function pushNamed(machine: PickleMachine, name: string, state: Item, start: number, at: Instruction): void {
  const object = new Builder('object', start, at.next, name);
  object.isResult = true;
  object.add(state);
  machine.push(object, start);
}

function isText(item: Item): item is StrValue {
  return !(item instanceof Builder) && item.type === 'str';
}
