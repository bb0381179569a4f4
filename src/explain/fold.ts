import type { Frame } from '../model/frame.ts';
import type { Message } from '../model/message.ts';
import type { Explanation, Fact } from './row.ts';

export interface Explained {
  readonly frame: Frame;
  readonly message: Message;
  readonly explanation: Explanation;
}

/**
 * Two explanations that tell a reader the same, as one that counts: subscriptions of whatever channels, or stream
 * entries without data that say the same in every field. Undefined where each says something of its own: a payload,
 * a finding, an error.
 */
export function foldExplained(held: Explained, next: Explained): Explained | undefined {
  if (!isBare(held) || !isBare(next)) return undefined;
  const { title, summary, facts, times = 1 } = held.explanation;
  if (next.explanation.title !== title || next.explanation.summary !== summary) return undefined;
  if (!isSameChannel(held.frame, next.frame)) return undefined;
  const isList = held.frame.channels !== undefined && next.frame.channels !== undefined;
  if (!isList && !areSame(facts, next.explanation.facts)) return undefined;
  const all = isList ? countFacts([...facts, ...next.explanation.facts]) : facts;
  return { ...held, explanation: { ...held.explanation, facts: all, times: times + 1 } };
}

function isBare({ message, explanation }: Explained): boolean {
  return explanation.layers.length === 0 && message.findings === undefined && message.error === undefined;
}

function isSameChannel({ channel: one }: Frame, { channel: other }: Frame): boolean {
  if (one === undefined || other === undefined) return one === other;
  return Buffer.compare(one, other) === 0;
}

function areSame(facts: readonly Fact[], others: readonly Fact[]): boolean {
  return facts.length === others.length && facts.every((fact, index) => isSame(fact, others[index]));
}

function isSame(fact: Fact, other: Fact | undefined): boolean {
  return fact.name === other?.name && fact.value === other.value && fact.note === other.note;
}

/** Each command and channel once, in the order in which they were first seen. */
function countFacts(facts: readonly Fact[]): Fact[] {
  const counted = new Map<string, Fact>();
  for (const fact of facts) {
    const id = JSON.stringify([fact.name, fact.value]);
    const times = (counted.get(id)?.times ?? 0) + (fact.times ?? 1);
    counted.set(id, { ...fact, times });
  }
  return [...counted.values()];
}
