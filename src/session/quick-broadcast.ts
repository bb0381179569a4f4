import { type ByteBlock, BytePiece } from '../bytes/byte-block.ts';
import { TimeWriter, writeInteger } from '../render/json-bytes.ts';
import { JsonTranscoder } from '../render/json-transcoder.ts';
import { QuickOptions } from './quick-options.ts';
import type { QuickPlace } from './quick-places.ts';
import type { QuickSender } from './quick-senders.ts';

/** What the record of a broadcast is made of. */
export interface QuickFrame {
  readonly time: number | undefined;
  /** From `,"via":` to `"command":…` */
  readonly origin: BytePiece;
  readonly place: QuickPlace;
  readonly sender: QuickSender;
  /** The payload, up to `used`; four bytes more can be read. */
  readonly payload: ByteBlock;
  /** Where the uid ends in the payload. */
  readonly uidEnd: number;
}

/** `{type: 2, data: […], nsp}` in this order, as every Node adapter writes it, in msgpack. */
const PACKET_START = new BytePiece('\x83\xa4type\x02\xa4data');
const NSP_KEY = new BytePiece('\xa3nsp');

const START = new BytePiece('{"v":1,"seq":');
const TIME = new BytePiece(',"time":"');
const ARGS = new BytePiece(',"args":[');
const QUOTE = 0x22;
const COMMA = 0x2c;
const CLOSE_LIST = 0x5d;

/** Room for what `writeRecordStart` writes. */
export const START_BYTES = 64;

/** Writes what every record starts with, its number, and answers with the place behind it. */
export function writeRecordStart(seq: number, target: ByteBlock, start: number): number {
  return writeInteger(seq, target.bytes, START.put(target, start));
}

/** Writes the record's line of one plain broadcast, from behind its number on. */
export class QuickBroadcast {
  readonly #json = new JsonTranscoder();
  readonly #options = new QuickOptions(this.#json);
  readonly #time = new TimeWriter();
  /** Behind the line that was written. */
  end = 0;

  /**
   * Writes into `target` from `start` on, as if the broadcast were of the first habit of its sender, and answers with
   * the sort of which it really is: which options come in which order, and whether the channel is an open one. Answers
   * with -1 where the broadcast is not plain.
   */
  write(frame: QuickFrame, target: ByteBlock, start: number): number {
    const { place, sender, payload } = frame;
    const [habit] = sender.habits;
    let to = this.#writeOrigin(frame, target, start);
    to = place.channel.put(target, to);
    to = habit.dialect.put(target, to);
    to = writeInteger(payload.used, target.bytes, to);
    to = sender.who.put(target, to);
    to = place.address.put(target, to);
    const json = this.#json;
    json.start(payload, target, to);
    json.at = frame.uidEnd;
    if (!this.#writePacket(place.nsp, target)) return -1;
    const order = this.#options.write(place.room, target);
    if (order === -1 || !json.isAtEnd) return -1;
    this.end = habit.tail.put(target, json.to);
    return order * 2 + (place.isOpen ? 1 : 0);
  }

  #writeOrigin({ time, origin }: QuickFrame, target: ByteBlock, start: number): number {
    let to = start;
    if (time !== undefined) {
      to = TIME.put(target, to);
      to = this.#time.write(time, target.bytes, to);
      target.bytes[to++] = QUOTE;
    }
    return origin.put(target, to);
  }

  /** An event with its name. */
  #writePacket(nsp: BytePiece, target: ByteBlock): boolean {
    const json = this.#json;
    if (!json.skip(PACKET_START)) return false;
    const count = json.enterArray();
    if (count < 1 || !json.text()) return false;
    json.to = ARGS.put(target, json.to);
    for (let index = 1; index < count; index++) {
      if (index > 1) target.bytes[json.to++] = COMMA;
      if (!json.value(1)) return false;
    }
    target.bytes[json.to++] = CLOSE_LIST;
    return json.skip(NSP_KEY) && json.skip(nsp);
  }
}
