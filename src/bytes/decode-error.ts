/**
 * Bytes that do not hold what they should. The only error that a reader in this folder throws.
 * `offset` is the byte at which reading stopped, counted from the start of the buffer.
 */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
  readonly code: DecodeErrorCode;
  readonly offset: number;

  constructor(code: DecodeErrorCode, message: string, offset: number) {
    // Readings are tried and given up by the thousand; where in our code that was is of no use to anybody.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = stackTraceLimit;
    this.code = code;
    this.offset = offset;
  }
}

export type DecodeErrorCode =
  'truncated' | 'trailing-bytes' | 'bad-type' | 'bad-syntax' | 'bad-quoting' | 'too-deep' | 'too-large';

/** `0x68 'h'`: a byte as it is written in every message. */
export function describeByte(byte: number): string {
  const hex = `0x${byte.toString(16).padStart(2, '0')}`;
  return byte > 0x20 && byte < 0x7f ? `${hex} '${String.fromCharCode(byte)}'` : hex;
}

/** A value should fill the bytes, and does not. `after` names what was read. */
export function leftOver(bytes: Uint8Array, position: number, after: string): DecodeError {
  const left = bytes.length - position;
  return new DecodeError(
    'trailing-bytes',
    `${left} byte${left === 1 ? '' : 's'} left over after ${after}`,
    position,
  );
}

export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
