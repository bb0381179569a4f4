import { ByteBlock } from '../bytes/byte-block.ts';
import { asBuffer } from '../bytes/decode-error.ts';
import type { Captured } from '../model/frame.ts';
import { type Ahead, type AheadState, readLeft, type Transcript } from './ahead.ts';
import { RECORDING_START, RECORDING_VERSION } from './format.ts';
import { FrameLines, parseObject } from './frame-lines.ts';
import { type Glance, makeFrame } from './glance.ts';
import { BadLine, LineReader } from './line-reader.ts';

const LF = 0x0a;
/** Few enough to die young, enough to be worth the way to whoever reads them. */
const BATCH = 256;

/** What a header says, as far as it is what it should be. */
export interface HeaderSeen {
  readonly url?: string;
  readonly filter?: readonly string[];
  readonly redaction?: readonly string[];
  readonly via?: readonly string[];
  readonly redisVersion?: string;
}

export interface RecordingReaderOptions {
  readonly onNote?: (note: string) => void;
  /** Told of each header: that of the recording, and of each further one that was put behind it. */
  readonly onHeader?: (header: HeaderSeen) => void;
}

/** Reads a recording that comes in chunks. The lines of frames are taken apart by `FrameLines`, all others go through JSON. */
export class RecordingReader {
  readonly form = 'recording';
  readonly #lines = new LineReader();
  readonly #frames = new FrameLines(this.#lines);
  readonly #onNote: (note: string) => void;
  readonly #onHeader: (header: HeaderSeen) => void;
  /** The start of a line whose end has not come. */
  #rest: Buffer[] = [];
  #lastTime: number | undefined;
  #hasEnded = false;

  constructor({ onNote, onHeader }: RecordingReaderOptions = {}) {
    this.#onNote = onNote ?? (() => undefined);
    this.#onHeader = onHeader ?? (() => undefined);
  }

  get aheadState(): AheadState {
    return this.#lines;
  }

  push(chunk: Uint8Array): Captured[] {
    return [...this.batches(chunk)].flat();
  }

  /** The same in batches; what `glance` takes is not in them, and one may be empty then. */
  *batches(chunk: Uint8Array, glance?: Glance): Iterable<Captured[]> {
    for (const bytes of this.#joinRest(asBuffer(chunk))) {
      const text = new ByteBlock(bytes);
      while (text.used < bytes.length) {
        const batch: Captured[] = [];
        const isWhole = this.#readBatch(text, batch, glance);
        yield batch;
        if (isWhole) continue;
        this.#rest.push(Buffer.from(bytes.subarray(text.used)));
        break;
      }
    }
  }

  /** The same for lines of which records were made already. */
  *rest(transcript: Transcript, take: Ahead['take']): Iterable<Captured[]> {
    const takeTimed: Ahead['take'] = (of, from, to) => {
      take(of, from, to);
      if (from < to && to === of.ends.length) this.#lastTime = of.lastTime;
    };
    yield* readLeft(transcript, takeTimed, (lines) => this.batches(lines));
  }

  /** What is to be read now: the line that was begun before, if this is its end, and what follows. */
  #joinRest(bytes: Buffer): readonly Buffer[] {
    if (this.#rest.length === 0) return [bytes];
    const lineEnd = bytes.indexOf(LF) + 1;
    this.#rest.push(lineEnd === 0 ? Buffer.from(bytes) : bytes.subarray(0, lineEnd));
    return lineEnd === 0 ? [] : [this.#takeRest(), bytes.subarray(lineEnd)];
  }

  /** A last line that is not whole was being written when the writer was stopped: a gap, never an error. */
  end(): Captured[] {
    const rest = this.#takeRest();
    if (!this.#hasEnded)
      this.#onNote('has no last line: it is still being written, or its writer was stopped');
    if (rest.length === 0) return [];
    const whole = this.#parseWhole(rest);
    if (whole !== undefined) return whole;
    const from = this.#lastTime === undefined ? {} : { from: this.#lastTime };
    return [{ is: 'gap', gap: { via: 'recording', reason: 'truncated', ...from } }];
  }

  #takeRest(): Buffer {
    const rest = Buffer.concat(this.#rest);
    this.#rest = [];
    return rest;
  }

  /** The writer was stopped between a line and its LF. */
  #parseWhole(rest: Buffer): Captured[] | undefined {
    const out: Captured[] = [];
    this.#readLine(rest, out);
    return out.some(({ is }) => is === 'unframed') ? undefined : out;
  }

  /** Reads lines until there are enough items, in `out` or taken; false when what is left is no whole line. */
  #readBatch(text: ByteBlock, out: Captured[], glance?: Glance): boolean {
    const frames = this.#frames;
    const { bytes } = text;
    for (let count = 0; text.used < bytes.length && count < BATCH; count++) {
      if (frames.read(text, text.used)) {
        text.used = frames.end;
        this.#lastTime = frames.time;
        // Behind what is not taken nothing can be: it would come before it.
        if (out.length === 0 && glance?.(frames.head, frames.time, frames.payload) === true) continue;
        out.push({ is: 'frame', frame: makeFrame(frames) });
        continue;
      }
      const end = bytes.indexOf(LF, text.used);
      if (end === -1) return false;
      this.#readLine(bytes.subarray(text.used, end), out);
      text.used = end + 1;
    }
    return true;
  }

  #readLine(line: Buffer, out: Captured[]): void {
    if (line.length === 0) return;
    const parsed = parseObject(line.toString('utf8'));
    // Origins are said anew by an origin's line and by a header.
    if (parsed !== undefined && ('origin' in parsed || 'sioInspectRecording' in parsed))
      this.#frames.forget();
    if (parsed !== undefined && 'sioInspectRecording' in parsed) {
      const why = this.#readHeader(parsed);
      if (why !== undefined) out.push(unframed(line, 'unknown-version', why));
      return;
    }
    if (parsed !== undefined && 'end' in parsed) this.#hasEnded = true;
    const items = this.#lines.read(parsed);
    if (items instanceof BadLine) {
      out.push(unframed(line, 'unframed', `not a line of a recording: ${items.why}`));
      return;
    }
    for (const item of items) {
      if (item.is === 'frame') this.#lastTime = item.frame.time ?? this.#lastTime;
      out.push(item);
    }
  }

  /** Why what follows may mean something else than it is taken for; what can be read of it is read all the same. */
  #readHeader(header: Readonly<Record<string, unknown>>): string | undefined {
    this.#lines.restart();
    this.#hasEnded = false;
    const seen = readHeader(header);
    if (seen.redaction !== undefined) this.#onNote(`is redacted: ${seen.redaction.join(', ')}`);
    if (seen.filter !== undefined) this.#onNote(`holds only what fits ${seen.filter.join(' ')}`);
    this.#onHeader(seen);
    const version = header.sioInspectRecording;
    if (version === RECORDING_VERSION) return undefined;
    const why = `a recording in version ${JSON.stringify(version)} of the format, of which this program knows ${RECORDING_VERSION}`;
    this.#onNote(`is ${why}: use the sio-inspect that wrote it, or a later one`);
    return why;
  }
}

function readHeader(header: Readonly<Record<string, unknown>>): HeaderSeen {
  const { source, filter, redaction, redisVersion } = header;
  const { url, via } = (typeof source === 'object' && source !== null ? source : {}) as {
    readonly url?: unknown;
    readonly via?: unknown;
  };
  return {
    ...(typeof url === 'string' ? { url } : {}),
    ...(Array.isArray(via) ? { via: via.map(String) } : {}),
    ...(Array.isArray(filter) ? { filter: filter.map(String) } : {}),
    ...(Array.isArray(redaction) ? { redaction: redaction.map(String) } : {}),
    ...(typeof redisVersion === 'string' ? { redisVersion } : {}),
  };
}

function unframed(line: Buffer, code: string, message: string): Captured {
  return { is: 'unframed', unframed: { via: 'recording', raw: Buffer.from(line), code, message } };
}

/** Fewer bytes of the first line could be anything. */
const TELLING_BYTES = '{"sio'.length;

/** Whether a file that begins with these bytes is a recording; it may have been cut off in its first line. */
export function isRecording(head: Uint8Array): boolean {
  const start = asBuffer(head).toString('latin1', 0, RECORDING_START.length);
  return start.length >= TELLING_BYTES && RECORDING_START.startsWith(start);
}
