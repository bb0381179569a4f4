import type { FileSink } from './publish.ts';

const ETHERNET_BYTES = 14;
const HEADERS_BYTES = ETHERNET_BYTES + 20 + 20;
const CLIENT = { address: 0x0a000002, port: 40_001 };
const REDIS = { address: 0x0a000001, port: 6379 };
const SYN = 0x02;
const ACK = 0x10;
const PUSH = 0x08;

/** Writes a capture of one connection to Redis as tcpdump has it: Ethernet, IPv4, TCP, a segment for each command and for each reply. */
export class PcapWriter {
  readonly #sink: FileSink;
  #micros: number;
  #sent = 1000;
  #answered = 5000;

  constructor(sink: FileSink, startMicros: number) {
    this.#sink = sink;
    this.#micros = startMicros;
    const header = Buffer.alloc(24);
    header.writeUInt32LE(0xa1b2c3d4, 0);
    header.writeUInt16LE(2, 4);
    header.writeUInt16LE(4, 6);
    header.writeUInt32LE(262_144, 16);
    header.writeUInt32LE(1, 20);
    sink.write(header);
    this.#fromClient(SYN, EMPTY);
    this.#fromRedis(SYN | ACK, EMPTY);
    this.#sent++;
    this.#answered++;
    this.#fromClient(ACK, EMPTY);
  }

  exchange(command: Uint8Array, reply: Uint8Array): void {
    this.#fromClient(ACK | PUSH, command);
    this.#sent += command.length;
    this.#fromRedis(ACK | PUSH, reply);
    this.#answered += reply.length;
  }

  #fromClient(flags: number, data: Uint8Array): void {
    this.#write(CLIENT, REDIS, { flags, sequence: this.#sent, acknowledged: this.#answered }, data);
  }

  #fromRedis(flags: number, data: Uint8Array): void {
    this.#write(REDIS, CLIENT, { flags, sequence: this.#answered, acknowledged: this.#sent }, data);
  }

  #write(from: typeof CLIENT, to: typeof CLIENT, tcp: Segment, data: Uint8Array): void {
    this.#micros += 7;
    const length = HEADERS_BYTES + data.length;
    const packet = Buffer.alloc(16 + HEADERS_BYTES);
    packet.writeUInt32LE(Math.floor(this.#micros / 1e6), 0);
    packet.writeUInt32LE(this.#micros % 1e6, 4);
    packet.writeUInt32LE(length, 8);
    packet.writeUInt32LE(length, 12);
    writeHeaders(packet.subarray(16), from, to, tcp, length - ETHERNET_BYTES);
    this.#sink.write(packet, data);
  }
}

interface Segment {
  readonly flags: number;
  readonly sequence: number;
  readonly acknowledged: number;
}

const EMPTY = Buffer.alloc(0);

/** Checksums stay 0, as captures have them where the network card computes them. */
function writeHeaders(
  bytes: Buffer,
  from: typeof CLIENT,
  to: typeof CLIENT,
  tcp: Segment,
  length: number,
): void {
  bytes.writeUInt16BE(0x0800, 12);
  const ip = bytes.subarray(ETHERNET_BYTES);
  ip[0] = 0x45;
  ip.writeUInt16BE(length, 2);
  ip.writeUInt16BE(0x4000, 6);
  ip[8] = 64;
  ip[9] = 6;
  ip.writeUInt32BE(from.address, 12);
  ip.writeUInt32BE(to.address, 16);
  const segment = ip.subarray(20);
  segment.writeUInt16BE(from.port, 0);
  segment.writeUInt16BE(to.port, 2);
  segment.writeUInt32BE(tcp.sequence >>> 0, 4);
  segment.writeUInt32BE(tcp.acknowledged >>> 0, 8);
  segment[12] = 0x50;
  segment[13] = tcp.flags;
  segment.writeUInt16BE(0xffff, 14);
}
