import type { IpPacket } from './ip.ts';

/** Datagrams that wait for their other fragments; the oldest goes first, and TCP then finds its bytes missing. */
const MAX_DATAGRAMS = 64;
/** An IPv4 datagram has at most 64 kB; a fragment has at least 8 bytes. */
const MAX_DATAGRAM_BYTES = 65_535;
const MAX_PARTS = 8192;

interface Datagram {
  readonly parts: { readonly offset: number; readonly bytes: Buffer }[];
  partBytes: number;
  total: number | undefined;
}

/** Puts the fragments of IP packets together, in whatever order they come. */
export class IpFragments {
  readonly #datagrams = new Map<string, Datagram>();

  /** The whole packet once its last missing fragment has come, and packets that are no fragments as they are. */
  add(packet: IpPacket): IpPacket | undefined {
    const { fragment, source, destination, payload } = packet;
    if (fragment === undefined) return packet;
    const end = fragment.offset + payload.length;
    if (packet.cutBytes > 0 || end > MAX_DATAGRAM_BYTES) return undefined;
    const key = `${source.toString('latin1')}${destination.toString('latin1')}${fragment.id}`;
    const datagram = this.#open(key);
    datagram.parts.push({ offset: fragment.offset, bytes: Buffer.from(payload) });
    datagram.partBytes += payload.length;
    if (fragment.isLast) datagram.total = end;
    const whole =
      datagram.partBytes >= (datagram.total ?? Number.POSITIVE_INFINITY) ? join(datagram) : undefined;
    if (whole === undefined) {
      if (datagram.parts.length > MAX_PARTS || datagram.partBytes > 2 * MAX_DATAGRAM_BYTES)
        this.#datagrams.delete(key);
      return undefined;
    }
    this.#datagrams.delete(key);
    return { source, destination, protocol: packet.protocol, payload: whole, cutBytes: 0 };
  }

  #open(key: string): Datagram {
    const known = this.#datagrams.get(key);
    if (known !== undefined) return known;
    const [oldest] = this.#datagrams.keys();
    if (oldest !== undefined && this.#datagrams.size >= MAX_DATAGRAMS) this.#datagrams.delete(oldest);
    const datagram: Datagram = { parts: [], partBytes: 0, total: undefined };
    this.#datagrams.set(key, datagram);
    return datagram;
  }
}

function join({ parts, total = 0 }: Datagram): Buffer | undefined {
  const whole = Buffer.alloc(total);
  let next = 0;
  for (const { offset, bytes } of parts.toSorted((a, b) => a.offset - b.offset)) {
    if (offset > next) return undefined;
    bytes.copy(whole, offset);
    next = Math.max(next, offset + bytes.length);
  }
  return next >= total ? whole : undefined;
}
