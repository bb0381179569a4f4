/** A part of one direction of a connection: bytes, or a cut where the capture knows only how many there were. */
interface Piece {
  readonly from: number;
  readonly to: number;
  readonly bytes: Buffer | undefined;
  readonly time: number | undefined;
}

export interface StreamGap {
  /** `lost-segment`: the capture has no such packet. `truncated`: it has the packet without all of its bytes. */
  readonly reason: 'lost-segment' | 'truncated';
  readonly bytes: number;
}

/** Told the bytes of one direction in order. What comes after a gap must never be joined to what came before. */
export interface StreamListener {
  /** `time` is that of the packet that brought the bytes. */
  data(bytes: Buffer, time: number | undefined): void;
  gap(gap: StreamGap): void;
}

/** What one packet says about one direction. */
export interface StreamPart {
  readonly seq: number;
  readonly isSyn: boolean;
  readonly isFin: boolean;
  readonly payload: Buffer;
  readonly cutBytes: number;
  readonly time: number | undefined;
}

/** How long after the receiver confirmed bytes the capture may still bring them: captures are slightly unordered. */
const ACKED_GRACE_US = 1_000_000;
/** How long a hole may stay when nobody confirms it: longer than the first retransmissions take. */
const UNACKED_GRACE_US = 60_000_000;
/** Where the SYN was not captured the first segments are put in order among themselves before the stream starts. */
const START_GRACE_US = 1_000_000;
const MAX_START_BYTES = 64 * 1024;
/** Receive windows reach a few megabytes: more than this waits for no hole. */
const MAX_PENDING_BYTES = 8 * 1024 * 1024;
const MAX_PENDING_PIECES = 20_000;
/** Nobody can have received more than the largest window of what was not captured: such a number is damage. */
const MAX_WINDOW_BYTES = 2 ** 30;

/**
 * Puts one direction of a TCP connection in order: retransmissions, overlaps, segments out of order, sequence numbers
 * that wrap around, keep-alive probes. Source: RFC 9293, section 3.4.
 *
 * Positions are sequence numbers unwrapped to numbers that only grow.
 */
export class TcpStream {
  readonly #listener: StreamListener;
  #pending: Piece[] = [];
  #pendingBytes = 0;
  /** Position of the next byte to hand out, once the stream has started. */
  #next: number | undefined;
  /** Position of the first byte that was handed out. */
  #first: number | undefined;
  /** Some position of the stream and its sequence number, to unwrap others by. */
  #base: number | undefined;
  #fin: number | undefined;
  #ackNumber: number | undefined;
  #acked: number | undefined;
  /** Since when the oldest hole, or the wait for the start, has been there. */
  #waitingSince: number | undefined;
  #ackedSince: number | undefined;
  /** Whether the first byte handed out was the first of the connection. */
  hasStart = false;

  constructor(listener: StreamListener) {
    this.#listener = listener;
  }

  /** Bytes that wait for a hole to be filled. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Whether a hole is open or the start has not been found: `settle` must be asked from time to time. */
  get isWaiting(): boolean {
    return this.#waitingSince !== undefined;
  }

  /** Whether everything up to the FIN was handed out. */
  get isOver(): boolean {
    return this.#fin !== undefined && this.#next !== undefined && this.#next >= this.#fin;
  }

  /** Whether a SYN with this number begins another stream than this one, which has begun. */
  isOther(seq: number): boolean {
    return this.#first !== undefined && this.#position(seq) + 1 !== this.#first;
  }

  add(part: StreamPart, now: number): void {
    const start = this.#position(part.seq) + (part.isSyn ? 1 : 0);
    const end = start + part.payload.length;
    if (part.isSyn && this.#next === undefined) this.#begin(start, true);
    if (part.isFin) this.#fin ??= end + part.cutBytes;
    this.#take({ from: start, to: end, bytes: part.payload, time: part.time });
    if (part.cutBytes > 0)
      this.#take({ from: end, to: end + part.cutBytes, bytes: undefined, time: part.time });
    this.settle(now);
  }

  /** What the other side says it has received. */
  acknowledge(ack: number, now: number): void {
    this.#ackNumber = ack;
    if (this.#base === undefined) return;
    const acked = this.#position(ack);
    if (acked > (this.#next ?? acked) + MAX_WINDOW_BYTES) return;
    if (this.#acked === undefined || acked > this.#acked) this.#acked = acked;
    if (this.#next === undefined || acked > this.#next || this.isWaiting) this.settle(now);
  }

  /** Decides about holes as far as the clock allows; microseconds. */
  settle(now: number): void {
    if (this.#next === undefined) {
      if (this.#pending.length === 0) return;
      this.#waitingSince ??= now;
      const first = this.#pending[0]?.from ?? 0;
      const isSettled =
        (this.#acked !== undefined && this.#acked > first) ||
        this.#pendingBytes > MAX_START_BYTES ||
        now - this.#waitingSince > START_GRACE_US;
      if (!isSettled) return;
      this.#begin(first, false);
    }
    while (this.#isHoleLost(now)) this.#skipHole();
  }

  /** The capture has ended, or a new connection took the ports: nothing more will come. */
  close(): void {
    const [first] = this.#pending;
    if (this.#next === undefined && first !== undefined) this.#begin(first.from, false);
    while (this.#holeEnd() !== undefined) this.#skipHole();
  }

  #position(seq: number): number {
    // The first position leaves room for what comes before it.
    this.#base ??= seq + 2 ** 32;
    if (this.#acked === undefined && this.#ackNumber !== undefined) {
      this.#acked = this.#base + ((this.#ackNumber - this.#base) | 0);
    }
    const near = this.#next ?? this.#base;
    return near + ((seq - near) | 0);
  }

  #begin(position: number, hasStart: boolean): void {
    this.#next = position;
    this.#first = position;
    this.hasStart = hasStart;
    this.#waitingSince = undefined;
    this.#drain();
  }

  #take(piece: Piece): void {
    if (piece.from === piece.to) return;
    if (this.#next === undefined || piece.from > this.#next) this.#store(piece);
    else if (piece.to > this.#next) {
      this.#handOut(piece);
      this.#drain();
    }
  }

  /** Keeps pieces in order of `from`. Bytes are copied: the chunk that they came in is gone later. */
  #store(piece: Piece): void {
    let at = this.#pending.length;
    while (at > 0 && (this.#pending[at - 1]?.from ?? 0) > piece.from) at--;
    const before = this.#pending[at - 1];
    const isKnown = before !== undefined && before.to >= piece.to && before.bytes !== undefined;
    if (isKnown) return;
    const bytes = piece.bytes === undefined ? undefined : Buffer.from(piece.bytes);
    this.#pending.splice(at, 0, { ...piece, bytes });
    this.#pendingBytes += bytes?.length ?? 0;
  }

  #drain(): void {
    let used = 0;
    for (const piece of this.#pending) {
      if (this.#next === undefined || piece.from > this.#next) break;
      // A cut is believed only when no whole copy of the bytes is there.
      const following = this.#pending[used + 1];
      const isCutOfWhole =
        piece.bytes === undefined && following?.bytes !== undefined && following.from <= this.#next;
      used++;
      this.#pendingBytes -= piece.bytes?.length ?? 0;
      if (piece.to > this.#next && !isCutOfWhole) this.#handOut(piece);
    }
    if (used > 0) this.#pending.splice(0, used);
  }

  #handOut({ from, to, bytes, time }: Piece): void {
    const next = this.#next ?? from;
    this.#next = to;
    if (bytes === undefined) this.#listener.gap({ reason: 'truncated', bytes: to - next });
    else this.#listener.data(bytes.subarray(next - from), time);
  }

  /** Where the hole at the next byte ends; undefined when there is none. */
  #holeEnd(): number | undefined {
    if (this.#next === undefined) return undefined;
    const [first] = this.#pending;
    if (first !== undefined) return first.from;
    const end = Math.min(this.#acked ?? 0, this.#fin ?? Number.POSITIVE_INFINITY);
    // A single number beyond may be a FIN that was not captured.
    return end > this.#next + (this.#fin === undefined ? 1 : 0) ? end : undefined;
  }

  #isHoleLost(now: number): boolean {
    const end = this.#holeEnd();
    if (end === undefined || this.#next === undefined) {
      this.#waitingSince = undefined;
      this.#ackedSince = undefined;
      return false;
    }
    this.#waitingSince ??= now;
    if (this.#acked !== undefined && this.#acked > this.#next) this.#ackedSince ??= now;
    return (
      now - (this.#ackedSince ?? now) > ACKED_GRACE_US ||
      now - this.#waitingSince > UNACKED_GRACE_US ||
      this.#pendingBytes > MAX_PENDING_BYTES ||
      this.#pending.length > MAX_PENDING_PIECES
    );
  }

  #skipHole(): void {
    const end = this.#holeEnd();
    if (end === undefined || this.#next === undefined) return;
    const bytes = end - this.#next;
    this.#next = end;
    this.#waitingSince = undefined;
    this.#ackedSince = undefined;
    this.#listener.gap({ reason: 'lost-segment', bytes });
    this.#drain();
  }
}
