import { readIpPacket, TCP } from '../../bytes/ip.ts';
import { IpFragments } from '../../bytes/ip-fragments.ts';
import { findIpPacket, isKnownLinkType } from '../../bytes/link-layer.ts';
import { type Packet, type PacketReader, PcapReader, startsPcap } from '../../bytes/pcap.ts';
import { PcapngReader, startsPcapng } from '../../bytes/pcapng.ts';
import type { Captured } from '../../model/frame.ts';
import { Census } from './census.ts';
import { Connections } from './connections.ts';
import { Ledger } from './ledger.ts';

export interface PcapOptions {
  /** Ports on which Redis listens. Default: every connection that begins like one to Redis. */
  readonly ports?: readonly number[];
  /** Every delivery becomes a record, also where its publish is in the capture. */
  readonly allDeliveries?: boolean;
  readonly onNote?: (note: string) => void;
}

/** A clock that goes back further than packets are out of order was wrong before, or another one. */
const MAX_DISORDER_US = 60_000_000;

export function startsPacketCapture(head: Buffer): boolean {
  return startsPcap(head) || startsPcapng(head);
}

/**
 * Network captures, pcap and pcapng: the commands of all Redis connections in them, each message once, from the
 * command that published it; deliveries stand in where the publish is not in the capture. Read as the bytes come, in
 * bounded memory. Missing segments and cut packets are gaps; bytes that are not RESP are `unframed`. Never throws.
 */
export class PcapCapture {
  readonly #options: PcapOptions;
  readonly #ledger: Ledger;
  readonly #census = new Census();
  readonly #fragments = new IpFragments();
  readonly #connections: Connections;
  #head: Buffer = Buffer.alloc(0);
  #reader: PacketReader | undefined;

  constructor(options: PcapOptions = {}) {
    this.#options = options;
    this.#ledger = new Ledger({ allDeliveries: options.allDeliveries === true });
    const ports = new Set(options.ports ?? []);
    this.#connections = new Connections({ ledger: this.#ledger, census: this.#census, ports });
  }

  push(chunk: Uint8Array): Captured[] {
    if (this.#reader === undefined) {
      this.#head = Buffer.concat([this.#head, chunk]);
      if (this.#head.length < 4) return [];
      this.#reader = startsPcapng(this.#head) ? new PcapngReader() : new PcapReader();
      this.#reader.push(this.#head);
    } else this.#reader.push(chunk);
    this.#read(this.#reader);
    return this.#ledger.take();
  }

  end(): Captured[] {
    this.#reader?.end();
    this.#connections.close();
    const problem = this.#reader?.problem;
    if (problem !== undefined) {
      this.#options.onNote?.(`the capture is not whole: ${problem}; read up to there`);
      this.#ledger.gap({ via: 'pcap', reason: 'truncated' });
    }
    if (this.#reader instanceof PcapngReader && this.#reader.droppedPackets > 0) {
      this.#options.onNote?.(`the capturing machine dropped ${this.#reader.droppedPackets} packets`);
    }
    for (const note of this.#census.notes()) this.#options.onNote?.(note);
    return this.#ledger.takeAll();
  }

  #read(reader: PacketReader): void {
    for (let packet = reader.next(); packet !== undefined; packet = reader.next()) {
      this.#tick(packet.time);
      this.#add(packet);
      this.#connections.sweep();
    }
  }

  #tick(time: number | undefined): void {
    if (time === undefined) return;
    const { now } = this.#ledger;
    if (time > now || time < now - MAX_DISORDER_US) this.#ledger.now = time;
  }

  #add({ linkType, bytes, cutBytes, time }: Packet): void {
    if (!isKnownLinkType(linkType)) {
      this.#census.unknownLinkTypes.add(linkType);
      return;
    }
    const inFrame = findIpPacket(linkType, bytes);
    const packet = inFrame === undefined ? undefined : readIpPacket(inFrame, cutBytes);
    if (packet?.protocol !== TCP) return;
    const whole = this.#fragments.add(packet);
    if (whole !== undefined) this.#connections.add(whole, time);
  }
}
