import { MAX_VALUES } from '../model/value.ts';
import { asBuffer, DecodeError } from './decode-error.ts';
import { Builder, type Item } from './pickle-builder.ts';
import { type Instruction, readInstruction } from './pickle-opcodes.ts';

/** A class or function that a pickle names. */
export interface PickledGlobal {
  /** `module.name`, as written. */
  readonly name: string;
  /** Where it is named first. */
  readonly offset: number;
  /** Whether unpickling would have called it. */
  readonly isCalled: boolean;
}

/** Different names kept at most: a real message has a handful. */
const MAX_GLOBALS = 1000;

/**
 * The stack, the marks and the memo of CPython's unpickler (`Modules/_pickle.c`, 3.11), without its import, its
 * calls and its objects.
 */
export class PickleMachine {
  readonly bytes: Buffer;
  readonly globals = new Map<string, PickledGlobal>();
  position = 0;
  /** Set by STOP. */
  result: Item | undefined;
  readonly #stack: Item[] = [];
  /** For each item of the stack, where the instruction stands that pushed it. */
  readonly #starts: number[] = [];
  /** Heights of the stack at each mark that is still to be used, and where the marks stand. */
  readonly #marks: number[] = [];
  readonly #markOffsets: number[] = [];
  readonly #memo = new Map<number, Item>();
  /** Items and marks made so far. */
  #made = 0;
  /** Start of the item popped last. */
  #start = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = asBuffer(bytes);
  }

  /** Marks that wait for the instruction that uses them. */
  get openMarks(): number {
    return this.#marks.length;
  }

  get memoSize(): number {
    return this.#memo.size;
  }

  fetch(): Instruction {
    const instruction = readInstruction(this.bytes, this.position);
    this.position = instruction.next;
    return instruction;
  }

  push(item: Item, start: number): void {
    this.#count(start);
    this.#stack.push(item);
    this.#starts.push(start);
  }

  pop(at: Instruction): Item {
    const fence = this.#marks.at(-1) ?? 0;
    const item = this.#stack.length > fence ? this.#stack.pop() : undefined;
    if (item === undefined) fail(`${at.name} finds no item to work on`, at);
    this.#start = this.#starts.pop() ?? at.offset;
    return item;
  }

  /** Where the instruction stands that pushed the item popped last. */
  get poppedStart(): number {
    return this.#start;
  }

  peek(): Item | undefined {
    return this.#stack.length > (this.#marks.at(-1) ?? 0) ? this.#stack.at(-1) : undefined;
  }

  top(at: Instruction): Item {
    return this.peek() ?? fail(`${at.name} finds no item to work on`, at);
  }

  mark(at: Instruction): void {
    this.#count(at.offset);
    this.#marks.push(this.#stack.length);
    this.#markOffsets.push(at.offset);
  }

  /** Takes everything since the last mark; `poppedStart` is then the mark's place. */
  popMark(at: Instruction): Item[] {
    const height = this.#marks.pop();
    if (height === undefined) fail(`${at.name} finds no mark`, at);
    this.#start = this.#markOffsets.pop() ?? at.offset;
    this.#starts.length = height;
    return this.#stack.splice(height);
  }

  /** What POP does: an item, or a mark where nothing stands on it. */
  drop(at: Instruction): void {
    if (this.peek() !== undefined || this.#marks.length === 0) {
      this.pop(at);
      return;
    }
    this.#marks.pop();
    this.#markOffsets.pop();
  }

  remember(index: number, at: Instruction): void {
    if (this.#memo.size >= MAX_VALUES)
      throw new DecodeError('too-large', `remembers more than ${MAX_VALUES} items`, at.offset);
    this.#memo.set(index, this.top(at));
  }

  recall(index: number, at: Instruction): Item {
    return (
      this.#memo.get(index) ?? fail(`${at.name} refers to item ${index}, which was never remembered`, at)
    );
  }

  /** Notes that the pickle names a class or function; answers with the builder that stands for it. */
  name(name: string, start: number, end: number): Builder {
    if (!this.globals.has(name) && this.globals.size < MAX_GLOBALS) {
      this.globals.set(name, { name, offset: start, isCalled: false });
    }
    return new Builder('object', start, end, name);
  }

  #count(offset: number): void {
    if (++this.#made > MAX_VALUES)
      throw new DecodeError('too-large', `makes more than ${MAX_VALUES} values`, offset);
  }

  noteCall(name: string): void {
    const known = this.globals.get(name);
    if (known !== undefined && !known.isCalled) this.globals.set(name, { ...known, isCalled: true });
  }
}

export function fail(message: string, at: Instruction): never {
  throw new DecodeError('bad-syntax', message, at.offset);
}
