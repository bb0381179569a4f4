import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { Captured } from '../model/frame.ts';
import type { Observed } from '../model/observed.ts';
import type { RecordingHeader } from '../recording/format.ts';
import type { Recorder } from '../recording/recorder.ts';
import type { Place } from '../redis/place.ts';
import type { Redaction } from '../redact/redaction.ts';
import { plural } from '../render/phrase.ts';
import { EXIT, UsageError } from './errors.ts';
import { complain } from './notice.ts';
import { collect, parseBytes, parseDuration } from './options.ts';

export interface RecordingOptions {
  readonly record?: string;
  readonly redact?: readonly string[];
  /** False for `--no-args`. */
  readonly args: boolean;
  readonly rotateSize?: number;
  readonly rotateTime?: number;
}

/** What a live command knows about what it records. */
export interface RecordingSubject {
  readonly source: RecordingHeader['source'];
  readonly redisVersion?: string;
  /** Where to look who is there, and until when. */
  readonly place: Place;
  readonly signal: AbortSignal;
  /** Only what passes is recorded, and the options that say so; all is when there is none. */
  readonly filter?: { readonly wanted: (observed: Observed) => boolean; readonly words: readonly string[] };
  /** The disk has refused: nothing more is recorded. */
  readonly onFailure: () => void;
}

interface Observer {
  observe(captured: Captured): Observed | undefined;
}

/** The recording of a live command, or nothing where none was asked for. */
export interface LiveRecording {
  /** The same observer, and everything that comes by it is recorded. */
  watch(observer: Observer): Observer;
  readonly flush: () => Promise<void>;
  close(): Promise<void>;
  /** Frames and bytes so far. */
  readonly progress: { readonly frames: number; readonly bytes: number };
}

/** Options that say how to record; where to is `--record` of monitor and the argument of record. */
export function addRecordingOptions(command: Command): Command {
  return command
    .option(
      '--redact <what>',
      'remove before recording: args (all that applications sent), data (names of rooms, too), or a path\nsuch as args.0.password; repeatable',
      collect,
    )
    .option('--no-args', 'the same as --redact args')
    .option('--rotate-size <size>', 'begin a further file, FILE.1, … after so much, e.g. 100MB', parseBytes)
    .option('--rotate-time <time>', 'begin a further file after so long, e.g. 1h', parseDuration);
}

const NO_RECORDING: LiveRecording = {
  watch: (observer) => observer,
  flush: () => Promise.resolve(),
  close: () => Promise.resolve(),
  progress: { frames: 0, bytes: 0 },
};

/** Reads what is to be removed, before anything is connected. @throws {UsageError} */
export async function readRedaction(options: RecordingOptions): Promise<Redaction | undefined> {
  const words = [...(options.redact ?? []), ...(options.args ? [] : ['args'])];
  if (words.length === 0) return undefined;
  if (options.record === undefined)
    throw new UsageError('--redact and --no-args are about a recording: name one with --record FILE.');
  const { parseRedaction } = await import('../redact/redaction.ts');
  try {
    return parseRedaction(words);
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(`--redact: ${error.message}`, { cause: error });
    throw error;
  }
}

/** Opens the file that `--record` names. @throws {UsageError} when it cannot be made */
export async function openRecording(
  options: RecordingOptions,
  subject: RecordingSubject,
): Promise<LiveRecording> {
  const redaction = await readRedaction(options);
  if (options.record === undefined) return NO_RECORDING;
  const ends = [subject.onFailure];
  const onFailure = (): void => {
    for (const end of ends) end();
  };
  const recorder = await openRecorder(options.record, options, { ...subject, onFailure }, redaction);
  const { redact } = await import('../redact/redact-frame.ts');
  const { ReadSieve } = await import('../recording/read-sieve.ts');
  const { writeLook, writeRedactedLook } = await import('../doctor/recorded-look.ts');
  const { keepLooking } = await import('../session/keep-looking.ts');
  const { filter } = subject;
  const sieve = new ReadSieve();
  let frames = 0;
  const keep = (captured: Captured, observed: Observed | undefined): void => {
    const isOther = captured.is === 'other';
    if (!isOther && filter !== undefined && (observed === undefined || !filter.wanted(observed))) return;
    if (captured.is === 'frame') frames++;
    const kept = sieve.thin(captured);
    recorder.add(redaction === undefined ? kept : redact(kept, observed, redaction));
  };
  const looking = await keepLooking({
    place: subject.place,
    signal: subject.signal,
    onLook: (look) => {
      recorder.add({ is: 'look', look: (redaction === undefined ? writeLook : writeRedactedLook)(look) });
    },
  });
  ends.push(looking.stop);
  return {
    watch: (observer) => ({
      observe: (captured) => {
        const observed = observer.observe(captured);
        keep(captured, observed);
        if (observed !== undefined) looking.add(observed);
        return observed;
      },
    }),
    flush: () => recorder.flush(),
    close: async () => {
      await looking.end();
      await recorder.close();
      if (!recorder.hasFailed) return;
      const kept = recorder.frames;
      complain(`${kept} of ${plural(frames, 'frame')} are recorded, ${frames - kept} are not.`);
    },
    get progress() {
      return { frames: recorder.frames, bytes: recorder.bytes };
    },
  };
}

async function openRecorder(
  file: string,
  { rotateSize, rotateTime }: RecordingOptions,
  subject: RecordingSubject,
  redaction: Redaction | undefined,
): Promise<Recorder> {
  const { Recorder } = await import('../recording/recorder.ts');
  const header = {
    tool: `sio-inspect ${readVersion()}`,
    source: subject.source,
    ...(subject.redisVersion === undefined ? {} : { redisVersion: subject.redisVersion }),
    ...(subject.filter === undefined ? {} : { filter: subject.filter.words }),
    ...(redaction === undefined ? {} : { redaction: redaction.words }),
  };
  return Recorder.open({
    file,
    header,
    ...(rotateSize === undefined ? {} : { rotateBytes: rotateSize }),
    ...(rotateTime === undefined ? {} : { rotateMs: rotateTime }),
    onFailure: (error, name) => {
      process.exitCode = EXIT.notUnderstood;
      complain(
        `the recording has ended: ${describe(error)}. ${name} holds what came before. Make room, and record to another file.`,
      );
      subject.onFailure();
    },
  }).catch((error: unknown) => {
    throw new UsageError(`cannot record to ${file}: ${describe(error)}.`, { cause: error });
  });
}

function describe(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'EEXIST':
      return 'it is there already, and nothing is overwritten; name another file';
    case 'ENOENT':
      return 'there is no such directory';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'ENOSPC':
      return 'no space is left on the device';
    default:
      return message;
  }
}

function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
