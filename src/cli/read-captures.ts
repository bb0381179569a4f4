import { type Command, InvalidArgumentError } from 'commander';
import { Summary } from '../analyse/summary.ts';
import type { InputOptions } from '../capture/input-kinds.ts';
import { createFilter } from '../filter/filter.ts';
import type { Captured } from '../model/frame.ts';
import type { Observed } from '../model/observed.ts';
import { ReadAhead } from '../session/ahead/read-ahead.ts';
import { Inspector } from '../session/inspector.ts';
import { captureOffline, type OfflineInput } from '../session/offline.ts';
import { EXIT } from './errors.ts';
import { checkInputs, openInputs } from './inputs.ts';
import {
  addFilterOptions,
  addKeyOption,
  addOutputOptions,
  type FilterOptions,
  type OutputOptions,
  readConditions,
} from './options.ts';
import type { Printer } from './printer.ts';
import { complain } from './notice.ts';

/** What every command takes that reads captures. */
export interface CaptureOptions extends OutputOptions, FilterOptions {
  readonly channel?: string;
  readonly key?: readonly string[];
  readonly port?: readonly number[];
  readonly deliveries?: true;
}

/** The same words on every command that reads captures. */
export function addCaptureOptions(command: Command): Command {
  command
    .argument('[file...]', 'files to read; - or nothing for standard input')
    .option('--channel <name>', 'the channel of payloads that do not name one')
    .option('--port <n>', 'pcap: a port of Redis, repeatable; default: found out', collectPort)
    .option('--deliveries', 'pcap: also what subscribers got of messages whose PUBLISH is there');
  return addFilterOptions(addOutputOptions(addKeyOption(command)));
}

function collectPort(text: string, before: readonly number[] = []): readonly number[] {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new InvalidArgumentError('Write a port number, e.g. 6379.');
  }
  return [...before, port];
}

/** Reads captures to their end into `printer`; says on stderr what was assumed and what was not understood. */
export async function readCaptures(
  files: readonly string[],
  options: CaptureOptions,
  printer: Printer,
): Promise<void> {
  await checkInputs(files);
  const summary = new Summary();
  const conditions = readConditions(options);
  const inspector = new Inspector({
    keys: options.key ?? [],
    onOther: (name, times) => {
      summary.addOther(name, times);
    },
  });
  const reserve = conditions.length > 0 ? undefined : printer.reserve;
  const onTaken = (count: number, payloadBytes: number): void => {
    summary.addBroadcasts(count, payloadBytes);
    summary.shown += count;
  };
  const quick = reserve === undefined ? undefined : { inspector, reserve, onTaken };
  const take = takeInto(printer, inspector, summary, createFilter(conditions), quick);
  let isEmpty = true;
  const inputs = withBytesTold(openInputs(files), () => {
    isEmpty = false;
  });
  const batches = captureOffline(inputs, {
    ...(options.channel === undefined ? {} : { channel: options.channel }),
    ports: options.port ?? [],
    allDeliveries: options.deliveries === true,
    onNote: complain,
    ...(quick === undefined ? {} : takeShortWays(quick, options.key ?? [])),
  });
  for await (const batch of batches) {
    for (let start = 0; start < batch.length; start += BATCH) {
      for (const captured of batch.slice(start, start + BATCH)) take(captured);
      await printer.flush();
      if (printer.closed.aborted) return;
    }
    if (batch.length > 0) continue;
    await printer.flush();
    if (printer.closed.aborted) return;
  }
  await printer.end();
  conclude(summary, files, isEmpty);
}

/** The same inputs; `onBytes` is told whenever there is something in them. */
async function* withBytesTold(
  inputs: AsyncIterable<OfflineInput>,
  onBytes: () => void,
): AsyncIterable<OfflineInput> {
  for await (const { name, chunks } of inputs) yield { name, chunks: tellBytes(chunks, onBytes) };
}

async function* tellBytes(chunks: AsyncIterable<Uint8Array>, onBytes: () => void): AsyncIterable<Uint8Array> {
  for await (const chunk of chunks) {
    if (chunk.length > 0) onBytes();
    yield chunk;
  }
}

/** Counted and printed between two looks at the output: enough to be worth a write, few enough to die young. */
const BATCH = 256;

/** What the short ways write with, and whom they tell how many broadcasts they have taken. */
interface Quick {
  readonly inspector: Inspector;
  readonly reserve: NonNullable<Printer['reserve']>;
  readonly onTaken: (count: number, payloadBytes: number) => void;
}

/** Where nothing is filtered and records are wanted, plain broadcasts take the short way. */
function takeInto(
  printer: Printer,
  inspector: Inspector,
  summary: Summary,
  wanted: (observed: Observed) => boolean,
  quick: Quick | undefined,
): (captured: Captured) => void {
  return (captured) => {
    if (
      quick !== undefined &&
      captured.is === 'frame' &&
      inspector.writeQuickly(captured.frame, quick.reserve)
    ) {
      quick.onTaken(1, captured.frame.payload?.length ?? 0);
      return;
    }
    const observed = inspector.observe(captured);
    if (observed === undefined) return;
    summary.add(observed);
    if (!wanted(observed)) return;
    summary.shown++;
    printer.print(observed);
  };
}

/** Plain broadcasts of recordings and MONITOR texts become records without becoming frames, many in other threads. */
function takeShortWays(
  { inspector, reserve, onTaken }: Quick,
  keys: readonly string[],
): Pick<InputOptions, 'glance' | 'ahead'> {
  return {
    glance: (head, time, payload) => {
      if (!inspector.writeGlance(head, time, payload, reserve)) return false;
      onTaken(1, payload.used);
      return true;
    },
    ahead: new ReadAhead({ keys, inspector, reserve, onTaken }),
  };
}

function conclude(summary: Summary, files: readonly string[], isEmpty: boolean): void {
  if (summary.undecoded > 0) {
    process.exitCode = EXIT.notUnderstood;
    complain(`${summary.undecoded} of ${summary.messages + summary.undecoded} not understood.`);
  }
  const all = summary.messages + summary.undecoded + summary.gaps;
  if (all > 0 && summary.shown === 0) complain(`none of the ${all} messages fits the filters.`);
  if (all > 0) return;
  const what = files.length === 0 ? 'the input' : files.join(', ');
  complain(`no Socket.IO message in ${what}. ${describeRest(summary, isEmpty)}`);
}

/** What there is instead of messages. */
function describeRest({ others, commands }: Summary, isEmpty: boolean): string {
  if (isEmpty) return 'It is empty.';
  if (others === 0) return 'It holds no message.';
  return `${others} other commands were passed over (${[...commands.keys()].slice(0, 5).join(', ')}).`;
}
