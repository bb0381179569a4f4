import type { ByteBlock } from '../bytes/byte-block.ts';
import type { Frame, FrameHead } from '../model/frame.ts';

/**
 * Is shown frames before they are made, in their order, and answers whether it is done with one: then that is not
 * yielded. Frames that say the same have the same `head`, one object. `payload` holds its bytes up to `used`, with four
 * more behind them that mean nothing, and is overwritten by the next one.
 *
 * Where something is taken batches may be empty, so that whoever reads them can write out what came of it.
 */
export type Glance = (head: FrameHead, time: number, payload: ByteBlock) => boolean;

/** Takes the usual lines of a capture apart without making frames of them. */
export interface LineFrames {
  /** What the line that was read last says, as a `Glance` is shown it. */
  readonly head: FrameHead;
  readonly time: number;
  readonly payload: ByteBlock;
  /** Behind its end. */
  readonly end: number;
  /** Reads the line that starts at `start`; false when it is no usual one, or not whole. */
  read(text: ByteBlock, start: number): boolean;
}

/** The frame that was read last, with a payload of its own. */
export function makeFrame({ head, time, payload }: LineFrames): Frame {
  const bytes = Buffer.allocUnsafe(payload.used);
  payload.bytes.copy(bytes, 0, 0, payload.used);
  // Property by property: spreading costs more than all the rest.
  const frame: { -readonly [K in keyof Frame]: Frame[K] } = { via: head.via, time, payload: bytes };
  if (head.node !== undefined) frame.node = head.node;
  if (head.client !== undefined) frame.client = head.client;
  if (head.db !== undefined) frame.db = head.db;
  if (head.command !== undefined) frame.command = head.command;
  if (head.channel !== undefined) frame.channel = head.channel;
  if (head.recordedVia !== undefined) frame.recordedVia = head.recordedVia;
  return frame;
}
