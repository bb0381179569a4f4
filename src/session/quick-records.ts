import { ByteBlock } from '../bytes/byte-block.ts';
import { ByteTable } from '../bytes/byte-table.ts';
import type { Frame, FrameHead } from '../model/frame.ts';
import type { Observed } from '../model/observed.ts';
import { MOST_PER_BYTE, STEP } from '../render/json-bytes.ts';
import { writeRecord } from '../render/json-lines.ts';
import { QuickBroadcast, type QuickFrame, START_BYTES, writeRecordStart } from './quick-broadcast.ts';
import { QuickOrigins } from './quick-origins.ts';
import { QuickPlaces } from './quick-places.ts';
import { learnSender, NO_SENDER, type QuickSender, withHabit } from './quick-senders.ts';

/** `[uid, packet, options]` in msgpack, and the lead byte of a uid of no characters; 31 is the most that it can say. */
const ENVELOPE = 0x93;
const SHORT_TEXT = 0xa0;
const MAX_SHORT_TEXT = 31;
/** Larger payloads are few, and would need large blocks. */
const MAX_PAYLOAD_BYTES = 256 * 1024;
/** What a record holds beside its payload and the pieces of a `QuickFrame`: numbers, names of fields, a habit. */
const MORE_BYTES = 1024;
/** Servers that are remembered at a time. */
const MAX_SENDERS = 4096;

/** Answers with a block that has room for so many bytes. */
export type Reserve = (bytes: number) => ByteBlock;

/** What can be said about a head: null for one that no plain broadcast has. */
type QuickHead = Pick<QuickFrame, 'origin' | 'place'> | null;

/**
 * Records of plain classic broadcasts without building a tree of values: the bulk of most captures. What differs
 * from message to message is transcoded from the bytes; the rest is put together from what the dissector says about
 * the channel, and from what dissector and record writer made of an earlier message of the same sender and sort.
 * Anything unusual, and the first message of each sort, goes the long way.
 */
export class QuickRecords {
  readonly #broadcast = new QuickBroadcast();
  readonly #origins = new QuickOrigins();
  readonly #places: QuickPlaces;
  readonly #senders = new ByteTable<QuickSender>(MAX_SENDERS);
  readonly #heads = new WeakMap<FrameHead, { readonly head: QuickHead }>();
  /** Payloads are copied here: reading several bytes at a time takes a view, and making one costs more. */
  readonly #payload = new ByteBlock(Buffer.allocUnsafeSlow(MAX_PAYLOAD_BYTES + STEP));
  /** What could not be written because nothing is known about its sender, or about its sort. */
  #unknown: { readonly frame: Frame; readonly quick: QuickFrame } | undefined;

  /** `keys`: prefixes that the user named. */
  constructor(keys: readonly string[] = []) {
    this.#places = new QuickPlaces(keys);
  }

  /** Writes the record's line, its end included. False where the long way has to be taken; then `learn` may be told its result. */
  write(frame: Frame, seq: number, reserve: Reserve): boolean {
    this.#unknown = undefined;
    const { payload } = frame;
    if (payload?.[0] !== ENVELOPE || payload.length > MAX_PAYLOAD_BYTES) return false;
    const head = this.#readHead(frame);
    if (head === null) return false;
    this.#payload.bytes.set(payload);
    this.#payload.used = payload.length;
    const quick = this.#prepare(head, frame.time, this.#payload);
    if (quick === undefined) return false;
    const isWritten = this.#write(quick, seq, reserve);
    if (isWritten === undefined) this.#unknown = { frame, quick };
    return isWritten === true;
  }

  /**
   * The same for a frame that is not made yet. `head` is one object for all frames that say the same; `payload` has
   * `STEP` bytes behind its end. Without `seq` the line is left to be started by `writeRecordStart`.
   */
  writeFrom(
    head: FrameHead,
    time: number,
    payload: ByteBlock,
    seq: number | undefined,
    reserve: Reserve,
  ): boolean {
    if (payload.bytes[0] !== ENVELOPE || payload.used > MAX_PAYLOAD_BYTES) return false;
    let known = this.#heads.get(head);
    if (known === undefined) {
      known = { head: this.#readHead(head) };
      this.#heads.set(head, known);
    }
    const quick = known.head === null ? undefined : this.#prepare(known.head, time, payload);
    return quick !== undefined && this.#write(quick, seq, reserve) === true;
  }

  /** Whether the frame that `write` has just answered with false is one that it can learn from. */
  get isCurious(): boolean {
    return this.#unknown !== undefined;
  }

  /** What became of the frame that `write` has just answered with false. */
  learn(observed: Extract<Observed, { is: 'message' }>): void {
    const unknown = this.#unknown;
    this.#unknown = undefined;
    if (unknown?.frame !== observed.frame || observed.message.kind !== 'broadcast') return;
    const { quick } = unknown;
    const block = new ByteBlock(Buffer.allocUnsafe(roomFor(quick)));
    const start = writeRecordStart(observed.seq, block, 0);
    const sort = this.#broadcast.write(quick, block, start);
    if (sort === -1) return;
    const sender = learnSender(quick.sender, sort, observed.message);
    this.#broadcast.write({ ...quick, sender }, block, start);
    // Believed only where it makes the same of what it was learned from.
    const line = block.bytes.toString('utf8', 0, this.#broadcast.end);
    if (line === `${writeRecord(observed)}\n`) this.#remember(quick, sender);
  }

  #readHead(frame: FrameHead): QuickHead {
    const origin = this.#origins.get(frame);
    const place = origin === null || frame.channel === undefined ? null : this.#places.get(frame.channel);
    return origin === null || place === null ? null : { origin, place };
  }

  /** Undefined for what cannot be a plain broadcast. */
  #prepare(
    { origin, place }: NonNullable<QuickHead>,
    time: number | undefined,
    payload: ByteBlock,
  ): QuickFrame | undefined {
    const uidLength = (payload.bytes[1] ?? 0) - SHORT_TEXT;
    const uidEnd = 2 + uidLength;
    if (uidLength < 0 || uidLength > MAX_SHORT_TEXT || uidEnd > payload.used) return undefined;
    const sender = this.#senders.get(payload, 2, uidEnd) ?? NO_SENDER;
    return { time, origin, place, sender, payload, uidEnd };
  }

  /** Undefined where nothing was learned yet, false where the broadcast is not plain. */
  #write(quick: QuickFrame, seq: number | undefined, reserve: Reserve): boolean | undefined {
    const { sender } = quick;
    if (sender === NO_SENDER) return undefined;
    const block = reserve(roomFor(quick));
    const start = seq === undefined ? block.used : writeRecordStart(seq, block, block.used);
    const sort = this.#broadcast.write(quick, block, start);
    if (sort === -1) return false;
    if (sort !== sender.habits[0].sort && !this.#writeAs(sort, quick, block, start)) return undefined;
    block.used = this.#broadcast.end;
    return true;
  }

  /** Writes the same again, now that its sort is known. */
  #writeAs(sort: number, quick: QuickFrame, block: ByteBlock, start: number): boolean {
    const sender = withHabit(quick.sender, sort);
    if (sender === undefined) return false;
    this.#remember(quick, sender);
    return this.#broadcast.write({ ...quick, sender }, block, start) === sort;
  }

  #remember({ payload, uidEnd }: QuickFrame, sender: QuickSender): void {
    this.#senders.set(payload, 2, uidEnd, sender);
  }
}

function roomFor({ payload, origin, place, sender }: QuickFrame): number {
  const known = origin.length + place.channel.length + place.address.length + sender.who.length;
  return MOST_PER_BYTE * payload.used + known + MORE_BYTES + START_BYTES;
}
