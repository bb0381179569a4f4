/** Packet captures made by hand: what real machines write seldom. */

/** One TCP segment between a client and a server. */
export interface Sent {
  readonly from: 'client' | 'server';
  readonly seq: number;
  readonly ack?: number;
  readonly flags?: 'S' | 'SA' | 'F' | 'R' | '';
  readonly payload?: Buffer;
  /** Microseconds. */
  readonly time: number;
}

export const CLIENT_PORT = 50_000;
export const SERVER_PORT = 7000;
const CLIENT_IP = Buffer.from([10, 0, 0, 1]);
const SERVER_IP = Buffer.from([10, 0, 0, 2]);
const FLAG_BITS = { S: 2, SA: 18, F: 17, R: 4, '': 16 } as const;

export function tcp(
  { from, seq, ack = 0, flags = '', payload = Buffer.alloc(0) }: Sent,
  serverPort = SERVER_PORT,
): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt16BE(from === 'client' ? CLIENT_PORT : serverPort, 0);
  header.writeUInt16BE(from === 'client' ? serverPort : CLIENT_PORT, 2);
  header.writeUInt32BE(seq >>> 0, 4);
  header.writeUInt32BE(ack >>> 0, 8);
  header[12] = 0x50;
  header[13] = FLAG_BITS[flags];
  return Buffer.concat([header, payload]);
}

/** `fragment` is the offset in bytes and whether more follow. */
export function ipv4(
  from: Sent['from'],
  body: Buffer,
  fragment?: readonly [number, boolean],
  options = 0,
): Buffer {
  const header = Buffer.alloc(20 + options);
  header[0] = 0x40 | (header.length / 4);
  header.writeUInt16BE(header.length + body.length, 2);
  header.writeUInt16BE(77, 4);
  if (fragment !== undefined) header.writeUInt16BE(fragment[0] / 8 + (fragment[1] ? 0x2000 : 0), 6);
  header[9] = 6;
  (from === 'client' ? CLIENT_IP : SERVER_IP).copy(header, 12);
  (from === 'client' ? SERVER_IP : CLIENT_IP).copy(header, 16);
  return Buffer.concat([header, body]);
}

/** With a hop-by-hop and a destination options header. */
export function ipv6(from: Sent['from'], body: Buffer): Buffer {
  const header = Buffer.alloc(40);
  header[0] = 0x60;
  header.writeUInt16BE(body.length + 16, 4);
  header[6] = 0;
  header[from === 'client' ? 23 : 39] = 1;
  header[from === 'client' ? 39 : 23] = 2;
  const extensions = Buffer.from([60, 0, 1, 4, 0, 0, 0, 0, 6, 0, 1, 4, 0, 0, 0, 0]);
  return Buffer.concat([header, extensions, body]);
}

export interface Frame {
  readonly time: number;
  readonly bytes: Buffer;
  /** Bytes of it that were captured. */
  readonly kept?: number;
}

export interface PcapForm {
  readonly isLittle?: boolean;
  readonly isNanos?: boolean;
  readonly linkType?: number;
}

export function pcap(
  frames: readonly Frame[],
  { isLittle = true, isNanos = false, linkType = 101 }: PcapForm = {},
): Buffer {
  const words = (...values: readonly number[]): Buffer => u32(isLittle, ...values);
  const head = words(
    isNanos ? 0xa1b23c4d : 0xa1b2c3d4,
    isLittle ? 0x00040002 : 0x00020004,
    0,
    0,
    262_144,
    linkType,
  );
  const records = frames.map(({ time, bytes, kept = bytes.length }) => {
    const fraction = (time % 1_000_000) * (isNanos ? 1000 : 1);
    return Buffer.concat([
      words(Math.floor(time / 1_000_000), fraction, kept, bytes.length),
      bytes.subarray(0, kept),
    ]);
  });
  return Buffer.concat([head, ...records]);
}

export function u32(isLittle: boolean, ...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) {
    if (isLittle) bytes.writeUInt32LE(value >>> 0, index * 4);
    else bytes.writeUInt32BE(value >>> 0, index * 4);
  }
  return bytes;
}

/** The segments of one direction with its handshake: `text` cut at `cuts`. */
export function conversation(commands: Buffer, replies: Buffer, mss = 1000): Sent[] {
  const sent: Sent[] = [
    { from: 'client', seq: 999, flags: 'S', time: 0 },
    { from: 'server', seq: 4999, ack: 1000, flags: 'SA', time: 1 },
  ];
  for (let at = 0; at < commands.length; at += mss) {
    sent.push({
      from: 'client',
      seq: 1000 + at,
      ack: 5000,
      payload: commands.subarray(at, at + mss),
      time: sent.length,
    });
  }
  const acked = 1000 + commands.length;
  sent.push({ from: 'server', seq: 5000, ack: acked, time: sent.length });
  for (let at = 0; at < replies.length; at += mss) {
    sent.push({
      from: 'server',
      seq: 5000 + at,
      ack: acked,
      payload: replies.subarray(at, at + mss),
      time: sent.length,
    });
  }
  sent.push({ from: 'client', seq: acked, ack: 5000 + replies.length, time: sent.length });
  return sent;
}
