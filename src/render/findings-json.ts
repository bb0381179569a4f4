import type { Case, Report } from '../doctor/examine.ts';
import { pageOf } from './findings.ts';

/** A report as one JSON object. Names are as they were on the wire. */
export function reportToJson(report: Report): string {
  const { cases, held, unchecked, hidden, messages, gaps, unread, notes, absence } = report;
  return JSON.stringify({
    v: 1,
    findings: cases.map(caseToJson),
    held: held.map(({ name }) => name),
    unchecked: unchecked.map(({ rule, why }) => ({ rule: rule.name, why })),
    hidden,
    messages,
    gaps,
    unread,
    notes,
    ...(absence === undefined ? {} : { absence }),
  }).replace(/[\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, escapeUnit);
}

function caseToJson({ rule, where, sentence, seen, culprits, symptom, next, sure }: Case): object {
  return {
    rule: rule.name,
    severity: rule.severity,
    sure,
    ...(where === undefined ? {} : { where }),
    sentence,
    seen,
    culprits,
    ...(symptom === undefined ? {} : { symptom }),
    next,
    page: pageOf(rule),
  };
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
