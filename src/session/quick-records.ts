import { asBuffer } from '../bytes/decode-error.ts';
import { ShortTexts } from '../bytes/short-texts.ts';
import type { Frame } from '../model/frame.ts';
import type { Message } from '../model/message.ts';
import { formatTime } from '../render/json-lines.ts';
import { JsonTranscoder } from '../render/json-transcoder.ts';
import { quoteJson } from '../render/json-value.ts';

/** Senders and channels remembered at most; then all is forgotten and learned anew. */
const MAX_LEARNED = 20_000;
const DELIVERIES: ReadonlySet<string> = new Set(['PUBLISH', 'PMESSAGE', 'MESSAGE']);
const PACKET_KEYS = ['"type"', '"data"', '"nsp"'];

/** The plain parts of a broadcast, as JSON, read straight from the bytes. */
interface Parts {
  readonly uid: string;
  readonly event: string;
  readonly args: string;
  readonly nsp: string;
  readonly rooms: string | undefined;
  readonly except: string | undefined;
  readonly flags: string | undefined;
  /** The names of the options in wire order: versions are told by it. */
  readonly order: string;
}

/** What the long way found out about broadcasts of one sender on one channel; the same for all with the same parts. */
interface Learned {
  readonly parts: Parts;
  /** From `,"channel":` to `"bytes":`. */
  readonly head: string;
  /** From `,"kind":` to `"event":`. */
  readonly who: string;
  readonly tail: string;
}

/**
 * Records of plain classic broadcasts without building a tree of values: the bulk of most captures. What differs
 * from message to message is transcoded from the bytes; what does not is taken from a record that the dissector and
 * the record writer made before. Anything unusual, and the first message of each sort, goes the long way.
 */
export class QuickRecords {
  readonly #json = new JsonTranscoder();
  readonly #channels = new ShortTexts();
  /** By channel, then by uid. */
  readonly #learned = new Map<string, Map<string, Learned>>();
  #size = 0;
  #last: { readonly name: string; readonly parts: Parts } | undefined;
  #origin: { readonly frame: Frame; readonly text: string } | undefined;

  /** The record's line, or undefined where the long way has to be taken; then `learn` may be told its result. */
  write(frame: Frame, seq: number): string | undefined {
    this.#last = undefined;
    const { channel, payload } = frame;
    if (channel === undefined || payload?.[0] !== 0x93 || !DELIVERIES.has(frame.command ?? ''))
      return undefined;
    const parts = this.#readParts(payload);
    if (parts === undefined) return undefined;
    const name = this.#nameOf(channel);
    const learned = this.#learned.get(name)?.get(parts.uid);
    if (learned === undefined || !isSameSort(learned.parts, parts)) {
      this.#last = { name, parts };
      return undefined;
    }
    return this.#line(frame, seq, learned, parts, payload.length);
  }

  /** What became of the frame that `write` has just answered with undefined. */
  learn(message: Message): void {
    const last = this.#last;
    this.#last = undefined;
    if (last === undefined || message.kind !== 'broadcast' || message.encoding !== 'msgpack') return;
    if (message.findings !== undefined || message.payload !== undefined || message.ackId !== undefined)
      return;
    if (++this.#size > MAX_LEARNED) {
      this.#learned.clear();
      this.#size = 1;
    }
    const { name, parts } = last;
    const senders = this.#learned.get(name) ?? new Map<string, Learned>();
    this.#learned.set(name, senders);
    const version = field('version', message.version);
    const adapter = `,"adapter":"${message.adapter ?? 'redis'}"`;
    senders.set(parts.uid, {
      parts,
      head: `${field('channel', name)}${field('key', message.key)}${adapter}${version},"encoding":"msgpack","bytes":`,
      who: `,"kind":"broadcast","uid":${parts.uid},"nsp":${parts.nsp}${field('room', message.room)},"packetType":2,"event":`,
      tail: message.inferred === undefined ? '}' : `,"inferred":${JSON.stringify(message.inferred)}}`,
    });
  }

  #nameOf(channel: Uint8Array): string {
    const bytes = asBuffer(channel);
    return this.#channels.read(bytes, 0, bytes.length) ?? bytes.toString('utf8');
  }

  #readParts(payload: Uint8Array): Parts | undefined {
    const json = this.#json;
    json.start(payload);
    json.skip();
    const uid = json.shortText();
    if (uid === undefined || json.peek() !== 0x83) return undefined;
    json.skip();
    const packet = this.#readPacket();
    const options = packet === undefined ? undefined : this.#readOptions();
    if (packet === undefined || options === undefined || !json.isAtEnd) return undefined;
    return { uid, ...packet, ...options };
  }

  /** `{type, data, nsp}` in this order, as every Node adapter writes it; an event with its name. */
  #readPacket(): Pick<Parts, 'event' | 'args' | 'nsp'> | undefined {
    const json = this.#json;
    if (json.shortText() !== PACKET_KEYS[0] || json.peek() !== 2) return undefined;
    json.skip();
    if (json.shortText() !== PACKET_KEYS[1]) return undefined;
    const count = (json.peek() ?? 0) - 0x90;
    if (count < 1 || count > 15) return undefined;
    json.skip();
    const event = json.shortText();
    if (event === undefined) return undefined;
    let args = '[';
    for (let index = 1; index < count; index++) {
      const value = json.value(1);
      if (value === undefined) return undefined;
      args += index === 1 ? value : `,${value}`;
    }
    if (json.shortText() !== PACKET_KEYS[2]) return undefined;
    const nsp = json.shortText();
    return nsp === undefined ? undefined : { event, args: `${args}]`, nsp };
  }

  /** Up to three of rooms, except, flags: lists of texts and a map. */
  #readOptions(): Pick<Parts, 'rooms' | 'except' | 'flags' | 'order'> | undefined {
    const json = this.#json;
    const count = (json.peek() ?? 0) - 0x80;
    if (count < 0 || count > 3) return undefined;
    json.skip();
    const found: { rooms?: string; except?: string; flags?: string } = {};
    let order = '';
    for (let index = 0; index < count; index++) {
      const name = json.shortText();
      order += name ?? '';
      const value = name === '"flags"' ? json.map() : this.#readNames();
      if (value === undefined) return undefined;
      if (name === '"rooms"' && found.rooms === undefined) found.rooms = value;
      else if (name === '"except"' && found.except === undefined) found.except = value;
      else if (name === '"flags"' && found.flags === undefined) found.flags = value;
      else return undefined;
    }
    return { rooms: found.rooms, except: found.except, flags: found.flags, order };
  }

  /** A list of up to 15 texts: a number among them is a finding, and goes the long way. */
  #readNames(): string | undefined {
    const json = this.#json;
    const count = (json.peek() ?? 0) - 0x90;
    if (count < 0 || count > 15) return undefined;
    json.skip();
    let text = '[';
    for (let index = 0; index < count; index++) {
      const name = json.shortText();
      if (name === undefined) return undefined;
      text += index === 0 ? name : `,${name}`;
    }
    return `${text}]`;
  }

  #line(frame: Frame, seq: number, learned: Learned, parts: Parts, bytes: number): string {
    let text = `{"v":1,"seq":${seq}`;
    if (frame.time !== undefined) text += `,"time":"${formatTime(frame.time)}"`;
    text += `${this.#originOf(frame)}${learned.head}${bytes}${learned.who}${parts.event},"args":${parts.args}`;
    if (parts.rooms !== undefined) text += `,"rooms":${parts.rooms}`;
    if (parts.except !== undefined) text += `,"except":${parts.except}`;
    if (parts.flags !== undefined) text += `,"flags":${parts.flags}`;
    return text + learned.tail;
  }

  /** Neighbours in a capture mostly come from the same place. */
  #originOf(frame: Frame): string {
    const last = this.#origin;
    if (last !== undefined && isSameOrigin(last.frame, frame)) return last.text;
    let text = `,"via":"${frame.via}"${field('recordedVia', frame.recordedVia)}${field('node', frame.node)}${field('client', frame.client)}`;
    if (frame.db !== undefined) text += `,"db":${frame.db}`;
    text += field('command', frame.command);
    this.#origin = { frame, text };
    return text;
  }
}

function isSameOrigin(a: Frame, b: Frame): boolean {
  return (
    a.via === b.via &&
    a.command === b.command &&
    a.client === b.client &&
    a.node === b.node &&
    a.db === b.db &&
    a.recordedVia === b.recordedVia
  );
}

/** What was learned holds where namespace, rooms (the channel's room is one of them) and the order of the options are the same. */
function isSameSort(a: Parts, b: Parts): boolean {
  return a.nsp === b.nsp && a.order === b.order && a.rooms === b.rooms;
}

function field(name: string, value: string | undefined): string {
  return value === undefined ? '' : `,"${name}":${quoteJson(value)}`;
}
