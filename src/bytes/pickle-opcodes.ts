import { DecodeError, describeByte } from './decode-error.ts';

/** How the argument of an opcode is laid out; numbers are little-endian unless said otherwise. */
type Layout =
  | 'none'
  | 'u1'
  | 'u2'
  | 'u4'
  | 'i4'
  | 'u8'
  /** Eight bytes, big-endian. */
  | 'float8'
  /** Up to and without the next line feed. */
  | 'line'
  | 'lines'
  /** A length, then that many bytes. */
  | 'bytes1'
  | 'bytes4'
  | 'signed4'
  | 'bytes8';

/** One instruction of the pickle machine. `note` says what it does, in words for a reader who does not know pickle. */
interface OpcodeInfo {
  readonly name: OpcodeName;
  readonly layout: Layout;
  readonly note: string;
}

/** One instruction as it stands in the bytes: the whole, and the argument without its length or line feed. */
export interface Instruction extends OpcodeInfo {
  readonly offset: number;
  readonly start: number;
  readonly end: number;
  /** Where the next instruction starts. */
  readonly next: number;
}

/** Protocols 0 to 5, as CPython's `Lib/pickletools.py` (3.11) lists them. */
const TABLE = [
  [0x80, 'PROTO', 'u1', 'the version of the pickle format'],
  [0x95, 'FRAME', 'u8', 'says how many bytes follow in one piece; no part of the value'],
  [0x2e, 'STOP', 'none', 'the end: what is on top of the stack is the value'],
  [0x4e, 'NONE', 'none', 'None'],
  [0x88, 'NEWTRUE', 'none', 'True'],
  [0x89, 'NEWFALSE', 'none', 'False'],
  [0x49, 'INT', 'line', 'an integer in digits, 00 and 01 for False and True'],
  [0x4a, 'BININT', 'i4', 'an integer of 4 bytes'],
  [0x4b, 'BININT1', 'u1', 'an integer of 1 byte'],
  [0x4d, 'BININT2', 'u2', 'an integer of 2 bytes'],
  [0x4c, 'LONG', 'line', 'an integer of any length in digits'],
  [0x8a, 'LONG1', 'bytes1', 'an integer of any length, little-endian'],
  [0x8b, 'LONG4', 'signed4', 'an integer of any length, little-endian'],
  [0x46, 'FLOAT', 'line', 'a float in digits'],
  [0x47, 'BINFLOAT', 'float8', 'a float of 8 bytes, big-endian'],
  [0x56, 'UNICODE', 'line', 'text, with \\u escapes'],
  [0x58, 'BINUNICODE', 'bytes4', 'text, UTF-8'],
  [0x8c, 'SHORT_BINUNICODE', 'bytes1', 'text, UTF-8'],
  [0x8d, 'BINUNICODE8', 'bytes8', 'text, UTF-8'],
  [0x43, 'SHORT_BINBYTES', 'bytes1', 'bytes'],
  [0x42, 'BINBYTES', 'bytes4', 'bytes'],
  [0x8e, 'BINBYTES8', 'bytes8', 'bytes'],
  [0x96, 'BYTEARRAY8', 'bytes8', 'a bytearray'],
  [0x53, 'STRING', 'line', 'a Python 2 string in quotes'],
  [0x54, 'BINSTRING', 'bytes4', 'a Python 2 string'],
  [0x55, 'SHORT_BINSTRING', 'bytes1', 'a Python 2 string'],
  [0x7d, 'EMPTY_DICT', 'none', 'opens a dict'],
  [0x64, 'DICT', 'none', 'makes a dict of everything since the mark'],
  [0x73, 'SETITEM', 'none', 'puts one key and its value into the dict'],
  [0x75, 'SETITEMS', 'none', 'puts the keys and values since the mark into the dict'],
  [0x5d, 'EMPTY_LIST', 'none', 'opens a list'],
  [0x6c, 'LIST', 'none', 'makes a list of everything since the mark'],
  [0x61, 'APPEND', 'none', 'appends one item to the list'],
  [0x65, 'APPENDS', 'none', 'appends the items since the mark to the list'],
  [0x29, 'EMPTY_TUPLE', 'none', 'an empty tuple'],
  [0x85, 'TUPLE1', 'none', 'makes a tuple of the last item'],
  [0x86, 'TUPLE2', 'none', 'makes a tuple of the last 2 items'],
  [0x87, 'TUPLE3', 'none', 'makes a tuple of the last 3 items'],
  [0x74, 'TUPLE', 'none', 'makes a tuple of everything since the mark'],
  [0x8f, 'EMPTY_SET', 'none', 'opens a set'],
  [0x90, 'ADDITEMS', 'none', 'adds the items since the mark to the set'],
  [0x91, 'FROZENSET', 'none', 'makes a frozenset of everything since the mark'],
  [0x28, 'MARK', 'none', 'a mark: items up to the instruction that uses it belong together'],
  [0x30, 'POP', 'none', 'throws the last item away'],
  [0x31, 'POP_MARK', 'none', 'throws everything since the mark away'],
  [0x32, 'DUP', 'none', 'repeats the last item'],
  [0x94, 'MEMOIZE', 'none', 'remembers the last item under the next number'],
  [0x70, 'PUT', 'line', 'remembers the last item under this number'],
  [0x71, 'BINPUT', 'u1', 'remembers the last item under this number'],
  [0x72, 'LONG_BINPUT', 'u4', 'remembers the last item under this number'],
  [0x67, 'GET', 'line', 'the item remembered under this number'],
  [0x68, 'BINGET', 'u1', 'the item remembered under this number'],
  [0x6a, 'LONG_BINGET', 'u4', 'the item remembered under this number'],
  [0x63, 'GLOBAL', 'lines', 'names a class or function, which Python would import'],
  [0x93, 'STACK_GLOBAL', 'none', 'the last two texts name a class or function, which Python would import'],
  [0x52, 'REDUCE', 'none', 'Python would call the function with the arguments in the tuple'],
  [0x81, 'NEWOBJ', 'none', 'Python would create an object of the class'],
  [0x92, 'NEWOBJ_EX', 'none', 'Python would create an object of the class, with named arguments'],
  [0x62, 'BUILD', 'none', 'Python would give the object this state'],
  [0x69, 'INST', 'lines', 'Python would import the class and call it with the items since the mark'],
  [0x6f, 'OBJ', 'none', 'Python would call the class after the mark with the items that follow it'],
  [0x82, 'EXT1', 'u1', 'a class that the reading program has registered under this number'],
  [0x83, 'EXT2', 'u2', 'a class that the reading program has registered under this number'],
  [0x84, 'EXT4', 'i4', 'a class that the reading program has registered under this number'],
  [0x50, 'PERSID', 'line', 'an object that the reading program would look up'],
  [0x51, 'BINPERSID', 'none', 'an object that the reading program would look up'],
  [0x97, 'NEXT_BUFFER', 'none', 'bytes that are kept outside of the pickle'],
  [0x98, 'READONLY_BUFFER', 'none', 'makes the buffer read-only'],
] as const satisfies readonly (readonly [number, string, Layout, string])[];

export type OpcodeName = (typeof TABLE)[number][1];

const OPCODES: ReadonlyMap<number, OpcodeInfo> = new Map(
  TABLE.map(([code, name, layout, note]) => [code, { name, layout, note }]),
);

/**
 * Reads the instruction at `offset`.
 * @throws {DecodeError} `truncated` where bytes are missing, `bad-type` for a byte that is no opcode
 */
export function readInstruction(bytes: Buffer, offset: number): Instruction {
  const code = bytes[offset];
  if (code === undefined)
    throw new DecodeError('truncated', 'incomplete pickle: it ends without STOP', offset);
  const info = OPCODES.get(code);
  if (info === undefined)
    throw new DecodeError('bad-type', `${describeByte(code)} is no pickle opcode`, offset);
  const { start, end, next } = measure(bytes, offset + 1, info.layout);
  // CPython 3 (`Modules/_pickle.c`, `load_counted_long`): the length of LONG4 has a sign, and may not be below 0.
  if (end < start) throw new DecodeError('bad-type', `${info.name} says a length below 0`, offset);
  if (next > bytes.length) missing(bytes, offset, info.name, next - bytes.length);
  return { name: info.name, layout: info.layout, note: info.note, offset, start, end, next };
}

interface Extent {
  readonly start: number;
  readonly end: number;
  readonly next: number;
}

function measure(bytes: Buffer, at: number, layout: Layout): Extent {
  switch (layout) {
    case 'none':
      return fixed(at, 0);
    case 'u1':
      return fixed(at, 1);
    case 'u2':
      return fixed(at, 2);
    case 'u4':
    case 'i4':
      return fixed(at, 4);
    case 'u8':
    case 'float8':
      return fixed(at, 8);
    case 'line':
      return untilLineFeed(bytes, at, at);
    case 'lines':
      return untilLineFeed(bytes, at, untilLineFeed(bytes, at, at).next);
    case 'bytes1':
      return counted(bytes, at, 1);
    case 'bytes4':
      return counted(bytes, at, 4);
    case 'signed4':
      return at + 4 > bytes.length ? fixed(at, 4) : fixed(at + 4, bytes.readInt32LE(at));
    case 'bytes8':
      return counted(bytes, at, 8);
  }
}

function fixed(start: number, lengthBytes: number): Extent {
  return { start, end: start + lengthBytes, next: start + lengthBytes };
}

function untilLineFeed(bytes: Buffer, start: number, from: number): Extent {
  const end = from > bytes.length ? -1 : bytes.indexOf(0x0a, from);
  return end === -1 ? fixed(start, bytes.length + 1 - start) : { start, end, next: end + 1 };
}

function counted(bytes: Buffer, at: number, size: 1 | 4 | 8): Extent {
  const start = at + size;
  if (start > bytes.length) return fixed(at, size);
  const lengthBytes = size === 8 ? Number(bytes.readBigUInt64LE(at)) : bytes.readUIntLE(at, size);
  return fixed(start, lengthBytes);
}

function missing(bytes: Buffer, offset: number, name: string, count: number): never {
  throw new DecodeError(
    'truncated',
    `incomplete pickle: ${describeMissing(count)} missing in ${name}`,
    Math.max(offset, bytes.length),
  );
}

/** A length of 8 bytes may be more than a number holds: then nothing is said that was rounded. */
function describeMissing(count: number): string {
  if (!Number.isSafeInteger(count)) return `more than ${Number.MAX_SAFE_INTEGER} bytes are`;
  return count === 1 ? 'at least 1 byte is' : `at least ${count} bytes are`;
}
