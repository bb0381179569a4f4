import { asBuffer } from '../../bytes/decode-error.ts';
import { readDump } from '../../bytes/dumps/index.ts';
import { readPacket } from '../../bytes/dumps/ip-packet.ts';
import { isWholeMessage } from '../../bytes/dumps/whole-message.ts';
import { RespReader } from '../../bytes/resp.ts';
import { RespError, type RespValue } from '../../bytes/resp-value.ts';
import type { Captured } from '../../model/frame.ts';
import { frameFromCommand } from '../command.ts';
import { captureDelivery, type Scalar } from './delivery.ts';
import { findReplacement, lostBytes, type TextContext, unframed } from './text-context.ts';

/** A command or a delivery on the wire starts so. */
const RESP_START = /^[*>]\d+\r\n/;

/** What a dump holds: bare payloads, whole Redis commands, or packets with their headers. */
export function captureDump(bytes: Buffer, context: TextContext): Captured[] {
  const dump = readDump(bytes);
  if (dump.is === 'unknown') {
    return bytes.toString('latin1').trim() === '' ? [] : [unframed(bytes, NO_FORM)];
  }
  if (dump.is === 'lost') return [lostBytes(bytes, `${dump.form}: ${dump.message}`)];
  for (const note of dump.notes) context.note(note);
  return dump.messages.flatMap((message) =>
    captureMessage(asBuffer(message.bytes), message.channel, context),
  );
}

const NO_FORM =
  'no form of pasted bytes that is known: no MONITOR text, subscription output, hex, dump, base64, escaped string, JSON or RESP';

function captureMessage(bytes: Buffer, channel: Uint8Array | undefined, context: TextContext): Captured[] {
  if (RESP_START.test(bytes.toString('latin1', 0, 16))) return captureResp(bytes, context);
  if (isWholeMessage(bytes)) return [context.payload(bytes, channel)];
  const packet = readPacket(bytes);
  if (packet !== undefined) return capturePacket(bytes, packet, context);
  return [findReplacement(bytes, bytes) ?? context.payload(bytes, channel)];
}

function capturePacket(
  bytes: Buffer,
  packet: NonNullable<ReturnType<typeof readPacket>>,
  context: TextContext,
): Captured[] {
  if (packet.is === 'cut') {
    const missing = `${packet.missingBytes} bytes of the packet were not captured (snaplen)`;
    return [lostBytes(bytes, `${missing}: capture again with tcpdump -s 0 -w FILE and decode the file`)];
  }
  const payload = asBuffer(packet.payload);
  if (payload.length === 0) {
    context.note('left out packets that carry nothing but headers');
    return [];
  }
  context.note('left out the headers of Ethernet, IP and TCP');
  if (RESP_START.test(payload.toString('latin1', 0, 16))) return captureResp(payload, context);
  if (/^[+:$-]/.test(payload.toString('latin1', 0, 1))) return [{ is: 'other', command: REPLY }];
  return [
    unframed(
      bytes,
      'a TCP segment from the middle of a command: decode the pcap file instead',
      packet.headerBytes,
    ),
  ];
}

const REPLY = '(REPLY)';

/** Commands and deliveries in the form in which they travel. */
function captureResp(bytes: Buffer, context: TextContext): Captured[] {
  const found: Captured[] = [];
  const reader = new RespReader();
  reader.push(bytes);
  let problem = 'the command is cut off';
  try {
    for (let value = reader.next(); value !== undefined; value = reader.next()) {
      found.push(context.complete(captureRespValue(value)));
    }
  } catch (error) {
    if (!(error instanceof RespError)) throw error;
    problem = error.message;
  }
  const rest = bytes.subarray(reader.consumedBytes);
  if (rest.length > 0) found.push(unframed(rest, `RESP: ${problem}`, 0));
  return found;
}

function captureRespValue(value: RespValue): Captured {
  if (value.type !== 'array' && value.type !== 'push') return { is: 'other', command: REPLY };
  const elements: Scalar[] = [];
  for (const item of value.items) {
    if (item.type === 'bulk') elements.push(item.bytes);
    else elements.push(item.type === 'integer' ? Number(item.value) : null);
  }
  const words = elements.filter((element) => element instanceof Uint8Array);
  const isCommand = words.length === elements.length;
  const delivery =
    value.type === 'push' || !isCommand || words.length > 0 ? captureDelivery(elements) : undefined;
  if (delivery !== undefined && !(isCommand && delivery.is === 'other')) return delivery;
  return isCommand ? frameFromCommand({ via: 'text' }, words) : { is: 'other', command: REPLY };
}
