import { isWholeMessage, valueEnds } from '../../bytes/dumps/whole-message.ts';
import type { Captured } from '../../model/frame.ts';
import { captureDelivery, elementCount } from './delivery.ts';
import { findReplacement, type TextContext, unframed } from './text-context.ts';

const NEWLINE = 0x0a;

/**
 * redis-cli's output where it is no terminal: each element on a line, nothing quoted. Payloads hold line ends and
 * may hold text that looks like another delivery, so each is read as the value that it is and ends where that ends.
 */
export function captureRawSubscription(bytes: Buffer, context: TextContext): Captured[] {
  const found: Captured[] = [];
  let at = 0;
  while (at < bytes.length) {
    const delivery = readDelivery(bytes, at, context);
    const next = delivery?.next ?? nextDelivery(bytes, at, bytes.length);
    const raw = bytes.subarray(at, next);
    if (delivery !== undefined) found.push(findLoss(raw, delivery.captured) ?? delivery.captured);
    else if (raw.toString('latin1').trim() !== '')
      found.push(unframed(raw, 'not what redis-cli prints for a delivery', 0));
    at = next;
  }
  return found;
}

function findLoss(raw: Buffer, captured: Captured): Captured | undefined {
  const payload = captured.is === 'frame' ? captured.frame.payload : undefined;
  return payload === undefined || isWholeMessage(payload) ? undefined : findReplacement(raw, payload);
}

function readDelivery(
  bytes: Buffer,
  offset: number,
  context: TextContext,
): { captured: Captured; next: number } | undefined {
  const elements: Uint8Array[] = [];
  let at = offset;
  const count = elementCount(readLine(bytes, at));
  if (count === undefined) return undefined;
  while (elements.length < count - 1) {
    const line = readLine(bytes, at);
    if (line === undefined) return undefined;
    elements.push(Buffer.from(line));
    at += line.length + 1;
  }
  const end = findPayloadEnd(bytes, at, context);
  elements.push(Buffer.from(bytes.subarray(at, end)));
  const captured = captureDelivery(elements);
  return captured === undefined ? undefined : { captured, next: Math.min(end + 1, bytes.length) };
}

function findPayloadEnd(bytes: Buffer, start: number, context: TextContext): number {
  const exact = valueEnds(bytes, start).find((end) => isBoundary(bytes, end));
  if (exact !== undefined) return exact;
  const next = nextDelivery(bytes, start, bytes.length + 1);
  if (next - start > 1)
    context.note('some payloads are no values that say where they end: took them up to the next delivery');
  return next <= bytes.length ? next - 1 : bytes.length - (bytes.at(-1) === NEWLINE ? 1 : 0);
}

/** Where the next line stands that starts a delivery. */
function nextDelivery(bytes: Buffer, from: number, fallback: number): number {
  for (let at = bytes.indexOf(NEWLINE, from); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) {
    if (elementCount(readLine(bytes, at + 1)) !== undefined) return at + 1;
  }
  return fallback;
}

function isBoundary(bytes: Buffer, end: number): boolean {
  if (end === bytes.length) return true;
  if (bytes[end] !== NEWLINE) return false;
  return end + 1 === bytes.length || elementCount(readLine(bytes, end + 1)) !== undefined;
}

/** The bytes up to the next line end; undefined when there is none. */
function readLine(bytes: Buffer, start: number): Buffer | undefined {
  const end = bytes.indexOf(NEWLINE, start);
  return end === -1 ? undefined : bytes.subarray(start, end);
}
