import type { Message } from '../model/message.ts';
import type { Memory } from './memory.ts';
import type { Refusal, View } from './view.ts';

/**
 * Reads one dialect.
 *
 * `dissect` answers with the message; with refusals, when the frame may have been meant so but does not fit (they
 * become `error.tried` if nothing else fits either); or with undefined, when the frame is plainly something else.
 * It never throws on any payload.
 */
export interface Dissector {
  readonly name: string;
  dissect(view: View, memory: Memory): Message | readonly Refusal[] | undefined;
}
