const ETHERNET = 1;
const LINUX_SLL = 113;
const LINUX_SLL2 = 276;
/** BSD loopback, in the byte order of the machine or big-endian: four bytes before the IP packet. */
const LOOPBACKS = new Set([0, 108]);
/** Nothing before the IP packet: RAW in its numbers on different systems, IPV4, IPV6. */
const RAWS = new Set([12, 14, 101, 228, 229]);
const IPV4 = 0x0800;
const IPV6 = 0x86dd;
/** 802.1Q, 802.1ad and what was used for stacked tags before it. */
const VLAN_TAGS = new Set([0x8100, 0x88a8, 0x9100, 0x9200]);
const MAX_TAGS = 8;

/** Whether packets of this LINKTYPE_ can be read at all. */
export function isKnownLinkType(linkType: number): boolean {
  return (
    [ETHERNET, LINUX_SLL, LINUX_SLL2].includes(linkType) || LOOPBACKS.has(linkType) || RAWS.has(linkType)
  );
}

/**
 * The IP packet within a frame, with whatever padding follows; undefined where the frame carries something else.
 * Source: https://www.tcpdump.org/linktypes.html, LINKTYPE_LINUX_SLL.html, LINKTYPE_LINUX_SLL2.html; IEEE 802.1Q.
 */
export function findIpPacket(linkType: number, frame: Buffer): Buffer | undefined {
  if (linkType === ETHERNET) return behindTags(frame, 12, 14);
  if (linkType === LINUX_SLL) return behindTags(frame, 14, 16);
  if (linkType === LINUX_SLL2) return behindTags(frame, 0, 20);
  if (LOOPBACKS.has(linkType)) return frame.subarray(4);
  return RAWS.has(linkType) ? frame : undefined;
}

function behindTags(frame: Buffer, typeAt: number, headerBytes: number): Buffer | undefined {
  if (frame.length < headerBytes) return undefined;
  let type = frame.readUInt16BE(typeAt);
  let at = headerBytes;
  for (let tags = 0; VLAN_TAGS.has(type) && tags < MAX_TAGS; tags++) {
    if (frame.length < at + 4) return undefined;
    type = frame.readUInt16BE(at + 2);
    at += 4;
  }
  return type === IPV4 || type === IPV6 ? frame.subarray(at) : undefined;
}
