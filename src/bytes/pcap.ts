import { ByteQueue } from './pcap-bytes.ts';

/** One captured packet. `bytes` is a view into the chunk it came in. */
export interface Packet {
  /** Microseconds since 1970. Absent where the block has no time, or one beyond what a number can hold. */
  readonly time?: number;
  /** LINKTYPE_ number, https://www.tcpdump.org/linktypes.html. */
  readonly linkType: number;
  readonly bytes: Buffer;
  /** Bytes of the packet that were not captured. */
  readonly cutBytes: number;
}

/** Reads packets from the chunks of a file, in any splits. Never throws. */
export interface PacketReader {
  push(chunk: Uint8Array): void;
  /** The next packet, or undefined when more bytes are needed or `problem` says why there will be no more. */
  next(): Packet | undefined;
  /** To be called when the file has ended: says `problem` when it ended inside a packet. */
  end(): void;
  /** What is wrong with the file, in words, from that place on nothing can be read. */
  readonly problem: string | undefined;
}

/** More than any capturing program writes: tcpdump's largest snapshot is 256 kB, `dumpcap` refuses beyond 128 MB. */
export const MAX_PACKET_BYTES = 128 * 1024 * 1024;

const FILE_HEADER_BYTES = 24;
const PACKET_HEADER_BYTES = 16;
const NETWORK_AT = 20;
/** The upper bits of the link type say how long the frame check sequence is. */
const LINK_TYPE_MASK = 0xffff;

interface Form {
  readonly isLittle: boolean;
  readonly ticksPerMicro: number;
}

/** By the first four bytes. Source: draft-ietf-opsawg-pcap, "General File Structure". */
const FORMS: ReadonlyMap<string, Form> = new Map([
  ['a1b2c3d4', { isLittle: false, ticksPerMicro: 1 }],
  ['d4c3b2a1', { isLittle: true, ticksPerMicro: 1 }],
  ['a1b23c4d', { isLittle: false, ticksPerMicro: 1000 }],
  ['4d3cb2a1', { isLittle: true, ticksPerMicro: 1000 }],
]);

/** Whether a file that starts so is a pcap, of micro- or nanoseconds, of either byte order. */
export function startsPcap(head: Buffer): boolean {
  return FORMS.has(head.toString('hex', 0, 4));
}

/** Reads the classic pcap format. Source: draft-ietf-opsawg-pcap. */
export class PcapReader implements PacketReader {
  readonly #bytes = new ByteQueue();
  #form: Form | undefined;
  #linkType = 0;
  problem: string | undefined;

  push(chunk: Uint8Array): void {
    if (this.problem === undefined) this.#bytes.push(chunk);
  }

  next(): Packet | undefined {
    if (this.problem !== undefined) return undefined;
    const form = this.#form ?? this.#readFileHeader();
    const header = form === undefined ? undefined : this.#bytes.peek(PACKET_HEADER_BYTES);
    if (form === undefined || header === undefined) return undefined;
    const read = (at: number): number => (form.isLittle ? header.readUInt32LE(at) : header.readUInt32BE(at));
    const captured = read(8);
    if (captured > MAX_PACKET_BYTES) {
      this.problem = `damaged at byte ${this.#bytes.position}: a packet of ${captured} bytes`;
      return undefined;
    }
    const whole = this.#bytes.take(PACKET_HEADER_BYTES + captured);
    if (whole === undefined) return undefined;
    const time = read(0) * 1_000_000 + Math.floor(read(4) / form.ticksPerMicro);
    const bytes = whole.subarray(PACKET_HEADER_BYTES);
    return { time, linkType: this.#linkType, bytes, cutBytes: Math.max(0, read(12) - captured) };
  }

  end(): void {
    if (this.#bytes.length > 0) this.problem ??= `it ends inside a packet, at byte ${this.#bytes.position}`;
  }

  #readFileHeader(): Form | undefined {
    const header = this.#bytes.take(FILE_HEADER_BYTES);
    if (header === undefined) return undefined;
    this.#form = FORMS.get(header.toString('hex', 0, 4));
    if (this.#form === undefined) this.problem = 'no pcap file';
    const network =
      this.#form?.isLittle === true ? header.readUInt32LE(NETWORK_AT) : header.readUInt32BE(NETWORK_AT);
    this.#linkType = network & LINK_TYPE_MASK;
    return this.#form;
  }
}
