import { asBuffer } from '../../bytes/decode-error.ts';
import type { Captured } from '../../model/frame.ts';
import { frameFromCommand } from '../command.ts';

/** An element of a reply: bytes, an integer, or nil. */
export type Scalar = Uint8Array | number | null;

/** Elements of what arrives on a subscribed connection. Source: redis 7.0.15, src/pubsub.c. */
const ELEMENTS: ReadonlyMap<string, number> = new Map([
  ['message', 3],
  ['smessage', 3],
  ['pmessage', 4],
  ['subscribe', 3],
  ['ssubscribe', 3],
  ['psubscribe', 3],
  ['unsubscribe', 3],
  ['sunsubscribe', 3],
  ['punsubscribe', 3],
]);

const LONGEST_KIND = 'punsubscribe'.length;

/** How many elements follow a first one of this kind, itself included; undefined when it is no such kind. */
export function elementCount(kind: Scalar | undefined): number | undefined {
  if (!(kind instanceof Uint8Array) || kind.length > LONGEST_KIND) return undefined;
  return ELEMENTS.get(asBuffer(kind).toString('latin1'));
}

/**
 * A delivery, or the confirmation of a subscription, which is the watcher's own and carries no traffic.
 * Undefined when the elements are neither.
 */
export function captureDelivery(elements: readonly Scalar[]): Captured | undefined {
  const [kind] = elements;
  if (elementCount(kind) !== elements.length || !(kind instanceof Uint8Array)) return undefined;
  const name = asBuffer(kind).toString('latin1');
  if (name.endsWith('subscribe')) return { is: 'other', command: name.toUpperCase() };
  const args = elements.filter((element) => element instanceof Uint8Array);
  if (args.length !== elements.length) return undefined;
  return frameFromCommand({ via: name === 'smessage' ? 'shard' : 'subscribe' }, args);
}
