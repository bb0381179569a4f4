import { asBuffer } from '../bytes/decode-error.ts';
import type { MsgpackDialect } from '../bytes/msgpack.ts';
import type { Frame } from '../model/frame.ts';
import type { Encoding, Message } from '../model/message.ts';
import type { Value } from '../model/value.ts';
import { annotate } from './annotate.ts';
import { chooseMeaning } from './choose-meaning.ts';
import { listFacts } from './facts.ts';
import { walkJson } from './json-walk.ts';
import { walkMsgpack } from './msgpack-walk.ts';
import { walkPickle } from './pickle-walk.ts';
import type { Explanation, Layer, Row } from './row.ts';
import { describeEncoding, describeMessage, summarise } from './summary.ts';
import type { Walk } from './token.ts';

/** `{`, `[`, `"` and white space. */
const JSON_STARTS: ReadonlySet<number> = new Set([0x7b, 0x5b, 0x22, 0x20, 0x0a, 0x0d, 0x09]);
/** Pickles of protocol 2 to 5 start so; those of 0 and 1 have no start of their own, but all end so. */
const PICKLE_PROTO = 0x80;
const PICKLE_STOP = 0x2e;

/** A way to take bytes apart, and how far it got. */
interface Attempt {
  readonly encoding: Encoding;
  readonly walk: Walk;
}

/**
 * Explains every byte of a message's payload: what it is, and what it is for. A payload that could not be decoded
 * is explained up to the byte where it breaks. Never throws.
 */
export function explainMessage(frame: Frame, message: Message): Explanation {
  return {
    title: describeMessage(message),
    facts: listFacts(frame, message),
    layers: explainPayload(frame, message),
    summary: summarise(message),
  };
}

function explainPayload(frame: Frame, message: Message): Layer[] {
  const payload = frame.payload ?? message.raw;
  if (payload === undefined) return [];
  if (!isBase64(frame, message, payload)) return [explainLayer('payload', payload, frame, message)];
  const decoded = message.body?.bytes ?? Buffer.from(asBuffer(payload).toString('latin1'), 'base64');
  const inner = explainLayer('decoded', decoded, frame, message);
  const row = explainBase64(payload, decoded.length);
  const isSecret = inner.rows.some((held) => held.isSecret === true);
  const rows = isSecret ? [{ ...row, isSecret }] : [row];
  return [{ name: 'payload', written: 'base64', isText: true, bytes: payload, rows }, inner];
}

/** Streams and sessions hold base64 of msgpack where they do not hold JSON (@socket.io/redis-streams-adapter). */
function isBase64(frame: Frame, message: Message, payload: Uint8Array): boolean {
  if (message.body !== undefined) return message.body.wrapped === 'base64';
  const mayBe = frame.entry !== undefined || frame.command === 'SET';
  return mayBe && /^[A-Za-z0-9+/]+={0,2}$/.test(asBuffer(payload).toString('latin1'));
}

function explainBase64(payload: Uint8Array, decodedBytes: number): Row {
  return {
    offset: 0,
    lengthBytes: payload.length,
    depth: 0,
    path: '',
    role: 'text',
    type: 'base64',
    note: `base64: four characters stand for three bytes. It holds ${decodedBytes} bytes of msgpack, explained below`,
    part: 'structure',
  };
}

function explainLayer(name: Layer['name'], bytes: Uint8Array, frame: Frame, message: Message): Layer {
  const { encoding, walk } = chooseWalk(bytes, message);
  const dialect = toDialect(encoding);
  const meaning = chooseMeaning(frame, message, walk.tokens);
  const rows = annotate({ bytes, walk, meaning, message, dialect });
  const marked = walk.isWhole && name === 'payload' ? markTrouble(rows, message) : rows;
  return { name, written: describeEncoding(encoding), isText: encoding === 'json', bytes, rows: marked };
}

/** The encoding that the message was read in; for a broken one, that which understands the most bytes. */
function chooseWalk(bytes: Uint8Array, { encoding, body }: Message): Attempt {
  if (encoding !== undefined) return { encoding, walk: walkAs(bytes, encoding, body?.root) };
  const attempts = guessEncodings(bytes).map((guess) => ({ encoding: guess, walk: walkAs(bytes, guess) }));
  const pickle = bytes.at(-1) === PICKLE_STOP ? walkAs(bytes, 'pickle') : undefined;
  if (pickle?.isWhole === true) attempts.push({ encoding: 'pickle', walk: pickle });
  const [first, ...others] = attempts;
  if (first === undefined) return { encoding: 'msgpack', walk: walkAs(bytes, 'msgpack') };
  return others.reduce((best, next) => (isBetter(next.walk, best.walk) ? next : best), first);
}

function isBetter(walk: Walk, than: Walk): boolean {
  if (walk.isWhole !== than.isWhole) return walk.isWhole;
  return walk.understoodBytes > than.understoodBytes;
}

function guessEncodings(bytes: Uint8Array): Encoding[] {
  const [first = 0, second = 0] = bytes;
  if (JSON_STARTS.has(first)) return ['json', 'msgpack'];
  const isPickle = first === PICKLE_PROTO && second >= 2 && second <= 5;
  return isPickle ? ['pickle', 'msgpack', 'msgpack-js'] : ['msgpack', 'msgpack-js'];
}

function walkAs(bytes: Uint8Array, encoding: Encoding, root?: Value): Walk {
  switch (encoding) {
    case 'json':
      return walkJson(bytes);
    case 'pickle':
      return walkPickle(bytes, root);
    case 'msgpack':
      return walkMsgpack(bytes, 'modern');
    case 'msgpack-js':
      return walkMsgpack(bytes, 'msgpack-js');
  }
}

function toDialect(encoding: Encoding): MsgpackDialect | undefined {
  if (encoding === 'msgpack') return 'modern';
  return encoding === 'msgpack-js' ? 'msgpack-js' : undefined;
}

/** A payload that can be read but is no message: the row where its shape is wrong says so. */
function markTrouble(rows: Row[], { error }: Message): Row[] {
  const offset = error?.offset;
  if (error?.code !== 'wrong-shape' || offset === undefined) return rows;
  return rows.map((row) =>
    offset >= row.offset && offset < row.offset + row.lengthBytes
      ? { ...row, part: 'trouble', note: error.message }
      : row,
  );
}
