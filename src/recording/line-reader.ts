import type { Captured, Frame, FrameHead, Gap, StreamRead, Unframed, Via } from '../model/frame.ts';
import type { AheadState } from './ahead.ts';
import { type RecordedOrigin, readRecordedBytes } from './format.ts';

/** Every way in which a frame can have been seen. */
const VIAS: ReadonlySet<string> = new Set<Via>([
  'monitor',
  'subscribe',
  'shard',
  'stream',
  'replica',
  'replication',
  'pcap',
  'aof',
  'recording',
  'text',
]);
const REASONS: ReadonlySet<string> = new Set<Gap['reason']>([
  'disconnected',
  'output-buffer',
  'trimmed',
  'dropped',
  'lost-segment',
  'truncated',
]);
const SAFE_BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

type Json = Readonly<Record<string, unknown>>;

/** A line that is no line of a recording: why. */
export class BadLine {
  readonly why: string;

  constructor(why: string) {
    this.why = why;
  }
}

/** Reads the parsed JSON of one line after the other, and remembers the origins that were said. */
export class LineReader implements AheadState {
  readonly isCertain = true;
  readonly #origins = new Map<number, RecordedOrigin>();
  #said = 0;
  #changed = 0;

  /** What each number stands for now. */
  get origins(): ReadonlyMap<number, RecordedOrigin> {
    return this.#origins;
  }

  /** Grows with whatever is said about origins. */
  get saidOrigins(): number {
    return this.#said;
  }

  /** Grows whenever a number no longer stands for what it stood for. */
  get changedOrigins(): number {
    return this.#changed;
  }

  /** What a line says: items of the capture, or something about the recording itself (none). */
  read(line: unknown): readonly Captured[] | BadLine {
    if (!isObject(line)) return new BadLine('no JSON object');
    if ('o' in line) return this.#readFrame(line);
    if ('origin' in line) return this.#readOrigin(line);
    if ('gap' in line) return readGap(line.gap);
    if ('other' in line) return 'read' in line ? readRead(line.read) : readOthers(line.other);
    if ('look' in line)
      return isObject(line.look)
        ? [{ is: 'look', look: line.look }]
        : new BadLine('a look that is no object');
    if ('unframed' in line) return readUnframed(line.unframed);
    return 'end' in line ? [] : new BadLine('neither a frame nor anything else of a recording');
  }

  /** Another recording begins, or goes on elsewhere: its origins are its own. */
  restart(origins: ReadonlyMap<number, RecordedOrigin> = new Map()): void {
    this.#said++;
    if (this.#origins.size > 0) this.#changed++;
    this.#origins.clear();
    for (const [number, origin] of origins) this.#origins.set(number, origin);
  }

  /** Everything of a frame but its time and its payload. */
  readHead(line: Json): FrameHead | BadLine {
    const origin = this.#origins.get(Number(line.o));
    if (origin === undefined) return new BadLine(`no origin ${String(line.o)} was said before`);
    const { via, ...where } = origin;
    const head: { -readonly [K in keyof FrameHead]: FrameHead[K] } = {
      via: 'recording',
      ...where,
      recordedVia: via,
    };
    if (typeof line.c === 'string') head.command = line.c;
    const channel = readRecordedBytes(line.ch);
    if (channel !== undefined) head.channel = channel;
    if (Array.isArray(line.chs)) head.channels = line.chs.flatMap((name) => readRecordedBytes(name) ?? []);
    return head;
  }

  #readOrigin(line: Json): readonly Captured[] | BadLine {
    const { origin, via, node, client, db } = line;
    if (typeof origin !== 'number' || !isVia(via)) return new BadLine('an origin without a number or a via');
    this.#said++;
    if (this.#origins.has(origin)) this.#changed++;
    this.#origins.set(origin, {
      via,
      ...(typeof node === 'string' ? { node } : {}),
      ...(typeof client === 'string' ? { client } : {}),
      ...(isCount(db) ? { db } : {}),
    });
    return [];
  }

  #readFrame(line: Json): readonly Captured[] | BadLine {
    const head = this.readHead(line);
    if (head instanceof BadLine) return head;
    const time = isTime(line.t) ? { time: line.t } : {};
    if ('removed' in line) return [removedFrame({ ...head, ...time })];
    if ('fields' in line) return readEntry({ ...head, ...time }, line);
    if (!('p' in line)) return [{ is: 'frame', frame: { ...head, ...time } }];
    const payload = readBase64(line.p);
    if (payload === undefined || payload.length !== line.n) return new BadLine('a payload of another length');
    return [{ is: 'frame', frame: { ...head, ...time, payload } }];
  }
}

/** Where there was a payload that the recording was not allowed to keep, a message is known to be missing. */
function removedFrame({ time, ...frame }: Frame): Captured {
  const when = time === undefined ? {} : { from: time, to: time };
  const node = frame.node === undefined ? {} : { node: frame.node };
  const recordedVia = frame.recordedVia === undefined ? {} : { recordedVia: frame.recordedVia };
  return {
    is: 'gap',
    gap: { via: 'recording', ...node, reason: 'dropped', ...when, missed: 1, ...recordedVia },
  };
}

function readEntry(frame: Frame, line: Json): readonly Captured[] | BadLine {
  if (!Array.isArray(line.fields)) return new BadLine('the fields of an entry are no list');
  const fields: [Buffer, Buffer][] = [];
  for (const field of line.fields as readonly unknown[]) {
    const [name, value] = Array.isArray(field) ? field.map(readRecordedBytes) : [];
    if (name === undefined || value === undefined)
      return new BadLine('a field of an entry is no pair of texts');
    fields.push([name, value]);
  }
  const payload = fields.find(([name]) => name.toString('latin1') === 'data')?.[1];
  const entry = typeof line.id === 'string' ? { id: line.id, fields } : { fields };
  return [{ is: 'frame', frame: payload === undefined ? { ...frame, entry } : { ...frame, entry, payload } }];
}

function readGap(gap: unknown): readonly Captured[] | BadLine {
  if (!isObject(gap) || !isVia(gap.via) || !isReason(gap.reason))
    return new BadLine('a gap without a reason');
  const { via, node, reason, from, to, missed } = gap;
  const read: Gap = {
    via: 'recording',
    ...(typeof node === 'string' ? { node } : {}),
    reason,
    ...(isTime(from) ? { from } : {}),
    ...(isTime(to) ? { to } : {}),
    ...(isCount(missed) ? { missed } : {}),
    recordedVia: via,
  };
  return [{ is: 'gap', gap: read }];
}

function readUnframed(unframed: unknown): readonly Captured[] | BadLine {
  if (!isObject(unframed) || !isVia(unframed.via)) return new BadLine('an unframed line without a via');
  const { via, time, code, message, offset } = unframed;
  const raw = 'removed' in unframed ? Buffer.alloc(0) : readBase64(unframed.raw);
  if (raw === undefined || typeof code !== 'string' || typeof message !== 'string')
    return new BadLine('an unframed line without its bytes');
  const read: Unframed = {
    via: 'recording',
    ...(isTime(time) ? { time } : {}),
    raw,
    code,
    message,
    ...(isCount(offset) ? { offset } : {}),
    recordedVia: via,
  };
  return [{ is: 'unframed', unframed: read }];
}

function readOthers(others: unknown): readonly Captured[] | BadLine {
  const items: Captured[] = [];
  for (const other of Array.isArray(others) ? (others as readonly unknown[]) : [undefined]) {
    const [command, count] = Array.isArray(other) ? (other as readonly unknown[]) : [];
    if (typeof command !== 'string' || !isCount(count)) return new BadLine('commands without a count');
    items.push({ is: 'other', command, count });
  }
  return items;
}

function readRead(read: unknown): readonly Captured[] | BadLine {
  if (!isObject(read) || !isVia(read.via)) return new BadLine('a read without a via');
  const { via, time, client, command, from, to, count } = read;
  const stream = readRecordedBytes(read.stream);
  if ((command !== 'XREAD' && command !== 'XRANGE') || stream === undefined || typeof from !== 'string')
    return new BadLine('a read without a stream or where it starts');
  const asked: StreamRead = {
    via: 'recording',
    ...(isTime(time) ? { time } : {}),
    ...(typeof client === 'string' ? { client } : {}),
    command,
    stream,
    from,
    ...(typeof to === 'string' ? { to } : {}),
    ...(isCount(count) ? { count } : {}),
    recordedVia: via,
  };
  return [{ is: 'other', command, read: asked }];
}

function readBase64(value: unknown): Buffer | undefined {
  return typeof value === 'string' && SAFE_BASE64.test(value) ? Buffer.from(value, 'base64') : undefined;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isVia(value: unknown): value is Via {
  return typeof value === 'string' && VIAS.has(value);
}

function isReason(value: unknown): value is Gap['reason'] {
  return typeof value === 'string' && REASONS.has(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** The range of JavaScript's dates, in microseconds. */
const MAX_TIME = 8.64e18;

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= MAX_TIME;
}
