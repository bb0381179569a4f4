import type { Value } from '../model/value.ts';
import { DecodeError } from './decode-error.ts';
import { decodePickle } from './pickle.ts';
import { ACTIONS } from './pickle-actions.ts';
import { Builder, type Item } from './pickle-builder.ts';
import { PickleMachine } from './pickle-machine.ts';
import type { Instruction, OpcodeName } from './pickle-opcodes.ts';

/** One instruction of a pickle, for the annotated dump. Steps follow each other without holes. */
export interface PickleStep {
  readonly offset: number;
  readonly length: number;
  /** CPython's name for it (`Lib/pickletools.py`). */
  readonly opcode: OpcodeName;
  /** What the instruction carries, shortened; a stranger's text, quoted. */
  readonly argument?: string;
  readonly note: string;
  /** Marks open around it: how far to indent. */
  readonly level: number;
}

export interface PickleTrace {
  readonly steps: readonly PickleStep[];
  /** Why the steps do not cover all bytes, or why the value cannot be shown. */
  readonly error?: DecodeError;
}

const MAX_PREVIEW = 60;
/** Nobody reads more, and each takes some 100 bytes of memory. */
const MAX_STEPS = 1_000_000;

/** Every instruction with its meaning, up to STOP or to the byte where the pickle breaks. Never throws. */
export function tracePickle(bytes: Uint8Array): PickleTrace {
  const machine = new PickleMachine(bytes);
  const steps: PickleStep[] = [];
  try {
    while (machine.result === undefined) {
      if (steps.length === MAX_STEPS)
        throw new DecodeError('too-large', `more than ${MAX_STEPS} instructions`, machine.position);
      steps.push(traceStep(machine));
    }
    decodePickle(bytes);
    return { steps };
  } catch (error) {
    if (error instanceof DecodeError) return { steps, error };
    throw error;
  }
}

function traceStep(machine: PickleMachine): PickleStep {
  const before = machine.openMarks;
  const at = machine.fetch();
  const number = machine.memoSize;
  ACTIONS[at.name](machine, at);
  const argument = argumentOf(machine, at);
  return {
    offset: at.offset,
    length: at.next - at.offset,
    opcode: at.name,
    ...(argument === undefined ? {} : { argument }),
    note: noteFor(machine, at, number),
    level: Math.min(before, machine.openMarks),
  };
}

function argumentOf(machine: PickleMachine, at: Instruction): string | undefined {
  const { bytes } = machine;
  switch (at.layout) {
    case 'none':
      return undefined;
    case 'u1':
    case 'u2':
    case 'u4':
      return String(bytes.readUIntLE(at.start, at.end - at.start));
    case 'i4':
      return String(bytes.readInt32LE(at.start));
    case 'u8':
      return String(bytes.readBigUInt64LE(at.start));
    case 'line':
    case 'lines':
      return preview(bytes.toString('latin1', at.start, Math.min(at.end, at.start + MAX_PREVIEW + 1)));
    default:
      return describe(machine.peek());
  }
}

function noteFor(machine: PickleMachine, at: Instruction, number: number): string {
  switch (at.name) {
    case 'MEMOIZE':
      return `remembers the last item as number ${number}`;
    case 'GET':
    case 'BINGET':
    case 'LONG_BINGET':
      return `${at.note}: ${describe(machine.peek()) ?? 'nothing'}`;
    case 'GLOBAL':
    case 'STACK_GLOBAL':
    case 'REDUCE':
    case 'NEWOBJ':
    case 'NEWOBJ_EX':
    case 'INST':
    case 'OBJ': {
      const item = machine.peek();
      return item instanceof Builder ? `${at.note}: ${preview(item.name)}; nothing is run here` : at.note;
    }
    default:
      return at.note;
  }
}

function describe(item: Item | undefined): string | undefined {
  if (item === undefined) return undefined;
  if (item instanceof Builder) return item.kind === 'object' ? preview(item.name) : `the ${item.kind}`;
  return describeValue(item);
}

function describeValue(value: Value): string {
  switch (value.type) {
    case 'str':
      return preview(value.value);
    case 'bin': {
      const hex = Buffer.from(value.bytes.subarray(0, MAX_PREVIEW / 2)).toString('hex');
      return `${value.bytes.length} bytes ${hex}${value.bytes.length > MAX_PREVIEW / 2 ? '…' : ''}`;
    }
    case 'int':
      return value.length > MAX_PREVIEW ? `an integer in ${value.length} bytes` : String(value.value);
    case 'float':
    case 'bool':
      return String(value.value);
    default:
      return value.type === 'nil' ? 'None' : value.type;
  }
}

function preview(text: string): string {
  return JSON.stringify(text.length > MAX_PREVIEW ? `${text.slice(0, MAX_PREVIEW)}…` : text);
}
