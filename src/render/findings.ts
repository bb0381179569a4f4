import type { Absence } from '../doctor/absence.ts';
import { writeCommand } from '../doctor/commands.ts';
import type { Case, Report } from '../doctor/examine.ts';
import type { Culprit, Rule, RuleSeverity } from '../doctor/rule.ts';
import { plural } from './phrase.ts';
import { safeText } from './safe-text.ts';
import { padRight, textWidth, wrapWords } from './text-width.ts';
import type { Theme } from './theme.ts';

export interface FindingsOptions {
  readonly theme: Theme;
  /** Infinity where lines shall not be broken. */
  readonly columns: number;
  /** Who sees the fault happen needs not be told how. */
  readonly isStaged?: true;
}

/** What no examination of Redis can see. */
export const UNSEEN =
  'Not visible from Redis: sticky sessions. «Session ID unknown» (HTTP 400) comes from a load balancer that sends one client to several servers; see it happen: sio-inspect demo --fault no-sticky-sessions';

const MARKS: Readonly<Record<RuleSeverity, string>> = { breaks: '✗', bites: '!', info: 'i' };
const MAX_COLUMNS = 110;
const CULPRITS_SHOWN = 6;

/** A report for a terminal. */
export function writeReport(report: Report, options: FindingsOptions): string {
  const blocks = report.cases.map((item) => writeCase(item, options));
  const absence = report.absence === undefined ? [] : [writeAbsence(report.absence, options)];
  return [...blocks, ...absence, writeRest(report, options)].join('\n\n');
}

/** One case: what, where, how sure; the numbers; the names; what to do. */
export function writeCase(item: Case, { theme, columns, isStaged }: FindingsOptions): string {
  const { rule, where = '', sure } = item;
  const width = breakAt(columns);
  const paint = paintOf(rule.severity, theme);
  const title = `${MARKS[rule.severity]} ${rule.name}`;
  const lead = `${padRight(title, 30)} ${safeText(where)}`;
  const heading = `${paint(title)}${lead.slice(title.length)}${' '.repeat(Math.max(2, Math.min(width, MAX_COLUMNS) - textWidth(lead) - sure.length))}${theme.dim(sure)}`;
  return [
    heading,
    ...wrapWords(safeText(item.sentence), width, '  ').map((line) => theme.strong(line)),
    ...item.seen.flatMap((text) => wrapWords(`Seen: ${safeText(text)}`, width, '  ', '        ')),
    ...writeCulprits(item.culprits, width, theme),
    ...(item.symptom === undefined
      ? []
      : wrapWords(`Your logs or users say: «${safeText(item.symptom)}»`, width, '  ', '    ')),
    ...item.next.flatMap((text) => writeAdvice(`Next: ${safeText(text)}`, width, theme)),
    theme.dim(`  More: sio-inspect rules ${rule.name}`),
    ...(rule.fault === undefined || isStaged === true
      ? []
      : [theme.dim(`  See it happen: sio-inspect demo --fault ${rule.fault}`)]),
  ].join('\n');
}

/** Wider prose is hard to read; where lines are whole, whoever reads them breaks them. */
function breakAt(columns: number): number {
  return Number.isFinite(columns) ? Math.min(columns, MAX_COLUMNS) : columns;
}

/** A command has a line of its own, so that it can be copied as it stands. */
function writeAdvice(text: string, width: number, theme: Theme): readonly string[] {
  const at = text.search(COMMAND);
  const sentence = at < 0 ? text : text.slice(0, at + 1);
  const command = at < 0 ? [] : [`    ${theme.strong(text.slice(at + 2))}`];
  return [...wrapWords(sentence, width, '  ', '        '), ...command];
}

const COMMAND = /: (?:sio-inspect|redis-cli) /;

/** Where the page of a rule stands. */
export function pageOf({ name }: Rule): string {
  return `docs/rules/${name}.md`;
}

function paintOf(severity: RuleSeverity, theme: Theme): (text: string) => string {
  switch (severity) {
    case 'breaks':
      return theme.trouble;
    case 'bites':
      return theme.warning;
    case 'info':
      return theme.target;
  }
}

function writeCulprits(culprits: readonly Culprit[], width: number, theme: Theme): readonly string[] {
  const shown = culprits.slice(0, CULPRITS_SHOWN).flatMap(({ is, value, about }) => {
    const text = `${is} ${safeText(value)}${about === undefined ? '' : `: ${safeText(about)}`}`;
    return wrapWords(text, width, '  → ', '      ').map((line, index) =>
      index === 0 ? theme.sender(line) : line,
    );
  });
  const more = culprits.length - CULPRITS_SHOWN;
  return more > 0 ? [...shown, theme.dim(`    and ${more} more (--json has all)`)] : shown;
}

/** What was not there, in plain words: a rule that could not be checked is no rule that holds. */
function writeAbsence({ says, lookedFor, instead }: Absence, { theme, columns }: FindingsOptions): string {
  const width = breakAt(columns);
  return [
    ...wrapWords(`! ${safeText(says)}`, width, '', '  ').map((line) => theme.warning(line)),
    ...wrapWords(`Looked for: ${safeText(lookedFor)}.`, width, '  ', '    '),
    ...instead.flatMap(({ says: there, command }) => [
      ...writeAdvice(
        `Instead: ${safeText(command === undefined ? there : `${there.replace(/\.$/, ':')} ${writeCommand(command)}`)}`,
        width,
        theme,
      ),
    ]),
  ].join('\n');
}

/** That not all of a capture could be read. */
export function tellUnread(unread: number): string {
  return unread === 1
    ? '1 piece of it could not be read, and was not examined.'
    : `${unread} pieces of it could not be read, and were not examined.`;
}

function writeRest(
  { cases, held, unchecked, hidden, messages, gaps, unread, notes }: Report,
  { theme, columns }: FindingsOptions,
): string {
  const width = breakAt(columns);
  const seen = messages === 0 ? '' : ` (${plural(messages, 'message')} seen)`;
  const others = cases.length === 0 ? '' : 'other ';
  const rules = `${held.length} ${others}${held.length === 1 ? 'rule holds' : 'rules hold'}${seen}.`;
  const reasons = new Set(unchecked.map(({ why }) => why));
  return [
    ...(held.length === 0 ? [] : [`${theme.good('✓')} ${rules}`]),
    ...[...reasons].flatMap((why) => {
      const names = unchecked.filter((item) => item.why === why).map(({ rule }) => rule.name);
      return wrapWords(`Not checked (${why}): ${names.join(', ')}.`, width, '  ').map((line) =>
        theme.dim(line),
      );
    }),
    ...[...notes.map(safeText), ...(unread === 0 ? [] : [tellUnread(unread)])].flatMap((text) =>
      wrapWords(text, width, '  ').map((line) => theme.warning(line)),
    ),
    ...hidden.flatMap((text) =>
      wrapWords(`Hidden from us: ${safeText(text)}`, width, '  ').map((line) => theme.warning(line)),
    ),
    ...(gaps === 0
      ? []
      : [theme.warning(`  ${plural(gaps, 'gap')} in what was seen: some messages are missing.`)]),
    ...wrapWords(UNSEEN, width, '  ').map((line) => theme.dim(line)),
  ].join('\n');
}
