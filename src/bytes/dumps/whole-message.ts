import { decodeJson, readJson } from '../json.ts';
import { decodeMsgpack, readMsgpack } from '../msgpack.ts';
import { decodePickle } from '../pickle.ts';
import { RespReader } from '../resp.ts';

const NEWLINE = 0x0a;
const PICKLE_PROTOCOL = 0x80;

/**
 * Whether `bytes` are one adapter message from the first to the last byte, as far as that shows without knowing
 * dialects: a msgpack array or map of either dialect, a JSON array or object, a pickle, or whole RESP commands.
 */
export function isWholeMessage(bytes: Uint8Array): boolean {
  const lead = bytes[0] ?? 0;
  if (isMsgpackContainer(lead)) {
    return (
      succeeds(() => decodeMsgpack(bytes)) ||
      succeeds(() => decodeMsgpack(bytes, 'msgpack-js')) ||
      (lead === PICKLE_PROTOCOL && succeeds(() => decodePickle(bytes)))
    );
  }
  if (lead === 0x2a || lead === 0x3e) return isWholeResp(bytes);
  return (
    /^[\s]*[[{]/.test(Buffer.from(bytes.subarray(0, 64)).toString('latin1')) &&
    succeeds(() => decodeJson(bytes))
  );
}

/** Where a self-delimiting value that starts at `offset` could end: one answer for each way to read it. */
export function valueEnds(bytes: Uint8Array, offset: number): number[] {
  const ends = new Set<number>();
  const readers = [
    () => readMsgpack(bytes, offset),
    () => readMsgpack(bytes, offset, 'msgpack-js'),
    () => readJson(bytes, offset),
  ];
  for (const read of readers) {
    try {
      const value = read();
      ends.add(value.offset + value.length);
    } catch {
      // Not a value of this encoding.
    }
  }
  return [...ends];
}

/** JSON written as text ends with a line end that was not published. */
export function trimJson(bytes: Buffer): Buffer {
  let [start, end] = [0, bytes.length];
  while (start < end && isSpace(bytes[start])) start++;
  while (end > start && isSpace(bytes[end - 1])) end--;
  return bytes.subarray(start, end);
}

/** Whether the first bytes are those of msgpack, JSON or RESP: enough to say that these are bytes and no words. */
export function startsAsMessage(bytes: Uint8Array): boolean {
  const lead = bytes[0] ?? 0;
  if (lead === 0x2a || lead === 0x3e)
    return /^.\d+\r\n/.test(Buffer.from(bytes.subarray(0, 16)).toString('latin1'));
  return isMsgpackContainer(lead) || lead === 0x7b || lead === 0x5b;
}

function isMsgpackContainer(lead: number): boolean {
  return (lead >= 0x80 && lead <= 0x9f) || (lead >= 0xdc && lead <= 0xdf);
}

function isWholeResp(bytes: Uint8Array): boolean {
  const reader = new RespReader();
  reader.push(bytes);
  return succeeds(() => {
    while (reader.next() !== undefined);
    if (reader.consumedBytes !== bytes.length) throw new Error('bytes are left over');
  });
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d || byte === NEWLINE;
}

function succeeds(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}
