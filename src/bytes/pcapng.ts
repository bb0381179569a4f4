import { MAX_PACKET_BYTES, type Packet, type PacketReader } from './pcap.ts';
import { ByteQueue } from './pcap-bytes.ts';

/** Block types. Source: draft-ietf-opsawg-pcapng, "Block Definition". */
const SECTION = 0x0a0d0d0a;
const INTERFACE = 1;
const OLD_PACKET = 2;
const SIMPLE_PACKET = 3;
const STATISTICS = 5;
const ENHANCED_PACKET = 6;
const READ_BLOCKS = new Set([SECTION, INTERFACE, OLD_PACKET, SIMPLE_PACKET, STATISTICS, ENHANCED_PACKET]);

const OPTION_RESOLUTION = 9;
const OPTION_TIME_OFFSET = 14;
const OPTION_DROPPED_BY_SYSTEM = 7;
const OPTION_DROPPED_BY_INTERFACE = 5;

/** Type, length, and the length again at the end. */
const MIN_BLOCK_BYTES = 12;
const BYTE_ORDER_MAGIC = '1a2b3c4d';
/** Interfaces are numbered in the order of their blocks; no machine has so many. */
const MAX_INTERFACES = 65_536;

interface Interface {
  readonly linkType: number;
  /** The most bytes of a packet that were kept; 0 is no limit. */
  readonly snapBytes: number;
  toMicros(ticks: bigint): bigint;
}

export function startsPcapng(head: Buffer): boolean {
  return head.length >= 4 && head.readUInt32BE(0) === SECTION;
}

/**
 * Reads pcapng: several sections of either byte order, several interfaces with their own clocks, enhanced, simple and
 * old packet blocks. Other blocks are passed over. Source: draft-ietf-opsawg-pcapng.
 */
export class PcapngReader implements PacketReader {
  readonly #bytes = new ByteQueue();
  #isLittle = true;
  #interfaces: Interface[] = [];
  /** Packets that the capturing machine says it has dropped. */
  droppedPackets = 0;
  problem: string | undefined;

  push(chunk: Uint8Array): void {
    if (this.problem === undefined) this.#bytes.push(chunk);
  }

  next(): Packet | undefined {
    for (;;) {
      if (this.problem !== undefined) return undefined;
      const block = this.#nextBlock();
      if (block === undefined) return undefined;
      const packet = this.#readBlock(block);
      if (packet !== undefined) return packet;
    }
  }

  end(): void {
    if (this.#bytes.length > 0) this.problem ??= `it ends inside a block, at byte ${this.#bytes.position}`;
  }

  #nextBlock(): Buffer | undefined {
    for (;;) {
      const start = this.#bytes.peek(MIN_BLOCK_BYTES);
      if (start === undefined) return undefined;
      const isSection = start.readUInt32BE(0) === SECTION;
      if (isSection) this.#isLittle = start.toString('hex', 8, 12) !== BYTE_ORDER_MAGIC;
      const length = this.#u32(start, 4);
      const isOdd = length < MIN_BLOCK_BYTES || length % 4 !== 0;
      const isRead = isSection || READ_BLOCKS.has(this.#u32(start, 0));
      if (isOdd || (isRead && length > MAX_PACKET_BYTES)) {
        this.problem = `damaged at byte ${this.#bytes.position}: a block of ${length} bytes`;
        return undefined;
      }
      if (isRead) return this.#bytes.take(length);
      this.#bytes.skip(length);
    }
  }

  #readBlock(block: Buffer): Packet | undefined {
    // The last four bytes repeat the length.
    const body = block.subarray(8, -4);
    switch (this.#u32(block, 0)) {
      case SECTION:
        this.#interfaces = [];
        return undefined;
      case INTERFACE:
        this.#addInterface(body);
        return undefined;
      case STATISTICS:
        this.#addDropped(body);
        return undefined;
      case ENHANCED_PACKET:
        if (body.length < 20) return undefined;
        return this.#readPacket(body, this.#u32(body, 0));
      case OLD_PACKET:
        if (body.length < 20) return undefined;
        return this.#readPacket(body, this.#isLittle ? body.readUInt16LE(0) : body.readUInt16BE(0));
      case SIMPLE_PACKET:
        return this.#readSimplePacket(body);
      default:
        return undefined;
    }
  }

  /** Enhanced and old packet blocks differ in how they name the interface only. */
  #readPacket(body: Buffer, interfaceId: number): Packet | undefined {
    const from = this.#interfaces[interfaceId];
    if (from === undefined) return undefined;
    const captured = Math.min(this.#u32(body, 12), body.length - 20);
    const ticks = (BigInt(this.#u32(body, 4)) << 32n) | BigInt(this.#u32(body, 8));
    const micros = from.toMicros(ticks);
    const time = micros < 0n || micros > BigInt(Number.MAX_SAFE_INTEGER) ? {} : { time: Number(micros) };
    const bytes = body.subarray(20, 20 + captured);
    return { ...time, linkType: from.linkType, bytes, cutBytes: Math.max(0, this.#u32(body, 16) - captured) };
  }

  #readSimplePacket(body: Buffer): Packet | undefined {
    const [from] = this.#interfaces;
    if (from === undefined || body.length < 4) return undefined;
    const original = this.#u32(body, 0);
    const most = from.snapBytes === 0 ? original : Math.min(original, from.snapBytes);
    const bytes = body.subarray(4, 4 + Math.min(most, body.length - 4));
    return { linkType: from.linkType, bytes, cutBytes: original - bytes.length };
  }

  #addInterface(body: Buffer): void {
    if (body.length < 8 || this.#interfaces.length === MAX_INTERFACES) return;
    let resolution = 6;
    let offsetSeconds = 0n;
    for (const { code, value } of this.#options(body.subarray(8))) {
      if (code === OPTION_RESOLUTION && value.length === 1) resolution = value[0] ?? 6;
      if (code === OPTION_TIME_OFFSET && value.length === 8) offsetSeconds = this.#i64(value);
    }
    this.#interfaces.push({
      linkType: this.#isLittle ? body.readUInt16LE(0) : body.readUInt16BE(0),
      snapBytes: this.#u32(body, 4),
      toMicros: clock(resolution, offsetSeconds),
    });
  }

  #addDropped(body: Buffer): void {
    let dropped = 0;
    for (const { code, value } of this.#options(body.subarray(12))) {
      const counts = code === OPTION_DROPPED_BY_INTERFACE || code === OPTION_DROPPED_BY_SYSTEM;
      if (counts && value.length === 8) dropped = Math.max(dropped, Number(this.#i64(value)));
    }
    this.droppedPackets += dropped;
  }

  *#options(bytes: Buffer): Generator<{ code: number; value: Buffer }> {
    let at = 0;
    while (at + 4 <= bytes.length) {
      const code = this.#isLittle ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at);
      const length = this.#isLittle ? bytes.readUInt16LE(at + 2) : bytes.readUInt16BE(at + 2);
      if (code === 0) return;
      yield { code, value: bytes.subarray(at + 4, at + 4 + length) };
      at += 4 + Math.ceil(length / 4) * 4;
    }
  }

  #u32(bytes: Buffer, at: number): number {
    return this.#isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
  }

  #i64(bytes: Buffer): bigint {
    return this.#isLittle ? bytes.readBigInt64LE(0) : bytes.readBigInt64BE(0);
  }
}

/** `if_tsresol`: a negative power of ten, or of two where the highest bit is set. */
function clock(resolution: number, offsetSeconds: bigint): (ticks: bigint) => bigint {
  const exponent = BigInt(resolution & 0x7f);
  const perSecond = (resolution & 0x80) === 0 ? 10n ** exponent : 2n ** exponent;
  const offset = offsetSeconds * 1_000_000n;
  return (ticks) => (ticks * 1_000_000n) / perSecond + offset;
}
