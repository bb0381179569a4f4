import { StringDecoder } from 'node:string_decoder';
import { ByteBlock } from '../../bytes/byte-block.ts';
import { asBuffer } from '../../bytes/decode-error.ts';
import { ChunkedBytes } from '../../bytes/resp-bytes.ts';
import type { Captured } from '../../model/frame.ts';
import { type Ahead, readLeft, startsWithRecord, type Transcript } from '../../recording/ahead.ts';
import type { Glance } from '../../recording/glance.ts';
import type { LinesReader } from '../short-ways.ts';
import { LineReader } from './line-reader.ts';
import { MonitorLines } from './monitor-lines.ts';
import { captureDump } from './pasted-dump.ts';
import { captureRawSubscription } from './raw-subscription.ts';
import { sniffText, type TextKind } from './sniff.ts';
import { createTextContext, type TextContext, type TextOptions } from './text-context.ts';

/** What a text is must show in as many bytes. */
const SNIFF_BYTES = 65_536;
/** Forms that cannot be read line by line are held in memory, several times over. */
const MAX_WHOLE_BYTES = 64 * 1024 * 1024;
const LF_BYTE = 0x0a;
const LF = Buffer.from([LF_BYTE]);
/** Few enough to die young, enough to be worth the way to whoever reads them. */
const BATCH = 256;

/** Reads one text that comes in chunks: MONITOR text and subscription lines as they come, all else at its end. */
export class TextReader implements LinesReader {
  readonly form = 'monitor';
  /** MONITOR lines can be read ahead where they are byte for byte as they were written. */
  readonly aheadState = {
    isCertain: false,
    origins: new Map<never, never>(),
    saidOrigins: 0,
    changedOrigins: 0,
  };
  readonly #context: TextContext;
  readonly #lines: LineReader;
  readonly #stream = new ChunkedBytes();
  /** Made for the first glance: most texts are short, and nobody glances at them. */
  #monitor: MonitorLines | undefined;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #kind: TextKind | undefined;
  #decoder: StringDecoder | undefined;
  #endsInLine = false;

  constructor(options: TextOptions) {
    this.#context = createTextContext(options);
    this.#lines = new LineReader(this.#context);
  }

  /**
   * As `push`, in batches; what `glance` takes is not in them.
   * @throws {RangeError} when the text is too long for its form
   */
  *batches(chunk: Uint8Array, glance?: Glance): Iterable<Captured[]> {
    if (glance === undefined || this.#kind !== 'lines' || this.#decoder !== undefined) {
      yield this.push(chunk);
      return;
    }
    const begun = this.#endsInLine ? chunk.indexOf(LF_BYTE) + 1 || chunk.length : 0;
    if (begun > 0) yield this.push(chunk.subarray(0, begun));
    const text = new ByteBlock(asBuffer(chunk));
    text.used = begun;
    while (text.used < chunk.length) {
      const batch: Captured[] = [];
      const isWhole = this.#readBatch(text, batch, glance);
      yield batch;
      if (isWhole) continue;
      yield this.push(chunk.subarray(text.used));
      return;
    }
  }

  /** The same for lines of which records were made already. */
  *rest(transcript: Transcript, take: Ahead['take']): Iterable<Captured[]> {
    if (startsWithRecord(transcript)) yield this.#settle();
    yield* readLeft(transcript, take, (lines, isLast) => [
      this.push(lines),
      ...(isLast ? [] : [this.#settle()]),
    ]);
  }

  /** @throws {RangeError} when the text is too long for its form */
  push(chunk: Uint8Array): Captured[] {
    const out: Captured[] = [];
    if (this.#kind === undefined) {
      this.#hold(chunk);
      if (this.#waitingBytes >= SNIFF_BYTES) this.#decide(false, out);
    } else this.#take(this.#decode(chunk), out);
    return out;
  }

  end(): Captured[] {
    const out: Captured[] = [];
    if (this.#kind === undefined) this.#decide(true, out);
    const last = this.#decoder?.end();
    if (last) this.#take(Buffer.from(last), out);
    if (this.#kind === 'lines') {
      if (this.#endsInLine) this.#readLines(LF, out);
      this.#lines.end(out);
    } else {
      const all = Buffer.concat(this.#waiting);
      const read = this.#kind === 'dump' ? captureDump : captureRawSubscription;
      for (const captured of read(all, this.#context)) out.push(captured);
    }
    return out;
  }

  #decide(isAll: boolean, out: Captured[]): void {
    let head: Buffer = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    if (head[0] === 0xff && head[1] === 0xfe) {
      this.#decoder = new StringDecoder('utf16le');
      this.#context.note('read as UTF-16, as PowerShell writes it');
      head = this.#decode(head.subarray(2));
    } else if (head.subarray(0, 3).toString('latin1') === '\xef\xbb\xbf') head = head.subarray(3);
    // Sniffing looks at the same bytes however they were cut into chunks.
    this.#kind = sniffText(head.subarray(0, SNIFF_BYTES), isAll && head.length <= SNIFF_BYTES);
    this.#take(head, out);
  }

  #decode(chunk: Uint8Array): Buffer {
    if (this.#decoder !== undefined) return Buffer.from(this.#decoder.write(asBuffer(chunk)));
    return asBuffer(chunk);
  }

  #take(bytes: Buffer, out: Captured[]): void {
    if (this.#kind === 'lines') this.#readLines(bytes, out);
    else this.#hold(bytes);
  }

  #hold(chunk: Uint8Array): void {
    this.#waitingBytes += chunk.length;
    if (this.#kind !== undefined && this.#waitingBytes > MAX_WHOLE_BYTES) {
      throw new RangeError(
        `This is neither MONITOR text nor lines of a subscription, and longer than the ${MAX_WHOLE_BYTES / 1024 / 1024} MB that can be read as a dump. ` +
          "Capture with redis-cli monitor, or redis-cli --no-raw psubscribe 'socket.io*', whose text may have any length.",
      );
    }
    this.#waiting.push(asBuffer(chunk));
  }

  /** Reads whole lines until there are enough, taken or not; false when what is left is no whole line. */
  #readBatch(text: ByteBlock, out: Captured[], glance: Glance): boolean {
    const monitor = (this.#monitor ??= new MonitorLines());
    const { bytes } = text;
    let mayTake = !this.#lines.hasBegun;
    for (let count = 0; text.used < bytes.length && count < BATCH; count++) {
      if (mayTake && monitor.read(text, text.used)) {
        this.aheadState.isCertain = true;
        if (glance(monitor.head, monitor.time, monitor.payload)) {
          text.used = monitor.end;
          continue;
        }
      }
      const end = bytes.indexOf(LF_BYTE, text.used);
      if (end === -1) return false;
      this.#lines.read(bytes.subarray(text.used, end), out);
      text.used = end + 1;
      // Behind what is not taken nothing can be, it would come before it; commands without traffic have no place.
      mayTake &&= !this.#lines.hasBegun && (out.length === 0 || out.at(-1)?.is === 'other');
    }
    return true;
  }

  /** What was begun before lines of which it can be no part. */
  #settle(): Captured[] {
    const out: Captured[] = [];
    this.#lines.end(out);
    return out;
  }

  #readLines(bytes: Buffer, out: Captured[]): void {
    if (bytes.length === 0) return;
    const stream = this.#stream;
    stream.push(bytes);
    this.#endsInLine = bytes.at(-1) !== 0x0a;
    while (stream.readLine()) this.#lines.read(stream.line.subarray(stream.from, stream.to), out);
  }
}
