/** What a dumped network packet holds. */
export type PacketPayload =
  | { readonly is: 'segment'; readonly payload: Uint8Array; readonly headerBytes: number }
  | { readonly is: 'cut'; readonly missingBytes: number };

const TCP = 6;
/** Bytes before the IP header: none, BSD loopback, Ethernet, Ethernet with VLAN tag, Linux cooked v1 and v2. */
const LINK_HEADER_BYTES = [0, 4, 14, 18, 16, 20];
const MIN_TCP_HEADER_BYTES = 20;
const IPV6_HEADER_BYTES = 40;

interface IpHeader {
  readonly headerBytes: number;
  readonly totalBytes: number;
}

/**
 * The TCP payload of one packet with its headers; undefined when the bytes are no such packet. Padding behind the
 * packet is left out, checksums are not looked at. Source: RFC 791, RFC 8200, RFC 9293.
 */
export function readPacket(bytes: Buffer): PacketPayload | undefined {
  for (const linkBytes of LINK_HEADER_BYTES) {
    const packet = bytes.subarray(linkBytes);
    const ip = readIpHeader(packet);
    if (ip === undefined || !fitsLink(bytes, linkBytes, packet)) continue;
    const tcpBytes = ((packet[ip.headerBytes + 12] ?? 0) >> 4) * 4;
    const headerBytes = ip.headerBytes + tcpBytes;
    if (tcpBytes < MIN_TCP_HEADER_BYTES || headerBytes > ip.totalBytes) continue;
    if (ip.totalBytes > packet.length) return { is: 'cut', missingBytes: ip.totalBytes - packet.length };
    const payload = packet.subarray(headerBytes, ip.totalBytes);
    return { is: 'segment', payload, headerBytes: linkBytes + headerBytes };
  }
  return undefined;
}

function readIpHeader(packet: Buffer): IpHeader | undefined {
  if (packet.length < IPV6_HEADER_BYTES) return undefined;
  const lead = packet[0] ?? 0;
  if (lead >= 0x45 && lead <= 0x4f && packet[9] === TCP) {
    return { headerBytes: (lead & 0b1111) * 4, totalBytes: packet.readUInt16BE(2) };
  }
  if (lead >> 4 === 6 && packet[6] === TCP) {
    return { headerBytes: IPV6_HEADER_BYTES, totalBytes: IPV6_HEADER_BYTES + packet.readUInt16BE(4) };
  }
  return undefined;
}

/** Where the link header names a protocol it must be IP. */
function fitsLink(bytes: Buffer, linkBytes: number, packet: Buffer): boolean {
  const protocolAt = { 14: 12, 18: 16, 16: 14, 20: 0 }[linkBytes];
  if (protocolAt === undefined) return true;
  return bytes.readUInt16BE(protocolAt) === ((packet[0] ?? 0) >> 4 === 6 ? 0x86dd : 0x0800);
}
