import { captureInputSync } from './capture/capture-input.ts';
import type { Captured } from './model/frame.ts';
import type { InspectRecord } from './model/record.ts';
import { writeRecord } from './render/json-lines.ts';
import { Inspector } from './session/inspector.ts';

export type { Frame, Via } from './model/frame.ts';
export type { Adapter, Attempt, Encoding, Finding, Kind, Severity, UndecodedError } from './model/message.ts';
export type { InspectRecord, Json } from './model/record.ts';

export interface DecodeOptions {
  /** The channel of payloads that do not name one, e.g. `socket.io#/#`. */
  readonly channel?: string;
  /** Prefixes (`key`, `channelPrefix`) to take literally, where they differ from what the channel's shape says. */
  readonly keys?: readonly string[];
  /** Ports on which Redis listens, for pcap. Default: every connection that begins like one to Redis. */
  readonly ports?: readonly number[];
}

/**
 * Decodes one payload, as it was published. Never throws on its content: what cannot be read is a record of kind
 * `undecoded` with the raw bytes.
 *
 * @example
 * const record = decodePayload(Buffer.from('93a6366e3042574382a47479706502a46461746191a26869a36e7370a12f80', 'hex'));
 * record.event; // 'hi'
 */
export function decodePayload(payload: Uint8Array, options: DecodeOptions = {}): InspectRecord {
  const channel = options.channel === undefined ? {} : { channel: Buffer.from(options.channel) };
  const [record] = toRecords([{ is: 'frame', frame: { via: 'text', payload, ...channel } }], options);
  return record ?? toRecords([{ is: 'frame', frame: { via: 'text', payload } }], options)[0] ?? unreachable();
}

/**
 * Decodes a whole capture or pasted dump: a recording, pcap and pcapng, an append-only file, `redis-cli monitor` text,
 * `redis-cli --csv psubscribe` output, hex, xxd, base64, …, gzip of any of these. What it is written in is found out. Never throws on its content.
 *
 * @example
 * for (const { time, uid, event, args } of decodeCapture(await readFile('monitor.txt'))) console.log(time, uid, event, args);
 */
export function decodeCapture(input: Uint8Array | string, options: DecodeOptions = {}): InspectRecord[] {
  const bytes = typeof input === 'string' ? Buffer.from(input) : input;
  return toRecords(captureInputSync(bytes, options), options);
}

function toRecords(captured: readonly Captured[], options: DecodeOptions): InspectRecord[] {
  const inspector = new Inspector({ keys: options.keys ?? [] });
  return captured.flatMap((item) => {
    const observed = inspector.observe(item);
    return observed === undefined ? [] : [JSON.parse(writeRecord(observed)) as InspectRecord];
  });
}

function unreachable(): never {
  throw new TypeError('A payload without a channel always becomes a record.');
}
