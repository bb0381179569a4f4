import { asBuffer } from '../../bytes/decode-error.ts';
import type { Captured } from '../../model/frame.ts';
import { entryContent, frameFromCommand } from '../command.ts';
import { captureDelivery, type Scalar } from './delivery.ts';
import { isList, type Reply } from './numbered-reply.ts';
import { lostBytes } from './text-context.ts';

type List = readonly Reply[];

const STREAM_ID = /^(\d+)-\d+$/;
/** SLOWLOG cuts arguments at 128 bytes, and commands at 32 arguments (redis 7.0.15, src/slowlog.c). */
const CUT = /\.\.\. \(\d+ more (bytes|arguments)\)$/;

/**
 * What a reply of redis-cli holds: a delivery, entries of streams (XRANGE, XREAD), or SLOWLOG's commands.
 * Undefined when it is none of these.
 */
export function captureReply(reply: List, raw: Uint8Array): Captured[] | undefined {
  const scalars = reply.filter((item): item is Scalar => !isList(item));
  if (scalars.length === reply.length) {
    const delivery = captureDelivery(scalars);
    return delivery === undefined ? undefined : [delivery];
  }
  return captureEntries(reply) ?? captureStreams(reply) ?? captureSlowlog(reply, raw);
}

/** XREAD: `[[stream, [entry, …]], …]`. */
function captureStreams(reply: List): Captured[] | undefined {
  const found: Captured[] = [];
  for (const item of reply) {
    const [stream, entries] = isList(item) ? item : [];
    if (!(stream instanceof Uint8Array) || !isList(entries)) return undefined;
    const captured = captureEntries(entries, stream);
    if (captured === undefined) return undefined;
    found.push(...captured);
  }
  return found;
}

/** XRANGE: `[[id, [field, value, …]], …]`. An id starts with the milliseconds since 1970 of Redis' clock. */
function captureEntries(entries: List, stream?: Uint8Array): Captured[] | undefined {
  const found: Captured[] = [];
  for (const item of entries) {
    const [id, fields] = isList(item) ? item : [];
    const text = id instanceof Uint8Array ? asBuffer(id).toString('latin1') : '';
    const millis = STREAM_ID.exec(text)?.[1];
    const words = isList(fields) ? fields.filter((field) => field instanceof Uint8Array) : [];
    if (millis === undefined || !isList(fields) || words.length !== fields.length) return undefined;
    const channel = stream === undefined ? {} : { channel: stream };
    const time = Number(millis) * 1000;
    found.push({ is: 'frame', frame: { via: 'stream', time, ...channel, ...entryContent(text, words) } });
  }
  return found;
}

/** SLOWLOG GET: `[[id, seconds, micros, [arg, …], client, name], …]`. */
function captureSlowlog(reply: List, raw: Uint8Array): Captured[] | undefined {
  const found: Captured[] = [];
  for (const item of reply) {
    const [id, seconds, , args, client] = isList(item) ? item : [];
    if (typeof id !== 'number' || typeof seconds !== 'number' || !isList(args)) return undefined;
    const words = args.filter((arg) => arg instanceof Uint8Array);
    const source = client instanceof Uint8Array ? { client: asBuffer(client).toString() } : {};
    const captured = frameFromCommand({ via: 'text', time: seconds * 1_000_000, ...source }, words);
    const isCut = words.some((word) => CUT.test(asBuffer(word.subarray(-48)).toString('latin1')));
    found.push(captured.is === 'frame' && isCut ? lostBytes(raw, SLOWLOG_ADVICE) : captured);
  }
  return found;
}

const SLOWLOG_ADVICE =
  'SLOWLOG cuts long arguments, so that bytes are missing: capture with redis-cli monitor instead.';
