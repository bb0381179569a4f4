import { ByteBlock, BytePiece, SLACK_BYTES } from '../bytes/byte-block.ts';
import { ByteTable } from '../bytes/byte-table.ts';
import { asBuffer } from '../bytes/decode-error.ts';
import { narrowedRoom, parseChannel } from '../dissect/channel.ts';
import { quoteJson } from '../render/json-value.ts';

/** Channels that are remembered at a time: there may be one for each room. */
const MAX_PLACES = 16_384;
/** A longer name is left to the long way. */
const MAX_CHANNEL_BYTES = 256;

/** msgpack: a text of up to 31 bytes has its length in its first byte, one of up to 255 in its second. */
const FIXSTR = 0xa0;
const MAX_FIXSTR = 31;
const STR8 = 0xd9;

/** What the channel of a broadcast says, as parts of its payload and of its record. */
export interface QuickPlace {
  /** The namespace in msgpack: the payload must say the same. */
  readonly nsp: BytePiece;
  /** The room that the channel narrows to: it must be among the payload's. */
  readonly room?: QuickRoom;
  /** A room's channel as socket.io-redis 5.0.0 has it: it tells the version. */
  readonly isOpen: boolean;
  /** `,"channel":…,"key":…` */
  readonly channel: BytePiece;
  /** `,"nsp":…,"room":…,"packetType":2,"event":` */
  readonly address: BytePiece;
}

export interface QuickRoom {
  /** As JSON. */
  readonly name: Uint8Array;
  /** The option `rooms` with this room only, its key included, in msgpack. */
  readonly alone: BytePiece;
  /** The same as JSON. */
  readonly aloneField: BytePiece;
}

/** Takes channels apart as the dissectors do, each once. */
export class QuickPlaces {
  readonly #keys: readonly string[];
  readonly #places = new ByteTable<QuickPlace | null>(MAX_PLACES);
  readonly #channel = new ByteBlock(Buffer.alloc(MAX_CHANNEL_BYTES + SLACK_BYTES));

  /** `keys`: prefixes that the user named. */
  constructor(keys: readonly string[]) {
    this.#keys = keys;
  }

  /** Null for a channel that is not plainly one for broadcasts. */
  get(channel: Uint8Array): QuickPlace | null {
    const { length } = channel;
    if (length > MAX_CHANNEL_BYTES) return null;
    this.#channel.bytes.set(channel);
    let place = this.#places.get(this.#channel, 0, length);
    if (place === undefined) {
      place = placeOf(asBuffer(channel).toString('utf8'), this.#keys);
      this.#places.set(this.#channel, 0, length, place);
    }
    return place;
  }
}

function placeOf(channel: string, keys: readonly string[]): QuickPlace | null {
  const name = parseChannel(channel, keys);
  if (name?.role !== 'broadcast' || name.nsp === undefined || channel.includes('\ufffd')) return null;
  const { key, nsp, rest } = name;
  // Where the payload's rooms hold this one, whatever else they hold, the dissector answers with it.
  const room = narrowedRoom(rest, [rest.endsWith('#') ? rest.slice(0, -1) : rest]);
  const roomField = room === undefined ? '' : `,"room":${quoteJson(room)}`;
  return {
    nsp: new BytePiece(packText(nsp)),
    ...(room === undefined ? {} : { room: quickRoom(room) }),
    isOpen: room !== undefined && !channel.endsWith('#'),
    channel: new BytePiece(Buffer.from(`,"channel":${quoteJson(channel)},"key":${quoteJson(key)}`)),
    address: new BytePiece(Buffer.from(`,"nsp":${quoteJson(nsp)}${roomField},"packetType":2,"event":`)),
  };
}

function quickRoom(room: string): QuickRoom {
  const name = Buffer.from(quoteJson(room));
  return {
    name,
    alone: new BytePiece(Buffer.concat([packText('rooms'), Buffer.from([0x91]), packText(room)])),
    aloneField: new BytePiece(Buffer.concat([Buffer.from(',"rooms":['), name, Buffer.from(']')])),
  };
}

/** A part of a channel's name, as adapters encode it. */
function packText(text: string): Uint8Array {
  const bytes = Buffer.from(text);
  const head = bytes.length > MAX_FIXSTR ? [STR8, bytes.length] : [FIXSTR + bytes.length];
  return Buffer.concat([Buffer.from(head), bytes]);
}
