/** What an IP packet carries. Addresses are the bytes on the wire, 4 or 16. */
export interface IpPacket {
  readonly source: Buffer;
  readonly destination: Buffer;
  readonly protocol: number;
  readonly payload: Buffer;
  /** Bytes of the payload that were not captured. */
  readonly cutBytes: number;
  readonly fragment?: Fragment;
}

export interface Fragment {
  readonly id: number;
  /** Bytes of the whole payload before this part. */
  readonly offset: number;
  readonly isLast: boolean;
}

export const TCP = 6;

const IPV4_HEADER_BYTES = 20;
const IPV6_HEADER_BYTES = 40;
const IPV6_FRAGMENT = 44;
const AUTHENTICATION = 51;
/** Hop-by-hop, routing, destination options, mobility, host identity, shim6: length in units of 8 bytes. */
const IPV6_EXTENSIONS = new Set([0, 43, 60, 135, 139, 140]);
const MAX_EXTENSIONS = 16;

/**
 * Reads an IPv4 or IPv6 packet; padding behind it is left out, checksums are not looked at (offloading makes them
 * wrong). `cutBytes` are those that the capture left out at the end of the frame. Undefined when it is no such packet.
 *
 * Source: RFC 791, RFC 8200. A length of 0 is what segmentation offload leaves in packets above 64 kB.
 */
export function readIpPacket(bytes: Buffer, cutBytes: number): IpPacket | undefined {
  const version = (bytes[0] ?? 0) >> 4;
  if (version === 4) return readIpv4(bytes, cutBytes);
  return version === 6 ? readIpv6(bytes, cutBytes) : undefined;
}

function readIpv4(bytes: Buffer, cutBytes: number): IpPacket | undefined {
  const headerBytes = ((bytes[0] ?? 0) & 0b1111) * 4;
  if (headerBytes < IPV4_HEADER_BYTES || bytes.length < headerBytes) return undefined;
  const total = bytes.readUInt16BE(2) || bytes.length + cutBytes;
  if (total < headerBytes) return undefined;
  const flags = bytes.readUInt16BE(6);
  const offset = (flags & 0x1fff) * 8;
  const isLast = (flags & 0x2000) === 0;
  const payload = bytes.subarray(headerBytes, total);
  return {
    source: bytes.subarray(12, 16),
    destination: bytes.subarray(16, 20),
    protocol: bytes[9] ?? 0,
    payload,
    cutBytes: total - headerBytes - payload.length,
    ...(offset === 0 && isLast ? {} : { fragment: { id: bytes.readUInt16BE(4), offset, isLast } }),
  };
}

function readIpv6(bytes: Buffer, cutBytes: number): IpPacket | undefined {
  if (bytes.length < IPV6_HEADER_BYTES) return undefined;
  const total = IPV6_HEADER_BYTES + (bytes.readUInt16BE(4) || bytes.length + cutBytes - IPV6_HEADER_BYTES);
  let protocol = bytes[6] ?? 0;
  let at = IPV6_HEADER_BYTES;
  let fragment: Fragment | undefined;
  for (let extensions = 0; extensions < MAX_EXTENSIONS; extensions++) {
    const length = extensionBytes(protocol, bytes, at);
    if (length === 0) break;
    if (at + length > Math.min(total, bytes.length)) return undefined;
    if (protocol === IPV6_FRAGMENT) {
      const flags = bytes.readUInt16BE(at + 2);
      const part = { id: bytes.readUInt32BE(at + 4), offset: flags & 0xfff8, isLast: (flags & 1) === 0 };
      if (part.offset > 0 || !part.isLast) fragment = part;
    }
    protocol = bytes[at] ?? 0;
    at += length;
    // What follows in a later fragment is no header.
    if (fragment !== undefined && fragment.offset > 0) break;
  }
  const payload = bytes.subarray(at, total);
  return {
    source: bytes.subarray(8, 24),
    destination: bytes.subarray(24, 40),
    protocol,
    payload,
    cutBytes: total - at - payload.length,
    ...(fragment === undefined ? {} : { fragment }),
  };
}

function extensionBytes(protocol: number, bytes: Buffer, at: number): number {
  if (protocol === IPV6_FRAGMENT) return 8;
  if (protocol === AUTHENTICATION) return ((bytes[at + 1] ?? 0) + 2) * 4;
  return IPV6_EXTENSIONS.has(protocol) ? ((bytes[at + 1] ?? 0) + 1) * 8 : 0;
}

/** An address as MONITOR writes it, with its port: `10.0.0.1:6379`, `[::1]:6379`. */
export function formatAddress(address: Buffer, port: number): string {
  if (address.length === 4) return `${address.join('.')}:${port}`;
  const groups = Array.from({ length: 8 }, (_, index) => address.readUInt16BE(index * 2).toString(16));
  return `[${shorten(groups)}]:${port}`;
}

/** RFC 5952: the longest run of two or more zero groups becomes `::`, the first one of equals. */
function shorten(groups: readonly string[]): string {
  let [best, bestLength] = [-1, 1];
  for (let at = 0; at < groups.length; at++) {
    let end = at;
    while (groups[end] === '0') end++;
    if (end - at > bestLength) [best, bestLength] = [at, end - at];
    at = Math.max(at, end - 1);
  }
  if (best === -1) return groups.join(':');
  return `${groups.slice(0, best).join(':')}::${groups.slice(best + bestLength).join(':')}`;
}
