import { type Command, InvalidArgumentError } from 'commander';
import { didYouMean } from './did-you-mean.ts';
import { UsageError } from './errors.ts';
import { type Condition, FILTER_FIELDS, type FilterField } from '../filter/filter.ts';

/** How output is written: the same words on every command that prints messages. */
export interface OutputOptions {
  readonly json?: true;
  readonly full?: true;
  readonly utc?: true;
  readonly color: boolean;
}

/** Which messages are wanted, e.g. `{ nsp: ['/chat*'], notKind: ['request'] }`. */
export type FilterOptions = {
  readonly [K in FilterField | `not${Capitalize<FilterField>}`]?: readonly string[];
};

export function addOutputOptions(command: Command): Command {
  return command
    .option('--json', 'one JSON record per line (docs/records.md), nothing else on stdout')
    .option(
      '--full',
      'never cut a line to the width of the terminal (a pipe has none, unless COLUMNS says one)',
    )
    .option('--utc', 'show times in UTC instead of local time')
    .option('--no-color', 'no colours (NO_COLOR does the same, FORCE_COLOR forces them)');
}

export function addFilterOptions(command: Command): Command {
  for (const field of FILTER_FIELDS) {
    command.option(
      `--${field} <pattern>`,
      `only messages whose ${field} fits; * stands for anything; repeatable`,
      collect,
    );
  }
  for (const field of FILTER_FIELDS) {
    command.option(`--not-${field} <pattern>`, `leave out messages whose ${field} fits; repeatable`, collect);
  }
  return command;
}

export function addKeyOption(command: Command): Command {
  return command.option(
    '--key <prefix>',
    "the adapter's key or channelPrefix, taken literally; repeatable",
    collectKey,
  );
}

/** Every channel begins with an empty prefix: it would be a pattern for everything. */
function collectKey(key: string, before?: readonly string[]): readonly string[] {
  if (key === '')
    throw new InvalidArgumentError('An empty prefix would fit every channel. Write one, e.g. socket.io.');
  return collect(key, before);
}

/** Gathers a repeatable option. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** @throws {UsageError} when a kind is asked for that there is none of */
export function readConditions(options: FilterOptions): Condition[] {
  for (const pattern of [...(options.kind ?? []), ...(options.notKind ?? [])]) checkKind(pattern);
  const conditions: Condition[] = [];
  for (const field of FILTER_FIELDS) {
    const wanted = options[field];
    const unwanted = options[`not${capitalise(field)}`];
    if (wanted !== undefined) conditions.push({ field, patterns: wanted, not: false });
    if (unwanted !== undefined) conditions.push({ field, patterns: unwanted, not: true });
  }
  return conditions;
}

/** As it was given: `--not-kind response`. */
export function describeCondition({ field, patterns, not }: Condition): string {
  return patterns.map((pattern) => `--${not ? 'not-' : ''}${field} ${pattern}`).join(' ');
}

const KINDS = ['broadcast', 'request', 'response', 'cluster', 'subscription', 'undecoded', 'gap'];

/** Kinds are a closed list: a word that fits none of them is a slip of the finger. */
function checkKind(pattern: string): void {
  const parts = pattern.split('*');
  const fits = (kind: string): boolean =>
    parts.length === 1 ? kind === pattern : parts.every((part) => kind.includes(part));
  if (!KINDS.some(fits))
    throw new UsageError(
      `--kind: there is no kind "${pattern}".${didYouMean(pattern, KINDS)} There are ${KINDS.join(', ')}.`,
    );
}

function capitalise<T extends string>(word: T): Capitalize<T> {
  return (word.charAt(0).toUpperCase() + word.slice(1)) as Capitalize<T>;
}

/** `30s`, `5m`, `1h`, `500ms` in milliseconds. */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  const unit = UNITS.get(match?.[2] ?? '');
  if (match === null || unit === undefined)
    throw new InvalidArgumentError('Write a number and ms, s, m or h, e.g. 30s.');
  const ms = Number(match[1]) * unit;
  if (ms > MOST_MS) throw new InvalidArgumentError('Write 24 days (576h) at most.');
  return ms;
}

/** What a timer of Node can wait, in whole days; past it it does not wait at all. */
const MOST_MS = 24 * 24 * 3_600_000;

const UNITS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
]);

export function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError('Write a whole number from 1.');
  return count;
}

/** `64MB`, `500kB`, `1GB` in bytes. */
export function parseBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kMG]?B)$/i.exec(text);
  const factor = SIZES.get(match?.[2]?.toUpperCase() ?? '');
  if (match === null || factor === undefined)
    throw new InvalidArgumentError('Write a number and B, kB, MB or GB, e.g. 64MB.');
  return Math.round(Number(match[1]) * factor);
}

const SIZES: ReadonlyMap<string, number> = new Map([
  ['B', 1],
  ['KB', 1e3],
  ['MB', 1e6],
  ['GB', 1e9],
]);
