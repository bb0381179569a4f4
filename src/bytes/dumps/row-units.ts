/** How the bytes of a row are printed. */
export interface RowUnit {
  readonly name: string;
  /** Radixes in which such a dump may print its offsets, the likeliest first. */
  readonly radixes: readonly number[];
  /** Whether the bytes stand as text at the end of the row. */
  readonly hasText: boolean;
  /** Only behind offsets with a colon, only without, or (absent) either. */
  readonly colon?: boolean;
  /** The bytes of one printed group; undefined when it is no such group. */
  read(token: string): readonly number[] | undefined;
}

const HEX = /^(?:[0-9a-fA-F]{2}){1,32}$/;

/** `93 a6`, `93a6 366e`: bytes in the order of the file (xxd, hexdump -C, od -t x1, tcpdump, tshark). */
const hexBytes: RowUnit = {
  name: 'hex bytes',
  radixes: [16, 8, 10],
  hasText: true,
  read: (token) => (HEX.test(token) ? readHex(token) : undefined),
};

/** `a693 6e36`: 16-, 32- or 64-bit words of a little-endian machine (hexdump, od -x). */
const hexWords: RowUnit = {
  name: 'little-endian hex words',
  radixes: [16, 8, 10],
  hasText: false,
  colon: false,
  read: (token) => (token.length >= 4 ? readHexWord(token) : undefined),
};

/** The same with text behind it (xxd -e). */
const xxdWords: RowUnit = { ...hexWords, radixes: [16], hasText: true, colon: true, read: readHexWord };

/** `10010011` (xxd -b). */
const bits: RowUnit = {
  name: 'bits',
  radixes: [16],
  hasText: true,
  colon: true,
  read: (token) => (/^[01]{8}$/.test(token) ? [Number.parseInt(token, 2)] : undefined),
};

/** `223 246` (od -b, hexdump -b). */
const octalBytes: RowUnit = {
  name: 'octal bytes',
  radixes: [8, 16, 10],
  hasText: false,
  colon: false,
  read: (token) => (/^[0-3][0-7]{2}$/.test(token) ? [Number.parseInt(token, 8)] : undefined),
};

/** `123223 067066` (od without options, hexdump -o): 16-bit words of a little-endian machine. */
const octalWords: RowUnit = {
  name: 'little-endian octal words',
  radixes: [8, 16, 10],
  hasText: false,
  colon: false,
  read: (token) => (/^[01][0-7]{5}$/.test(token) ? readWord(Number.parseInt(token, 8)) : undefined),
};

/** `147 166` (od -t u1), `-109 -90` (od -t d1). */
const decimalBytes: RowUnit = {
  name: 'decimal bytes',
  radixes: [8, 10, 16],
  hasText: false,
  colon: false,
  read: (token) => {
    const value = /^-?\d{1,3}$/.test(token) ? Number(token) : Number.NaN;
    return value >= -128 && value <= 255 ? [value & 0xff] : undefined;
  },
};

/** In the order in which they are tried. */
export const ROW_UNITS: readonly RowUnit[] = [
  hexBytes,
  bits,
  octalBytes,
  octalWords,
  hexWords,
  xxdWords,
  decimalBytes,
];

function readHexWord(token: string): number[] | undefined {
  return HEX.test(token) && token.length <= 16 ? readHex(token).reverse() : undefined;
}

function readHex(digits: string): number[] {
  return [...Buffer.from(digits, 'hex')];
}

function readWord(word: number): number[] {
  return [word & 0xff, word >> 8];
}
