import { isUtf8 } from 'node:buffer';
import { asBuffer } from '../bytes/decode-error.ts';
import type { Via } from '../model/frame.ts';

/** Version of the format, in the first line of every recording (docs/recordings.md). */
export const RECORDING_VERSION = 1;

/** How every recording begins, byte for byte. */
export const RECORDING_START = '{"sioInspectRecording":';

/** What the first line of a recording says about all that follows. */
export interface RecordingHeader {
  readonly sioInspectRecording: typeof RECORDING_VERSION;
  /** The program that wrote it, e.g. `sio-inspect 0.1.0`. */
  readonly tool: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly source: {
    readonly via: readonly string[];
    /** Without its password. */
    readonly url?: string;
    readonly node?: string;
  };
  readonly redisVersion?: string;
  /** Only what fits these options was recorded: `--kind request`. Absent where all was. */
  readonly filter?: readonly string[];
  /** What was removed: `args`, `data`, or paths into the record. Absent when nothing was. */
  readonly redaction?: readonly string[];
  /** Counted from 2 in the further files of a recording that rotates. */
  readonly part?: number;
}

/** The last line of a recording that was closed in good order. */
export interface RecordingEnd {
  readonly frames: number;
  readonly gaps: number;
  readonly time: string;
}

/** Where frames came from: said once, then named by its number. */
export interface RecordedOrigin {
  readonly via: Via;
  readonly node?: string;
  readonly client?: string;
  readonly db?: number;
}

/** Origins that one recording tells apart at a time: a number is used again when there are more. */
export const MAX_ORIGINS = 4096;

/** Bytes in JSON: as text where they are UTF-8, else as base64. */
export type RecordedBytes = string | { readonly b: string };

export function recordBytes(bytes: Uint8Array): RecordedBytes {
  const buffer = asBuffer(bytes);
  return isUtf8(bytes) ? buffer.toString('utf8') : { b: buffer.toString('base64') };
}

/** Undefined for what is no bytes. */
export function readRecordedBytes(value: unknown): Buffer | undefined {
  if (typeof value === 'string') return Buffer.from(value);
  if (typeof value !== 'object' || value === null || !('b' in value)) return undefined;
  return typeof value.b === 'string' ? Buffer.from(value.b, 'base64') : undefined;
}

/** `captured.rec.gz` and the like: written and read as gzip. */
export function isGzipName(file: string): boolean {
  return /\.t?gz$/i.test(file);
}
