import { parseWhole, toWord } from './argument.ts';
import { CommandError, SYNTAX_ERROR } from './reply.ts';
import { parseId, type Stream } from './stream.ts';

export interface Trim {
  /** Index of the argument after the option. */
  readonly end: number;
  /** Answers how many entries went. */
  readonly apply: (stream: Stream) => number;
}

/** `MAXLEN|MINID [=|~] threshold [LIMIT n]`, of XADD and XTRIM. The limit is taken and not needed. */
export function readTrim(args: readonly Buffer[], start: number): Trim {
  const strategy = toWord(args[start]);
  const sign = args[start + 1]?.toString('latin1');
  const hasSign = sign === '~' || sign === '=';
  const approximate = sign === '~';
  const at = hasSign ? start + 2 : start + 1;
  const threshold = args[at];
  if ((strategy !== 'MAXLEN' && strategy !== 'MINID') || threshold === undefined) {
    throw new CommandError(SYNTAX_ERROR);
  }
  const apply = strategy === 'MAXLEN' ? trimTo(threshold, approximate) : trimBefore(threshold, approximate);
  if (toWord(args[at + 1]) !== 'LIMIT') return { end: at + 1, apply };
  const limit = parseWhole(args[at + 2]);
  if (limit < 0) throw new CommandError('ERR The LIMIT argument must be >= 0.');
  if (!approximate) {
    throw new CommandError('ERR syntax error, LIMIT cannot be used without the special ~ option');
  }
  return { end: at + 3, apply };
}

function trimTo(threshold: Buffer, approximate: boolean): Trim['apply'] {
  const length = parseWhole(threshold);
  if (length < 0) throw new CommandError('ERR The MAXLEN argument must be >= 0.');
  return (stream) => stream.trimToLength(length, approximate);
}

function trimBefore(threshold: Buffer, approximate: boolean): Trim['apply'] {
  const id = parseId(threshold.toString('latin1'));
  return (stream) => stream.trimBefore(id, approximate);
}
