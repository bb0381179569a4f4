import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import type { Rule } from '../../doctor/rule.ts';
import { rules } from '../../doctor/rules/index.ts';
import { pageOf } from '../../render/findings.ts';
import { writePage } from '../../render/page.ts';
import { padRight, textWidth, wrapWords } from '../../render/text-width.ts';
import type { Theme } from '../../render/theme.ts';
import { didYouMean } from '../did-you-mean.ts';
import { UsageError } from '../errors.ts';
import { Output } from '../output.ts';
import { proseColumnsOf, themeFor } from '../terminal.ts';

interface RulesOptions {
  readonly json?: true;
  readonly color: boolean;
}

const WAYS = { static: 'by looking', traffic: 'by listening', watch: 'by watching' } as const;
const MARKS = { breaks: 'breaks delivery', bites: 'will bite', info: 'worth knowing' } as const;

/** From here on a summary has room beside its rule. */
const WIDE_COLUMNS = 110;

/** `sio-inspect rules` */
export function createCommand(): Command {
  return new Command()
    .description('List what the doctor checks; with a name, what that rule means and how to cure it.')
    .argument('[name]', 'a rule')
    .option('--json', 'the list as JSON')
    .option('--no-color', 'no colours (NO_COLOR does the same, FORCE_COLOR forces them)')
    .addHelpText('after', EXAMPLES)
    .action(async (name: string | undefined, options: RulesOptions) => {
      const output = new Output(process.stdout);
      output.line(await write(name, options));
      await output.flush();
    });
}

const EXAMPLES = `
Examples:
  sio-inspect rules
  sio-inspect rules phantom-subscriber`;

async function write(name: string | undefined, { json, color }: RulesOptions): Promise<string> {
  if (json) {
    return JSON.stringify(
      rules.map(({ name: rule, severity, needs, summary, fault }) => ({
        rule,
        severity,
        needs,
        summary,
        fault,
      })),
    );
  }
  const theme = themeFor(process.stdout, color);
  if (name === undefined) return listRules(theme);
  const rule = rules.find((candidate) => candidate.name === name);
  if (rule === undefined) {
    const hint = didYouMean(
      name,
      rules.map(({ name: known }) => known),
    );
    throw new UsageError(`there is no rule "${name}".${hint} "sio-inspect rules" lists them.`);
  }
  return writePage(await readPage(rule), { theme, columns: proseColumnsOf(process.stdout) });
}

function listRules(theme: Theme): string {
  const width = Math.max(...rules.map(({ name }) => name.length));
  const columns = proseColumnsOf(process.stdout);
  const rows = rules.flatMap(({ name, severity, needs, summary }) => {
    const head = `${theme.strong(padRight(name, width))}  ${padRight(MARKS[severity], 15)}  ${padRight(WAYS[needs], 12)}`;
    // Side by side where there is room for both.
    return columns > WIDE_COLUMNS
      ? wrapWords(summary, columns, `${head}  `, ' '.repeat(textWidth(head) + 2))
      : [head.trimEnd(), ...wrapWords(summary, columns, '  ')];
  });
  return [
    ...rows,
    '',
    'sio-inspect rules NAME tells more, sio-inspect demo --fault list shows faults happen.',
  ].join('\n');
}

/** The page as it stands in the package. */
async function readPage(rule: Rule): Promise<string> {
  const page = new URL(`../../../${pageOf(rule)}`, import.meta.url);
  return (await readFile(page, 'utf8')).trimEnd();
}
