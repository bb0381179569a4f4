import type { Captured, Frame } from '../model/frame.ts';
import { isGzipName, type RecordingEnd, type RecordingHeader } from './format.ts';
import { LineWriter } from './line-writer.ts';
import { RecordingFile } from './recording-file.ts';

export interface RecorderOptions {
  readonly file: string;
  readonly header: Omit<RecordingHeader, 'sioInspectRecording' | 'startedAt' | 'part'>;
  /** Bytes on the disk after which a further file is begun. */
  readonly rotateBytes?: number;
  readonly rotateMs?: number;
  /** The disk does not take it: nothing more is recorded, and the last line of the file says so if it can. */
  readonly onFailure?: (error: Error, file: string) => void;
}

/** What the recorder makes of one item: the item to be written, or that its payload must go. */
export type Kept = Captured | { readonly is: 'removed'; readonly captured: Captured };

/** How often what waits is written where nothing else makes it happen. */
const TICK_MS = 1000;

/**
 * Writes a capture to a file, or to `file`, `file.1`, `file.2`, … when it rotates. Lines are gathered and written by
 * `flush`; a disk that refuses ends the recording, never the capture.
 */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #tick: NodeJS.Timeout;
  #writer = new LineWriter();
  #file: RecordingFile;
  #part = 1;
  #partStarted = performance.now();
  /** The look that the part begins with may be all that it has room for. */
  #partBeginsWith = 0;
  #writing: Promise<void> = Promise.resolve();
  #hasFailed = false;
  #frames = 0;
  #gaps = 0;
  #bytes = 0;
  #unwritten = 0;
  /** The line of the last look: each file has one at its start, so that it can be judged by itself. */
  #lastLook = '';
  #lastTime: number | undefined;
  /** Of the last frame that got to the disk. */
  #writtenTime: number | undefined;

  /** Rejects with the system's error when the file cannot be begun; `EEXIST` where it is there already. */
  static async open(options: RecorderOptions): Promise<Recorder> {
    return new Recorder(options, await RecordingFile.create(options.file, headerOf(options, 1)));
  }

  private constructor(options: RecorderOptions, file: RecordingFile) {
    this.#options = options;
    this.#file = file;
    this.#tick = setInterval(() => void this.flush(), TICK_MS);
    this.#tick.unref();
  }

  /** Frames of all files; those that failed to get to the disk are not in it. */
  get frames(): number {
    return this.#frames;
  }

  get bytes(): number {
    return this.#bytes + this.#file.bytes;
  }

  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  add(kept: Kept): void {
    if (this.#hasFailed) return;
    const captured = kept.is === 'removed' ? kept.captured : kept;
    const lines = kept.is === 'removed' ? this.#writer.writeRemoved(captured) : this.#writer.write(kept);
    this.#file.add(lines);
    if (captured.is === 'look') this.#lastLook = lines;
    if (captured.is === 'frame') this.#countFrame(captured.frame);
    if (captured.is === 'gap') this.#gaps++;
  }

  /** Writes what was added. Never rejects: see `onFailure`. */
  flush(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#flush());
    return this.#writing;
  }

  /** Writes the last line and closes. */
  async close(): Promise<void> {
    clearInterval(this.#tick);
    await this.#writing;
    if (!this.#hasFailed) await this.#closeFile().catch((error: unknown) => this.#fail(error));
  }

  #countFrame(frame: Frame): void {
    this.#frames++;
    this.#unwritten++;
    if (frame.time !== undefined) this.#lastTime = frame.time;
  }

  async #flush(): Promise<void> {
    if (this.#hasFailed) return;
    const written = this.#markWritten();
    try {
      this.#file.add(this.#writer.writeOthers());
      if (await this.#file.flush()) written();
      if (this.#isPartFull()) await this.#rotate();
    } catch (error) {
      await this.#fail(error);
    }
  }

  /** To be called when what has been added until now is on the disk. */
  #markWritten(): () => void {
    const frames = this.#unwritten;
    const time = this.#lastTime;
    return () => {
      this.#unwritten -= frames;
      this.#writtenTime = time;
    };
  }

  #isPartFull(): boolean {
    const { rotateBytes, rotateMs } = this.#options;
    const ownBytes = this.#file.bytes - this.#partBeginsWith;
    if (rotateBytes !== undefined && ownBytes >= rotateBytes) return true;
    return rotateMs !== undefined && performance.now() - this.#partStarted >= rotateMs;
  }

  async #rotate(): Promise<void> {
    const next = await this.#createNext();
    const full = this.#file;
    const last = this.#lastLines();
    const written = this.#markWritten();
    this.#bytes += full.bytes;
    this.#partStarted = performance.now();
    // Of gzip it is not known how few bytes it becomes.
    this.#partBeginsWith = isGzipName(this.#options.file) ? 0 : Buffer.byteLength(this.#lastLook);
    // Before anything is awaited: what is added meanwhile belongs to the next file.
    this.#file = next;
    this.#writer = new LineWriter();
    next.add(this.#lastLook);
    full.add(last);
    await full.close().catch(async (error: unknown) => {
      await full.abandon(this.#gapLine());
      throw error;
    });
    written();
  }

  /** Numbers that are taken, by an earlier recording of this name, are passed over. */
  async #createNext(): Promise<RecordingFile> {
    for (;;) {
      const name = partName(this.#options.file, this.#part++);
      const file = await RecordingFile.create(name, headerOf(this.#options, this.#part)).catch(
        (error: unknown) => {
          if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
        },
      );
      if (file !== undefined) return file;
    }
  }

  async #closeFile(): Promise<void> {
    this.#file.add(this.#lastLines());
    await this.#file.close();
  }

  #lastLines(): string {
    const end: RecordingEnd = { frames: this.#frames, gaps: this.#gaps, time: new Date().toISOString() };
    return `${this.#writer.writeOthers()}${JSON.stringify({ end })}\n`;
  }

  #gapLine(): string {
    const from = this.#writtenTime === undefined ? {} : { from: this.#writtenTime };
    return this.#writer.write({ is: 'gap', gap: { via: 'recording', reason: 'dropped', ...from } });
  }

  async #fail(error: unknown): Promise<void> {
    this.#hasFailed = true;
    clearInterval(this.#tick);
    this.#frames -= this.#unwritten;
    await this.#file.abandon(this.#gapLine());
    this.#options.onFailure?.(error instanceof Error ? error : new Error(String(error)), this.#file.name);
  }
}

function headerOf(options: RecorderOptions, part: number): string {
  const header: RecordingHeader = {
    sioInspectRecording: 1,
    ...options.header,
    startedAt: new Date().toISOString(),
    ...(part === 1 ? {} : { part }),
  };
  return `${JSON.stringify(header)}\n`;
}

/** `a.rec.1`, `a.rec.1.gz`: the name goes on saying whether it is gzip. */
function partName(file: string, part: number): string {
  const ending = isGzipName(file) ? /\.[^.]*$/.exec(file)?.[0] : undefined;
  return ending === undefined ? `${file}.${part}` : `${file.slice(0, -ending.length)}.${part}${ending}`;
}
