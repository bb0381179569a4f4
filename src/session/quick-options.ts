import { type ByteBlock, BytePiece } from '../bytes/byte-block.ts';
import type { JsonTranscoder } from '../render/json-transcoder.ts';
import type { QuickRoom } from './quick-places.ts';

/** An option as it stands in the payload and in the record. */
interface Option {
  readonly key: BytePiece;
  readonly field: BytePiece;
  /** Key and value where the value is empty, as it mostly is. */
  readonly empty: BytePiece;
  readonly emptyField: BytePiece;
}

const EMPTY_LIST = '\x90';
const EMPTY_MAP = '\x80';
/** In the order in which a record has them. */
const OPTIONS: readonly Option[] = [
  optionOf('rooms', EMPTY_LIST, '[]'),
  optionOf('except', EMPTY_LIST, '[]'),
  optionOf('flags', EMPTY_MAP, '{}'),
];
const ROOMS = 0;
const FLAGS = 2;

function optionOf(name: string, empty: string, emptyJson: string): Option {
  const key = `${String.fromCharCode(0xa0 + name.length)}${name}`;
  return {
    key: new BytePiece(key),
    field: new BytePiece(`,"${name}":`),
    empty: new BytePiece(key + empty),
    emptyField: new BytePiece(`,"${name}":${emptyJson}`),
  };
}

/** Transcodes the options of a broadcast: rooms and except, lists of texts, and flags, a map; each at most once. */
export class QuickOptions {
  readonly #json: JsonTranscoder;
  /** Where each option's field starts and ends in the record; 0 where there is none. */
  readonly #spans = new Int32Array(2 * OPTIONS.length);
  #hasRoom = false;

  constructor(json: JsonTranscoder) {
    this.#json = json;
  }

  /**
   * Writes them in the record's order and answers with that of the payload, in digits of base 4; -1 where they are
   * not plain, or `room` is not among the rooms.
   */
  write(room: QuickRoom | undefined, target: ByteBlock): number {
    const json = this.#json;
    const count = json.enterMap();
    if (count < 0 || count > OPTIONS.length) return -1;
    const start = json.to;
    this.#spans.fill(0);
    this.#hasRoom = room === undefined;
    let last = -1;
    let order = 0;
    let isSorted = true;
    for (let index = 0; index < count; index++) {
      const option = this.#writeNext(index, room, target);
      if (option === -1) return -1;
      if (option <= last) isSorted = false;
      last = option;
      order = order * (OPTIONS.length + 1) + option + 1;
    }
    if (!isSorted) json.to = this.#sort(target, start);
    return this.#hasRoom ? order : -1;
  }

  /** Writes the next option and answers with its number; most senders write them in the record's order. */
  #writeNext(guess: number, room: QuickRoom | undefined, target: ByteBlock): number {
    for (let turn = 0; turn < OPTIONS.length; turn++) {
      const index = (guess + turn) % OPTIONS.length;
      const option = OPTIONS[index];
      const from = this.#json.to;
      if (option === undefined || !this.#writeIf(option, index, room, target)) continue;
      if (this.#json.to === from || this.#spans[2 * index + 1] !== 0) return -1;
      this.#spans[2 * index] = from;
      this.#spans[2 * index + 1] = this.#json.to;
      return index;
    }
    return -1;
  }

  /** False when another option comes next; when this one is not plain, nothing is written. */
  #writeIf(option: Option, index: number, room: QuickRoom | undefined, target: ByteBlock): boolean {
    const json = this.#json;
    if (index === ROOMS && room !== undefined && json.skip(room.alone)) {
      this.#hasRoom = true;
      json.to = room.aloneField.put(target, json.to);
      return true;
    }
    if (json.skip(option.empty)) {
      json.to = option.emptyField.put(target, json.to);
      return true;
    }
    if (!json.skip(option.key)) return false;
    const from = json.to;
    json.to = option.field.put(target, from);
    const isPlain = index === FLAGS ? json.map() : json.texts(index === ROOMS ? room?.name : undefined);
    if (index === ROOMS) this.#hasRoom ||= json.hasMet;
    if (!isPlain) json.to = from;
    return true;
  }

  /** Puts the options, the first of which starts at `start`, in the record's order. */
  #sort(target: ByteBlock, start: number): number {
    const copy = Uint8Array.prototype.slice.call(target.bytes, start, this.#json.to);
    let to = start;
    for (let index = 0; index < OPTIONS.length; index++) {
      const [from = 0, end = 0] = this.#spans.subarray(2 * index, 2 * index + 2);
      if (end > 0) target.bytes.set(copy.subarray(from - start, end - start), to);
      to += end - from;
    }
    return to;
  }
}
