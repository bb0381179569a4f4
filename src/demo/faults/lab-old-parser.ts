import { decode, encode, ExtensionCodec } from '@msgpack/msgpack';

const DATE = 0;
const TIMESTAMP = -1;
const DATE_BYTES = 8;

/**
 * What notepack.io 2.2 does otherwise than today's encoders (`lib/encode.js`, `lib/decode.js`; @socket.io/redis-adapter 7
 * uses it): a date is extension 0, milliseconds in 64 bits, and an extension that it does not know becomes an array of its
 * code and its bytes.
 */
const extensions = new ExtensionCodec();
extensions.register({
  type: DATE,
  encode: (value) => (value instanceof Date ? writeDate(value) : null),
  decode: (bytes) => new Date(Number(Buffer.from(bytes).readBigInt64BE())),
});
extensions.register({
  type: TIMESTAMP,
  encode: () => null,
  decode: (bytes) => [TIMESTAMP, Buffer.from(bytes)],
});

/** For the `parser` of createAdapter(): a server speaks and understands as one with adapter 7 does. */
export const oldParser = {
  encode: (value: unknown): Buffer => Buffer.from(encode(value, { extensionCodec: extensions })),
  decode: (bytes: Uint8Array): unknown => decode(bytes, { extensionCodec: extensions }),
};

function writeDate(date: Date): Uint8Array {
  const bytes = Buffer.alloc(DATE_BYTES);
  bytes.writeBigInt64BE(BigInt(date.getTime()));
  return bytes;
}
