import { type Command, InvalidArgumentError } from 'commander';
import { LIVE_WAYS, type LiveWay } from '../capture/live/way.ts';
import { UsageError } from './errors.ts';
import { parseDuration } from './options.ts';

/** What `--via` may say: a way, `auto`, or `shard`, which is answered with what is safe instead. */
export type ViaWord = LiveWay | 'auto' | 'shard';

const VIA_WORDS: readonly ViaWord[] = ['auto', ...LIVE_WAYS, 'shard'];

/** Gathers `--via`, which is repeatable. */
export function collectVia(word: string, before: readonly ViaWord[] = []): readonly ViaWord[] {
  const via = VIA_WORDS.find((one) => one === word);
  if (via === undefined) throw new InvalidArgumentError(`Allowed choices are ${VIA_WORDS.join(', ')}.`);
  return [...before, via];
}

/** @throws {UsageError} for words that make no sense together */
export function checkVia(
  vias: readonly ViaWord[],
  options: { readonly since?: string; readonly maxRate?: number; readonly force?: true },
): void {
  if (vias.includes('auto') && vias.length > 1) {
    throw new UsageError('--via auto chooses by itself: leave the other --via out.');
  }
  const needs = (name: string, given: unknown, way: ViaWord): void => {
    const canBeChosen = way !== 'replication' && vias.includes('auto');
    if (given !== undefined && !vias.includes(way) && !canBeChosen) {
      throw new UsageError(`${name} goes with --via ${way}.`);
    }
  };
  needs('--since', options.since, 'stream');
  needs('--max-rate', options.maxRate, 'monitor');
  needs('--force', options.force, 'replication');
}

/** A file ends by itself, and is read as a whole. @throws {UsageError} naming the option that was given all the same */
export function refuseLimits(command: Command, files: readonly string[]): void {
  for (const name of ['for', 'count']) {
    if (files.length > 0 && command.getOptionValueSource(name) === 'cli')
      throw new UsageError(
        `--${name} is for a live Redis: ${files.join(', ')} is read to its end. Leave --${name} out.`,
      );
  }
}

/** The greatest second half of a stream id: what comes after it has a later time. */
const LAST_SEQUENCE = '18446744073709551615';

/** A stream id, `0` for the beginning, a time, or how long ago; as the id after which to read. */
export function parseSince(text: string): string {
  if (text === '0') return '0-0';
  if (/^\d+-\d+$/.test(text)) return text;
  const ms = /^\d+$/.test(text) ? Number(text) : timeOf(text);
  return `${Math.max(0, ms - 1)}-${LAST_SEQUENCE}`;
}

function timeOf(text: string): number {
  if (/^\d{4}-\d\d-\d\d/.test(text)) {
    const ms = Date.parse(text);
    if (!Number.isNaN(ms)) return ms;
  } else if (/^[\d.]+(?:ms|s|m|h)$/.test(text)) {
    return Date.now() - Math.round(parseDuration(text));
  }
  throw new InvalidArgumentError(
    'Write 0, a stream id (1526919030474-55), a time (2026-11-22T19:00:00Z), or how long ago (10m).',
  );
}
