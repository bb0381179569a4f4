import type { Message } from '../model/message.ts';
import type { Value } from '../model/value.ts';
import type { Part } from './row.ts';

/** What stands at a place: a leaf, or how many items a container has. */
export interface Seen {
  readonly type: Value['type'];
  readonly count: number | undefined;
  readonly value: Value | undefined;
}

/** Says what one value means; undefined where the value says it itself. */
export type Says = (seen: Seen, message: Message) => string | undefined;

/** What a place in a message is for. The tables in `meanings/` are made of these. */
export interface Meaning {
  readonly part: Part;
  /** The place, in a sentence that a learner understands. */
  readonly what: string;
  /** What the value in it means. */
  readonly says?: Says;
  /** Maps: the known keys. */
  readonly fields?: Readonly<Record<string, Meaning>>;
  /** Arrays: by position. */
  readonly items?: readonly Meaning[];
  /** Maps whose keys are told by how they are spelled. */
  readonly named?: (name: string) => Meaning;
  /** Every item or key that the others do not know. */
  readonly each?: Meaning;
  /** Only its first characters belong on a screen. */
  readonly isSecret?: boolean;
}

/** The meaning of a child of a container. */
export function childMeaning(parent: Meaning | undefined, segment: string | number): Meaning | undefined {
  if (parent === undefined) return undefined;
  if (typeof segment === 'number') return parent.items?.[segment] ?? parent.each;
  if (parent.fields !== undefined && Object.hasOwn(parent.fields, segment)) return parent.fields[segment];
  return parent.named?.(segment) ?? parent.each;
}

export function numberIn(seen: Seen): number | undefined {
  const { value } = seen;
  return value?.type === 'int' && typeof value.value === 'number' ? value.value : undefined;
}

export function textIn(seen: Seen): string | undefined {
  return seen.value?.type === 'str' ? seen.value.value : undefined;
}

/** Nothing was named: absent values and empty lists mean the same to the receivers. */
export function isNone(seen: Seen): boolean {
  return seen.type === 'nil' || seen.type === 'undefined' || seen.count === 0 || textIn(seen) === '';
}
