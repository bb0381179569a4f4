import type { MsgpackDialect } from '../bytes/msgpack.ts';

/** What a type byte says. Bytes of one `name` are explained once. */
export interface Code {
  readonly name: string;
  readonly how: string;
}

/** Wider forms that only differ in how many bytes the number or the length takes. */
const NUMBERS: readonly (readonly [number, string, string])[] = [
  [0xca, 'float 32', 'a number with decimals in the next 4 bytes'],
  [0xcb, 'float 64', 'a number with decimals in the next 8 bytes'],
  [0xcc, 'uint 8', 'a number in the next byte, because it is above 127'],
  [0xcd, 'uint 16', 'a number in the next 2 bytes, because one does not hold it'],
  [0xce, 'uint 32', 'a number in the next 4 bytes'],
  [0xcf, 'uint 64', 'a number in the next 8 bytes'],
  [0xd0, 'int 8', 'a negative number in the next byte'],
  [0xd1, 'int 16', 'a negative number in the next 2 bytes'],
  [0xd2, 'int 32', 'a negative number in the next 4 bytes'],
  [0xd3, 'int 64', 'a negative number in the next 8 bytes'],
];

const LONG: readonly (readonly [number, string, string])[] = [
  [0xd9, 'str 8', 'text, whose length is in the next byte'],
  [0xda, 'str 16', 'text, whose length is in the next 2 bytes'],
  [0xdb, 'str 32', 'text, whose length is in the next 4 bytes'],
  [0xc4, 'bin 8', 'binary, whose length is in the next byte'],
  [0xc5, 'bin 16', 'binary, whose length is in the next 2 bytes'],
  [0xc6, 'bin 32', 'binary, whose length is in the next 4 bytes'],
  [0xdc, 'array 16', 'an array, whose number of items is in the next 2 bytes'],
  [0xdd, 'array 32', 'an array, whose number of items is in the next 4 bytes'],
  [0xde, 'map 16', 'a map, whose number of pairs is in the next 2 bytes'],
  [0xdf, 'map 32', 'a map, whose number of pairs is in the next 4 bytes'],
];

const ODD: readonly (readonly [number, string, string])[] = [
  [0xc0, 'nil', 'nothing (null)'],
  [0xc2, 'false', 'false'],
  [0xc3, 'true', 'true'],
];

const TABLE: ReadonlyMap<number, Code> = new Map(
  [...NUMBERS, ...LONG, ...ODD].map(([lead, name, how]) => [lead, { name, how: `${hex(lead)}: ${how}` }]),
);

/** What three bytes mean in msgpack-js 0.3.0 (`msgpack.js`) and nowhere else. */
const MSGPACK_JS: ReadonlyMap<number, Code> = new Map([
  [
    0xc4,
    {
      name: 'undefined',
      how: "c4: undefined, in msgpack-js only. In today's msgpack c4 starts a binary, which is why modern decoders fail here",
    },
  ],
  [0xd8, { name: 'buffer 16', how: 'd8: a buffer, in msgpack-js only; its length is in the next 2 bytes' }],
  [0xd9, { name: 'buffer 32', how: 'd9: a buffer, in msgpack-js only; its length is in the next 4 bytes' }],
]);

/** What extensions mean that the adapters' libraries write, by type number. */
const EXTENSIONS: readonly (readonly [number, string])[] = [
  [-1, 'a point in time'],
  [0, 'notepack.io 1 and 2: undefined, a date or a buffer'],
];

/** Explains the type byte at `offset` (msgpack specification, "Formats"). */
export function explainCode(bytes: Uint8Array, offset: number, dialect: MsgpackDialect): Code | undefined {
  const lead = bytes[offset];
  if (lead === undefined) return undefined;
  if (lead < 0x80)
    return { name: 'fixint', how: `${hex(lead)}: 00 to 7f are the numbers 0 to 127 themselves` };
  if (lead < 0x90) return { name: 'fixmap', how: `${hex(lead)}: 8x is a map of x pairs` };
  if (lead < 0xa0) return { name: 'fixarray', how: `${hex(lead)}: 9x is an array of x items` };
  if (lead < 0xc0) {
    const length = lead - 0xa0;
    return {
      name: 'fixstr',
      how: `${hex(lead)}: a0 to bf start a text; what is above a0 is its length, here ${length}`,
    };
  }
  if (lead >= 0xe0) {
    return { name: 'negative fixint', how: `${hex(lead)}: e0 to ff are the numbers −32 to −1 themselves` };
  }
  if (dialect === 'msgpack-js' && MSGPACK_JS.has(lead)) return MSGPACK_JS.get(lead);
  return TABLE.get(lead) ?? explainExtension(bytes, offset, lead);
}

/** c7 to c9 write the length of the extension out, d4 to d8 have it in the type byte. */
function explainExtension(bytes: Uint8Array, offset: number, lead: number): Code | undefined {
  const isFixed = lead >= 0xd4;
  if (lead < 0xc7 || lead > 0xd8) return undefined;
  const typeAt = offset + 1 + (isFixed ? 0 : 1 << (lead - 0xc7));
  const type = ((bytes[typeAt] ?? 0) << 24) >> 24;
  const meaning = EXTENSIONS.find(([number]) => number === type)?.[1] ?? 'as the sender understands it';
  const size = isFixed
    ? `of ${1 << (lead - 0xd4)} bytes`.replace('of 1 bytes', 'of 1 byte')
    : 'with its length';
  return { name: `ext ${type} ${lead}`, how: `${hex(lead)}: an extension ${size}, type ${type}: ${meaning}` };
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
