import type { Absence } from '../doctor/absence.ts';
import { writeCommand } from '../doctor/commands.ts';
import type { Case, Report } from '../doctor/examine.ts';
import { tellUnread, UNSEEN } from './findings.ts';
import { safeText } from './safe-text.ts';

/** A report to paste into an issue. */
export function writeMarkdown(report: Report): string {
  const { cases, held, unchecked, hidden, unread, notes, absence } = report;
  return [
    '### sio-inspect doctor',
    ...cases.map(writeCase),
    ...(absence === undefined ? [] : [writeAbsence(absence)]),
    ...notes.map((text) => `Note: ${plain(text)}`),
    ...(unread === 0 ? [] : [tellUnread(unread)]),
    `${held.length} rules hold${held.length === 0 ? '' : `: ${held.map(({ name }) => name).join(', ')}`}.`,
    ...(unchecked.length === 0
      ? []
      : [`Not checked: ${unchecked.map(({ rule, why }) => `${rule.name} (${why})`).join(', ')}.`]),
    ...hidden.map((text) => `Hidden from us: ${plain(text)}`),
    UNSEEN,
  ].join('\n\n');
}

function writeCase({ rule, where, sentence, seen, culprits, symptom, next, sure }: Case): string {
  const place = where === undefined ? '' : ` · ${plain(where)}`;
  return [
    `#### ${rule.name} (${rule.severity}, ${sure})${place}`,
    '',
    `**${plain(sentence)}**`,
    '',
    ...seen.map((text) => `- Seen: ${plain(text)}`),
    ...culprits.map(
      ({ is, value, about }) => `- ${is} ${code(value)}${about === undefined ? '' : `: ${plain(about)}`}`,
    ),
    ...(symptom === undefined ? [] : [`- In logs: ${code(symptom)}`]),
    ...next.map((text) => `- Next: ${plain(text)}`),
    `- More: \`sio-inspect rules ${rule.name}\``,
  ].join('\n');
}

function writeAbsence({ says, lookedFor, instead }: Absence): string {
  return [
    `**${plain(says)}**`,
    '',
    `- Looked for: ${plain(lookedFor)}`,
    ...instead.map(
      ({ says: there, command }) =>
        `- Instead: ${plain(there)}${command === undefined ? '' : ` ${code(writeCommand(command))}`}`,
    ),
  ].join('\n');
}

/** A stranger's text must neither format nor link nor mention anybody. */
function plain(text: string): string {
  return safeText(text).replace(/[\\`*_[\]<>#|@]/g, '\\$&');
}

function code(text: string): string {
  return `\`${safeText(text).replaceAll('`', "'")}\``;
}
