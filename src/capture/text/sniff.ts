import { isWholeMessage } from '../../bytes/dumps/whole-message.ts';
import { elementCount } from './delivery.ts';

/** What a text is, as far as its first bytes tell. */
export type TextKind = 'lines' | 'raw-subscription' | 'dump';

/** A MONITOR line up to its source. */
const MONITOR_START = /^\+?\d{9,12}\.\d{6} \[\d+ /;
/** The same inside another line; only where no quote stands before it, it cannot be part of an argument. */
export const MONITOR_INSIDE = /^[^"]*?(?=\b\d{9,12}\.\d{6} \[\d{1,5} [^"]{1,200}\] ["\xe2])/;

/** A double quote, also as word processors write it. */
const QUOTE = String.raw`(?:"|\xe2\x80[\x9c-\x9f])`;
const STRONG_LINES = [
  MONITOR_START,
  MONITOR_INSIDE,
  // Two quoted words, or a quoted word in a list.
  new RegExp(String.raw`^${QUOTE}[\w-]{1,32}${QUOTE}(?: ${QUOTE}|,["\d])`),
  /^\["(?:[ps]?message|[ps]?(?:un)?subscribe)",(?:"|null)/,
  new RegExp(String.raw`^ *\d+\) (?: *\d+\) )*(?:${QUOTE}|\((?:integer|nil))`),
];
/** Lines longer than this are known by their start. */
const LINE_START_BYTES = 1024;

/**
 * Decides by the first bytes of a text; `isAll` when there are no more. Lines are read as they come, everything
 * else as a whole.
 */
export function sniffText(head: Buffer, isAll: boolean): TextKind {
  if (isAll && isWholeMessage(head)) return 'dump';
  const lead = head[0] ?? 0;
  if (lead >= 0x80 && lead <= 0x9f) return 'dump';
  if (startsRawSubscription(head)) return 'raw-subscription';
  for (let at = 0; at < head.length;) {
    const end = head.indexOf(0x0a, at);
    const line = head.toString('latin1', at, Math.min(end === -1 ? head.length : end, at + LINE_START_BYTES));
    if (STRONG_LINES.some((pattern) => pattern.test(line))) return 'lines';
    at = end === -1 ? head.length : end + 1;
  }
  return 'dump';
}

function startsRawSubscription(head: Buffer): boolean {
  return elementCount(head.subarray(0, head.indexOf(0x0a))) !== undefined;
}
