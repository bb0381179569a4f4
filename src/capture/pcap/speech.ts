import type { RespItems, RespValue } from '../../bytes/resp-value.ts';
import { elementCount } from '../text/delivery.ts';

/** What an array or push from a server is, when it is no reply. */
export type Announcement =
  { readonly is: 'delivery'; readonly args: readonly Buffer[] } | { readonly is: 'confirmation' };

/**
 * A pub/sub delivery, or the confirmation of a subscription, whose last element is a number.
 * Source: redis 7.0.15, src/pubsub.c.
 */
export function readAnnouncement(value: RespItems): Announcement | undefined {
  const { items } = value;
  const [kind] = items;
  if (kind?.type !== 'bulk' || elementCount(kind.bytes) !== items.length) return undefined;
  if (kind.bytes.toString('latin1').endsWith('subscribe')) {
    return items[2]?.type === 'integer' ? { is: 'confirmation' } : undefined;
  }
  const args = readArguments(items);
  return args === undefined ? undefined : { is: 'delivery', args };
}

/** The words of a command as clients send it; undefined when it is none. */
export function readCommand(value: RespValue): readonly Buffer[] | undefined {
  if (value.type === 'inline') return value.words;
  return value.type === 'array' && value.items.length > 0 ? readArguments(value.items) : undefined;
}

function readArguments(items: readonly RespValue[]): readonly Buffer[] | undefined {
  const args: Buffer[] = [];
  for (const item of items) {
    if (item.type !== 'bulk') return undefined;
    args.push(item.bytes);
  }
  return args;
}

/** Commands that Socket.IO servers and what runs beside them send: by these a client is told from a server's reply. */
const COMMON_COMMANDS = new Set(
  (
    'PUBLISH SPUBLISH SUBSCRIBE PSUBSCRIBE SSUBSCRIBE UNSUBSCRIBE PUNSUBSCRIBE SUNSUBSCRIBE PUBSUB MONITOR MULTI EXEC ' +
    'DISCARD WATCH PING ECHO AUTH HELLO SELECT CLIENT INFO COMMAND CLUSTER READONLY REPLCONF PSYNC XADD XREAD XRANGE ' +
    'XREVRANGE XTRIM XLEN XREADGROUP XACK GET SET DEL GETDEL EXISTS EXPIRE PEXPIRE TTL MGET MSET INCR INCRBY DECR HSET ' +
    'HGET HDEL HGETALL HMSET HMGET SADD SREM SMEMBERS SISMEMBER ZADD ZRANGE ZREM LPUSH RPUSH LPOP RPOP LRANGE BLPOP ' +
    'BRPOP EVAL EVALSHA EVAL_RO FCALL SCRIPT SETEX PSETEX SETNX SCAN KEYS CONFIG FLUSHALL FLUSHDB'
  ).split(' '),
);
const MAX_COMMAND_BYTES = 20;

/** Whose words these are, as far as they tell. */
export function speakerOf(value: RespItems): 'client' | 'server' | undefined {
  if (readAnnouncement(value) !== undefined) return 'server';
  const [name] = readCommand(value) ?? [];
  if (name === undefined || name.length > MAX_COMMAND_BYTES) return undefined;
  return COMMON_COMMANDS.has(name.toString('latin1').toUpperCase()) ? 'client' : undefined;
}

const COMMAND_START = /^\*\d{1,9}\r\n\$\d{1,9}\r\n/;
const LONGEST_START = 24;
/** Commands typed as a line that no other protocol begins with. */
const INLINE_START = /^(?:S?PUBLISH |[PS]?SUBSCRIBE |MONITOR\r?\n|PING\r?\n)/i;
const LONGEST_INLINE = 11;

/** Whether a client that begins so speaks RESP; undefined while more bytes are needed. */
export function startsAsClient(head: Buffer): boolean | undefined {
  const text = head.toString('latin1', 0, LONGEST_START);
  if (COMMAND_START.test(text) || INLINE_START.test(text)) return true;
  const mayBecome = /^\*\d{0,9}(?:\r(?:\n(?:\$\d{0,9}\r?)?)?)?$/.test(text) && text.length < LONGEST_START;
  const mayBecomeInline = text.length < LONGEST_INLINE && /^[a-z]*$/i.test(text);
  return mayBecome || mayBecomeInline ? undefined : false;
}

/** A TLS record: 16 03 opens a connection, 14–17 03 0x stands in the middle of one. */
export function startsTls(head: Buffer, isStart: boolean): boolean {
  const [type = 0, major = 0, minor = 0] = head;
  if (major !== 3) return false;
  return isStart ? type === 0x16 : type >= 0x14 && type <= 0x17 && minor <= 4 && head.length >= 3;
}
