import type { Value } from '../model/value.ts';
import { DecodeError, leftOver } from './decode-error.ts';
import { ACTIONS } from './pickle-actions.ts';
import { freeze } from './pickle-builder.ts';
import { type PickledGlobal, PickleMachine } from './pickle-machine.ts';

/**
 * A pickle may refer to the same part many times, and parts to parts: a few hundred bytes can stand for gigabytes.
 * What may be written out at most is this, and so many times the bytes of the pickle.
 */
const BASE_WEIGHT = 1024 * 1024;
const WEIGHT_PER_BYTE = 16;

const EMPTY_TUPLE = 0x29;
const TUPLE_CLOSERS = new Set([EMPTY_TUPLE, 0x74, 0x85, 0x86, 0x87]);

/**
 * Decodes one pickle of protocol 0 to 5 that fills `bytes`, without importing, calling or creating anything that it
 * names: such places become `opaque` values. Lists and tuples are arrays (see `isTuple`), sets are opaque
 * `builtins.set`. Shared parts are shared objects, within a bound on what they take when written out.
 * @throws {DecodeError}
 */
export function decodePickle(bytes: Uint8Array): Value {
  const machine = new PickleMachine(bytes);
  while (machine.result === undefined) step(machine);
  checkEnd(machine);
  return freeze(machine.result, BASE_WEIGHT + WEIGHT_PER_BYTE * bytes.length);
}

/** Every class and function that a pickle names, in order, up to where it ends or breaks. Never throws. */
export function listPickledGlobals(bytes: Uint8Array): readonly PickledGlobal[] {
  const machine = new PickleMachine(bytes);
  try {
    while (machine.result === undefined) step(machine);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
  }
  return [...machine.globals.values()];
}

/** Whether an array of a pickle was a tuple: its last byte is the instruction that closed it. */
export function isTuple(value: Value, bytes: Uint8Array): boolean {
  return value.type === 'array' && TUPLE_CLOSERS.has(bytes[value.offset + value.length - 1] ?? 0);
}

function step(machine: PickleMachine): void {
  const instruction = machine.fetch();
  ACTIONS[instruction.name](machine, instruction);
}

function checkEnd(machine: PickleMachine): void {
  const { bytes, position } = machine;
  if (position < bytes.length) throw leftOver(bytes, position, 'the pickle');
}
