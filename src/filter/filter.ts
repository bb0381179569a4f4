import type { Message } from '../model/message.ts';
import type { Observed } from '../model/observed.ts';
import type { Value } from '../model/value.ts';

/** What may be filtered by, and how a message answers. */
const FIELDS = {
  nsp: (message: Message) => some(message.nsp),
  room: (message: Message) => [...some(message.room), ...texts(message.rooms)],
  event: (message: Message) => some(message.event),
  uid: (message: Message) => some(message.uid),
  kind: (message: Message) => [message.kind],
} satisfies Record<string, (message: Message) => readonly string[]>;

export type FilterField = keyof typeof FIELDS;

export const FILTER_FIELDS = Object.keys(FIELDS) as readonly FilterField[];

/** One condition: the field has one of `patterns` (`*` stands for anything), or with `not` has none of them. */
export interface Condition {
  readonly field: FilterField;
  readonly patterns: readonly string[];
  readonly not: boolean;
}

/**
 * Makes a test out of conditions that must all hold. A gap always passes: what was missed may have been wanted.
 * Lines that could not be framed pass unless a condition asks for something that they cannot have.
 */
export function createFilter(conditions: readonly Condition[]): (observed: Observed) => boolean {
  const tests = conditions.map(({ field, patterns, not }) => {
    const wanted = patterns.map(wildcard);
    return (message: Message): boolean =>
      FIELDS[field](message).some((text) => wanted.some((pattern) => pattern.test(text))) !== not;
  });
  const isUndecodedWanted = conditions.every(({ field, patterns, not }) => {
    if (field === 'kind') return patterns.some((pattern) => wildcard(pattern).test('undecoded')) !== not;
    return not;
  });
  return (observed) => {
    switch (observed.is) {
      case 'gap':
        return true;
      case 'unframed':
        return isUndecodedWanted;
      case 'message':
        return tests.every((test) => test(observed.message));
    }
  };
}

function wildcard(pattern: string): RegExp {
  const literal = pattern.split('*').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${literal.join('[^]*')}$`, 'u');
}

function some(text: string | undefined): readonly string[] {
  return text === undefined ? [] : [text];
}

function texts(values: readonly Value[] | undefined): readonly string[] {
  return (values ?? []).flatMap((value) => {
    if (value.type === 'str') return [value.value];
    return value.type === 'int' ? [String(value.value)] : [];
  });
}
