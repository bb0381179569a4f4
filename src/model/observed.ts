import type { Frame, Gap, Unframed } from './frame.ts';
import type { Message } from './message.ts';

/** What becomes one record, numbered in order of capture, before filters. */
export type Observed =
  | { readonly is: 'message'; readonly seq: number; readonly frame: Frame; readonly message: Message }
  | { readonly is: 'gap'; readonly seq: number; readonly gap: Gap }
  | { readonly is: 'unframed'; readonly seq: number; readonly unframed: Unframed };
