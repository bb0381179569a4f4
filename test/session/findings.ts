import type { Report } from '../../src/doctor/examine.ts';

/** What is found, without the numbers that depend on how long was listened. */
export function findings({ cases }: Report): readonly unknown[] {
  return cases.map(({ rule, where, sentence }) => [
    rule.name,
    where,
    sentence.replace(/\d+/g, 'n').split(/[:.]/)[0],
  ]);
}
