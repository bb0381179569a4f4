import { StringDecoder } from 'node:string_decoder';
import { asBuffer } from '../../bytes/decode-error.ts';
import { ChunkedBytes } from '../../bytes/resp-bytes.ts';
import type { Captured } from '../../model/frame.ts';
import { LineReader } from './line-reader.ts';
import { captureDump } from './pasted-dump.ts';
import { captureRawSubscription } from './raw-subscription.ts';
import { sniffText, type TextKind } from './sniff.ts';
import { createTextContext, type TextContext, type TextOptions } from './text-context.ts';

/** What a text is must show in as many bytes. */
const SNIFF_BYTES = 65_536;
/** Forms that cannot be read line by line are held in memory, several times over. */
const MAX_WHOLE_BYTES = 64 * 1024 * 1024;
const LF = Buffer.from('\n');

/** Reads one text that comes in chunks: MONITOR text and subscription lines as they come, all else at its end. */
export class TextReader {
  readonly #context: TextContext;
  readonly #lines: LineReader;
  readonly #stream = new ChunkedBytes();
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #kind: TextKind | undefined;
  #decoder: StringDecoder | undefined;
  #endsInLine = false;

  constructor(options: TextOptions) {
    this.#context = createTextContext(options);
    this.#lines = new LineReader(this.#context);
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

  #readLines(bytes: Buffer, out: Captured[]): void {
    if (bytes.length === 0) return;
    const stream = this.#stream;
    stream.push(bytes);
    this.#endsInLine = bytes.at(-1) !== 0x0a;
    while (stream.readLine()) this.#lines.read(stream.line.subarray(stream.from, stream.to), out);
  }
}
