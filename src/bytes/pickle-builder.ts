import { MAX_DEPTH, type MapEntry, type Value } from '../model/value.ts';
import { DecodeError } from './decode-error.ts';

/** What stands on the stack of the pickle machine: a finished value, or a container that may still grow. */
export type Item = Value | Builder;

/** An `object` is a class, a function or what a call would have given: named, never built. */
export type BuilderKind = 'list' | 'tuple' | 'dict' | 'set' | 'object';

/**
 * A container while the machine runs. The same one may stand in several places and even inside itself: memo
 * references do that. `items` of a dict are keys and values in turn.
 */
export class Builder {
  readonly kind: BuilderKind;
  readonly offset: number;
  readonly name: string;
  /** Where the last instruction ended that put something in. */
  end: number;
  items: Item[] | undefined;
  /** Levels of containers inside, this one included, as far as they were there when they were put in. */
  levels = 1;
  frozen: Frozen | 'open' | undefined;
  /** An object that a call would have given, no class or function. */
  isResult = false;
  /** Items that instructions put into an object, apart from its arguments and its state. */
  isContents = false;

  constructor(kind: BuilderKind, offset: number, end: number, name = '') {
    this.kind = kind;
    this.offset = offset;
    this.end = end;
    this.name = name;
  }

  add(item: Item): void {
    if (item instanceof Builder && item.levels >= this.levels) {
      this.levels = item.levels + 1;
      if (this.levels > MAX_DEPTH) tooDeep(this.offset);
    }
    if (this.items === undefined) this.items = [item];
    else this.items.push(item);
  }
}

/** `weight` is about the bytes that the value takes when it is written out, every shared part as often as it stands. */
interface Frozen {
  readonly value: Value;
  readonly weight: number;
  readonly height: number;
}

interface Visit {
  readonly builder: Builder;
  readonly values: Value[];
  weight: number;
  height: number;
}

/**
 * Turns what the machine has built into a finite tree. Shared parts stay shared objects, but a tree that would be
 * heavier than `maxWeight` when written out is refused (`too-large`), as is one nested deeper than `MAX_DEPTH`
 * (`too-deep`). Where a container holds itself, the inner place says `<cycle>`. Needs no recursion.
 */
export function freeze(root: Item, maxWeight: number): Value {
  if (!(root instanceof Builder)) return root;
  const visits = [open(root)];
  for (let visit = visits.at(-1); visit !== undefined; visit = visits.at(-1)) {
    const child = visit.builder.items?.[visit.values.length];
    if (child === undefined) {
      visits.pop();
      const frozen = close(visit);
      if (frozen.weight > maxWeight) tooLarge(visit.builder.offset, maxWeight);
      visit.builder.frozen = frozen;
      if (visits.length === 0) return frozen.value;
    } else if (child instanceof Builder && child.frozen === undefined) {
      visits.push(open(child));
      if (visits.length > MAX_DEPTH) tooDeep(child.offset);
    } else {
      take(visit, child);
      if (visits.length + visit.height > MAX_DEPTH) tooDeep(visit.builder.offset);
      if (visit.weight > maxWeight) tooLarge(visit.builder.offset, maxWeight);
    }
  }
  return root.frozen === undefined || root.frozen === 'open' ? cycle(root) : root.frozen.value;
}

function open(builder: Builder): Visit {
  builder.frozen = 'open';
  return { builder, values: [], weight: 1 + builder.name.length, height: 0 };
}

function take(visit: Visit, child: Item): void {
  if (!(child instanceof Builder)) {
    visit.values.push(child);
    visit.weight += 1 + child.length;
  } else if (child.frozen === undefined || child.frozen === 'open') {
    visit.values.push(cycle(child));
    visit.weight += 1;
  } else {
    visit.values.push(child.frozen.value);
    visit.weight += child.frozen.weight;
    visit.height = Math.max(visit.height, child.frozen.height);
  }
}

function cycle(builder: Builder): Value {
  return {
    type: 'opaque',
    offset: builder.offset,
    length: builder.end - builder.offset,
    name: '<cycle>',
    state: [],
  };
}

function close({ builder, values, weight, height }: Visit): Frozen {
  return { value: toValue(builder, values), weight, height: height + (builder.kind === 'set' ? 2 : 1) };
}

function toValue(builder: Builder, values: readonly Value[]): Value {
  const span = { offset: builder.offset, length: builder.end - builder.offset };
  switch (builder.kind) {
    case 'list':
    case 'tuple':
      return { type: 'array', ...span, items: values };
    case 'dict':
      return { type: 'map', ...span, entries: pairUp(values) };
    case 'set':
      return {
        type: 'opaque',
        ...span,
        name: builder.name,
        state: [{ type: 'array', ...span, items: values }],
      };
    case 'object':
      return { type: 'opaque', ...span, name: builder.name, state: values };
  }
}

function pairUp(values: readonly Value[]): MapEntry[] {
  const entries: MapEntry[] = [];
  for (let index = 0; index + 1 < values.length; index += 2) {
    const key = values[index];
    const value = values[index + 1];
    if (key !== undefined && value !== undefined) entries.push({ key, value });
  }
  return entries;
}

function tooDeep(offset: number): never {
  throw new DecodeError('too-deep', `nested deeper than ${MAX_DEPTH} levels`, offset);
}

function tooLarge(offset: number, maxWeight: number): never {
  const what = `parts that refer to each other would take more than ${maxWeight} bytes when written out`;
  throw new DecodeError('too-large', what, offset);
}
