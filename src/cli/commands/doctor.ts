import { Command, Option } from 'commander';
import { isBlind } from '../../doctor/absence.ts';
import type { Look } from '../../doctor/evidence.ts';
import type { Report } from '../../doctor/examine.ts';
import type { Rule } from '../../doctor/rule.ts';
import { didYouMean } from '../did-you-mean.ts';
import { EXIT, UsageError } from '../errors.ts';
import { plural } from '../../render/phrase.ts';
import { safeText } from '../../render/safe-text.ts';
import type { CaptureSeen } from '../../session/diagnose-capture.ts';
import { checkInputs, openInputs } from '../inputs.ts';
import { refuseLimits } from '../live-options.ts';
import { showListening } from '../listening.ts';
import { addKeyOption, collect, parseCount, parseDuration } from '../options.ts';
import { say } from '../notice.ts';
import { Output } from '../output.ts';
import { addRedisOptions, type RedisOptions, readTarget } from '../redis-options.ts';
import { stopOnSignals } from '../signals.ts';
import { proseColumnsOf, themeFor } from '../terminal.ts';

interface DoctorOptions extends RedisOptions {
  readonly sentinel?: string;
  readonly via: 'subscribe' | 'monitor';
  readonly key?: readonly string[];
  readonly rule?: readonly string[];
  readonly expect?: number;
  readonly for: number;
  readonly count?: number;
  readonly timeout?: number;
  readonly json?: true;
  readonly markdown?: true;
  readonly color: boolean;
}

const LISTEN_MS = 10_000;

/** `sio-inspect doctor` */
export function createCommand(): Command {
  const command = new Command()
    .description(
      'Find out what is wrong between your servers: looks at a live Redis and listens for a while, or reads a capture.\nRead-only: the servers do not notice, nothing is published, nothing is counted.',
    )
    .argument(
      '[files...]',
      'captures instead of a live Redis: best what record wrote; MONITOR text, …; - for standard input',
    );
  addRedisOptions(command)
    .option('--sentinel <name>', 'the primary to examine, by the name that the Sentinel at --url has for it')
    .addOption(
      new Option('--via <way>', 'how to listen: PSUBSCRIBE, or MONITOR, which also tells who sent it')
        .choices(['subscribe', 'monitor'])
        .default('subscribe'),
    )
    .addOption(
      new Option(
        '--for <time>',
        'live: how long to listen; 0s looks only, and takes two seconds; by itself up to twice as long where a single request lacked answers',
      )
        .argParser(parseDuration)
        .default(LISTEN_MS, '10s'),
    )
    .option('--count <n>', 'live: listen no longer than for so many messages', parseCount)
    .option('--expect <n>', 'how many servers there should be', parseCount)
    .option('--timeout <time>', 'requestsTimeout of your servers, where it is not the default', parseDuration)
    .option('--rule <name>', 'check this rule only (sio-inspect rules lists them); repeatable', collect);
  return addKeyOption(command)
    .option('--json', 'the report as one JSON object, nothing else on stdout')
    .option('--markdown', 'the report to paste into an issue')
    .option('--no-color', 'no colours (NO_COLOR does the same, FORCE_COLOR forces them)')
    .addHelpText('after', EXAMPLES)
    .action(async (files: readonly string[], options: DoctorOptions) => {
      refuseLimits(command, files);
      await doctor(files, options, command);
    });
}

const EXAMPLES = `
Examples:
  sio-inspect doctor --url redis://10.0.0.5:6379 --expect 4
  sio-inspect doctor --for 0s                            what a look tells, in two seconds
  sio-inspect doctor --via monitor --for 30s             also names who sends, and sees sharded adapters
  sio-inspect doctor --for 5m                            long enough for what happens every few minutes
  sio-inspect record bug.rec --for 30s; sio-inspect doctor bug.rec
  redis-cli monitor > capture.txt; sio-inspect doctor capture.txt

Exit code: 0 nothing wrong was found, 1 a problem was, or a file could not be read as a whole,
2 wrong usage, 3 Redis (lost while listening: the report is about what was seen until then), 130 after Ctrl-C, which ends the listening: the report is about what was seen until then.`;

async function doctor(files: readonly string[], options: DoctorOptions, command: Command): Promise<void> {
  if (options.json && options.markdown) throw new UsageError('--json and --markdown exclude each other.');
  const rules = await chooseRules(options.rule);
  const stop = new AbortController();
  const signals = stopOnSignals(stop);
  try {
    const report =
      files.length > 0
        ? await examineFiles(files, rules, options, stop.signal)
        : await examineRedis(rules, options, {
            enough: stop.signal,
            mayListenOn: command.getOptionValueSource('for') === 'default',
          });
    await show(report, options);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    signals.release();
    // A terminal or a pipe that stays open would keep us waiting.
    if (files.includes('-')) process.stdin.destroy();
  }
  if (signals.exitCode !== undefined) process.exitCode = signals.exitCode;
}

async function chooseRules(names: readonly string[] | undefined): Promise<readonly Rule[]> {
  const { rules } = await import('../../doctor/rules/index.ts');
  if (names === undefined) return rules;
  const unknown = names.find((name) => !rules.some((rule) => rule.name === name));
  if (unknown !== undefined)
    throw new UsageError(
      `--rule: there is no rule "${unknown}".${didYouMean(
        unknown,
        rules.map(({ name }) => name),
      )} "sio-inspect rules" lists them.`,
    );
  return rules.filter(({ name }) => names.includes(name));
}

async function examineFiles(
  files: readonly string[],
  rules: readonly Rule[],
  { key, expect, timeout, markdown }: DoctorOptions,
  enough: AbortSignal,
): Promise<Report> {
  await checkInputs(files);
  const { diagnoseCapture } = await import('../../session/diagnose-capture.ts');
  const { addressCommands } = await import('../../doctor/commands.ts');
  let url: string | undefined;
  const report = await diagnoseCapture(openInputs(files), {
    rules,
    enough,
    onSeen: (seen) => {
      url = seen.url;
      say(introduceCapture(seen));
    },
    ...(key === undefined ? {} : { keys: key }),
    ...(expect === undefined ? {} : { expect }),
    ...(timeout === undefined ? {} : { timeoutMs: timeout }),
  });
  return markdown === true || url === undefined ? report : addressCommands(report, url);
}

/** The same for what was recorded or captured elsewhere, as far as it says. */
function introduceCapture({ names, url, redisVersion, via, from, to, servers }: CaptureSeen): string {
  const redis =
    url === undefined ? [] : [`Redis${redisVersion === undefined ? '' : ` ${redisVersion}`} at ${url}`];
  const seconds = (to - from) / 1e6;
  const when = Number.isNaN(from)
    ? []
    : [`${new Date(from / 1000).toISOString()}, ${seconds < 10 ? seconds.toFixed(1) : seconds.toFixed(0)} s`];
  return [
    'sio-inspect doctor',
    names.length > MOST_NAMES
      ? `${names.slice(0, MOST_NAMES).join(', ')} and ${names.length - MOST_NAMES} more`
      : names.join(', '),
    ...redis,
    ...(via === undefined ? [] : [`by ${via.join(', ')}`]),
    ...when,
    ...(servers === undefined ? [] : [`${plural(servers, 'server')} subscribed`]),
  ]
    .map((text) => safeText(text))
    .join(' · ');
}

const MOST_NAMES = 3;

async function examineRedis(
  rules: readonly Rule[],
  options: DoctorOptions,
  { enough, mayListenOn }: { readonly enough: AbortSignal; readonly mayListenOn: boolean },
): Promise<Report> {
  const target = await readTarget(options);
  const { diagnoseLive } = await import('../../session/diagnose.ts');
  const { addressCommands } = await import('../../doctor/commands.ts');
  const { key, expect, timeout, via, sentinel, count } = options;
  const listening = showListening(options.for);
  // Before the first look there is nothing to report on: then Ctrl-C ends it all.
  const atOnce = new AbortController();
  const giveUp = (): void => {
    atOnce.abort();
  };
  enough.addEventListener('abort', giveUp);
  const report = await diagnoseLive({
    rules,
    target,
    via,
    forMs: options.for,
    signal: atOnce.signal,
    enough,
    mayListenOn,
    onLook: (look) => {
      enough.removeEventListener('abort', giveUp);
      say(introduce(look, rules, options));
      if (listens(rules, options)) listening.begin();
    },
    onHeard: listening.heard,
    ...(sentinel === undefined ? {} : { sentinel }),
    ...(count === undefined ? {} : { count }),
    ...(key === undefined ? {} : { keys: key }),
    ...(expect === undefined ? {} : { expect }),
    ...(timeout === undefined ? {} : { timeoutMs: timeout }),
  }).finally(listening.end);
  // What is pasted into an issue shall not tell where the Redis is.
  return options.markdown ? report : addressCommands(report, target.url);
}

function listens(rules: readonly Rule[], { for: forMs }: Pick<DoctorOptions, 'for'>): boolean {
  return forMs > 0 && rules.some(({ needs }) => needs !== 'static');
}

function introduce(look: Look, rules: readonly Rule[], { via, ...options }: DoctorOptions): string {
  const how = via === 'monitor' ? 'MONITOR, which slows a busy Redis down' : 'PSUBSCRIBE';
  const { facts, groups } = look;
  const servers = groups.reduce((most, { uids, counted }) => Math.max(most, uids.length || counted), 0);
  return [
    'sio-inspect doctor',
    `${facts.product}${facts.version === undefined ? '' : ` ${facts.version}`} at ${facts.node}`,
    isBlind([look]) ? 'who is subscribed it does not tell' : `${plural(servers, 'server')} subscribed`,
    listens(rules, options) ? `listening for ${options.for / 1000} s (${how})` : 'looking twice',
    'read-only: the servers do not notice us',
  ].join(' · ');
}

async function show(report: Report, options: DoctorOptions): Promise<void> {
  const { isProblem } = await import('../../doctor/examine.ts');
  const output = new Output(process.stdout);
  output.line(await write(report, options));
  await output.flush();
  if (report.cases.some(isProblem) || report.unread > 0) process.exitCode = EXIT.notUnderstood;
  else if (report.isLost === true) process.exitCode = EXIT.redis;
}

async function write(report: Report, { json, markdown, color }: DoctorOptions): Promise<string> {
  if (json) return (await import('../../render/findings-json.ts')).reportToJson(report);
  if (markdown) return (await import('../../render/findings-markdown.ts')).writeMarkdown(report);
  const { writeReport } = await import('../../render/findings.ts');
  return writeReport(report, {
    theme: themeFor(process.stdout, color),
    columns: proseColumnsOf(process.stdout),
  });
}
