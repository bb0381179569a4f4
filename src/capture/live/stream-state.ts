import type { RespValue } from '../../bytes/resp-value.ts';
import type { Answer } from '../../redis/questions.ts';
import { NO_STREAM, readStreamState, type StreamState, type StreamWords } from '../../redis/stream-info.ts';

/** The reply to XINFO STREAM on a connection that reads by XREAD, whose own replies are lists of lists. */
export function readDescription(value: RespValue): StreamState | undefined {
  if (value.type === 'error') return /no such key/i.test(value.bytes.toString()) ? NO_STREAM : undefined;
  const isDescription = value.type === 'array' && value.items[0]?.type === 'bulk';
  return isDescription ? readStreamState(toAnswer(value)) : undefined;
}

function toAnswer(value: RespValue): Answer {
  switch (value.type) {
    case 'bulk':
    case 'simple':
      return value.bytes;
    case 'integer':
      return Number(value.value);
    case 'array':
      return value.items.map(toAnswer);
    default:
      return null;
  }
}

/** The entries of one stream in a reply to XREAD: `[[name, [[id, [field, value, …]], …]], …]`. */
export function entriesOf(reply: RespValue, key: Uint8Array): readonly StreamWords[] {
  if (reply.type !== 'array') return [];
  for (const stream of reply.items) {
    if (stream.type !== 'array') continue;
    const [name, entries] = stream.items;
    if (name?.type === 'bulk' && name.bytes.equals(key) && entries?.type === 'array')
      return entries.items.flatMap(readEntry);
  }
  return [];
}

function readEntry(entry: RespValue): readonly StreamWords[] {
  if (entry.type !== 'array') return [];
  const [id, fields] = entry.items;
  if (id?.type !== 'bulk' || fields?.type !== 'array') return [];
  const words = fields.items.flatMap((field) => (field.type === 'bulk' ? [field.bytes] : []));
  return [{ id: id.bytes.toString('latin1'), words }];
}

/** Whether stream id `a` comes after `b`; both are `ms-seq`, 64 bits each, as Redis writes them. */
export function isAfter(a: string, b: string): boolean {
  const [dashA, dashB] = [a.indexOf('-'), b.indexOf('-')];
  const byTime = compareNumbers(a.slice(0, dashA), b.slice(0, dashB));
  return byTime === 0 ? compareNumbers(a.slice(dashA + 1), b.slice(dashB + 1)) > 0 : byTime > 0;
}

/** Of decimals without leading zeros. */
function compareNumbers(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a === b ? 0 : a > b ? 1 : -1;
}

/** The earlier one of two stream ids. */
export function earlierOf(a: string, b: string): string {
  return isAfter(a, b) ? b : a;
}

export function isSameEntry(a: StreamWords | undefined, b: StreamWords | undefined): boolean {
  if (a?.id !== b?.id || a?.words.length !== b?.words.length) return false;
  return a?.words.every((word, index) => word.equals(b?.words[index] ?? new Uint8Array())) ?? true;
}
