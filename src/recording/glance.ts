import type { ByteBlock } from '../bytes/byte-block.ts';
import type { FrameHead } from '../model/frame.ts';

/**
 * Is shown frames before they are made, in their order, and answers whether it is done with one: then that is not
 * yielded. Frames of a recording that say the same have the same `head`, one object. `payload` holds its bytes up to
 * `used`, with four more behind them that mean nothing, and is overwritten by the next one.
 *
 * Where something is taken batches may be empty, so that whoever reads them can write out what came of it.
 */
export type Glance = (head: FrameHead, time: number, payload: ByteBlock) => boolean;
