/** One TCP segment. `payload` is a view; `cutBytes` of it were not captured. */
export interface TcpSegment {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly seq: number;
  /** Absent where the segment acknowledges nothing. */
  readonly ack?: number;
  readonly isSyn: boolean;
  readonly isFin: boolean;
  readonly isReset: boolean;
  readonly payload: Buffer;
  readonly cutBytes: number;
}

const MIN_HEADER_BYTES = 20;
const FIN = 1;
const SYN = 2;
const RESET = 4;
const ACK = 16;

/** Reads a segment, or undefined where its header is not whole. Source: RFC 9293, section 3.1. */
export function readTcpSegment(bytes: Buffer, cutBytes: number): TcpSegment | undefined {
  if (bytes.length < MIN_HEADER_BYTES) return undefined;
  const headerBytes = ((bytes[12] ?? 0) >> 4) * 4;
  if (headerBytes < MIN_HEADER_BYTES || headerBytes > bytes.length + cutBytes) return undefined;
  const flags = bytes[13] ?? 0;
  // Options that were cut off count as header, not as payload.
  const cutHeader = Math.max(0, headerBytes - bytes.length);
  return {
    sourcePort: bytes.readUInt16BE(0),
    destinationPort: bytes.readUInt16BE(2),
    seq: bytes.readUInt32BE(4),
    ...((flags & ACK) === 0 ? {} : { ack: bytes.readUInt32BE(8) }),
    isSyn: (flags & SYN) !== 0,
    isFin: (flags & FIN) !== 0,
    isReset: (flags & RESET) !== 0,
    payload: bytes.subarray(headerBytes),
    cutBytes: cutBytes - cutHeader,
  };
}
