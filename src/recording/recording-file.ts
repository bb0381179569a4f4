import { type FileHandle, open, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { isGzipName } from './format.ts';

const compress = promisify(gzip);
/** Owner only: payloads are secrets of those whose servers sent them. */
const MODE = 0o600;
/** Rather than in many small writes, at low traffic at once. */
const GZIP_BLOCK_BYTES = 1024 * 1024;
const GZIP_WAIT_MS = 1000;

/**
 * One file of a recording: whole lines, appended. A gzip file is a row of members, one for each block, at least one
 * a second, so that what was written can be read while the rest is still to come.
 */
export class RecordingFile {
  readonly name: string;
  readonly #file: FileHandle;
  readonly #isGzip: boolean;
  #waiting: string[] = [];
  #waitingCharacters = 0;
  #lastWrite = performance.now();
  #bytes = 0;
  /** Where the next block goes; a device or a pipe has no places. */
  #end: number | null;

  /**
   * Begins a file by its header, which is on the disk before anything else: without it nothing that follows, not even
   * that something is missing, can be read. Rejects with the system's error, `EEXIST` where a file with something in
   * it has this name.
   */
  static async create(name: string, header: string): Promise<RecordingFile> {
    const found = await stat(name).catch(() => undefined);
    const isDevice = found?.isFile() === false;
    const handle = await open(name, isDevice || found?.size === 0 ? 'w' : 'wx', MODE);
    const file = new RecordingFile(name, handle, isDevice ? null : 0);
    file.add(header);
    try {
      await file.#write();
    } catch (error) {
      await handle.close();
      throw error;
    }
    return file;
  }

  private constructor(name: string, file: FileHandle, end: number | null) {
    this.name = name;
    this.#file = file;
    this.#end = end;
    this.#isGzip = isGzipName(name);
  }

  /** Bytes on the disk, and characters that wait to get there. */
  get bytes(): number {
    return this.#bytes + this.#waitingCharacters;
  }

  add(lines: string): void {
    if (lines === '') return;
    this.#waiting.push(lines);
    this.#waitingCharacters += lines.length;
  }

  /**
   * Writes all that was added before; a gzip file waits for a block to be worth it or for a second, and answers false
   * until then. Rejects when the disk does.
   */
  async flush(): Promise<boolean> {
    const isWorthIt =
      this.#waitingCharacters >= GZIP_BLOCK_BYTES || performance.now() - this.#lastWrite >= GZIP_WAIT_MS;
    if (this.#isGzip && !isWorthIt) return false;
    await this.#write();
    return true;
  }

  /** Rejects when what waits cannot be written; the file is to be abandoned then. */
  async close(): Promise<void> {
    await this.#write();
    await this.#file.close();
  }

  /** Gives up what waits, and closes with a last line if the disk takes it. */
  async abandon(lastLine: string): Promise<void> {
    this.#waiting = [];
    this.#waitingCharacters = 0;
    try {
      this.add(lastLine);
      await this.#write();
    } catch {
      // The disk is as full as it was; what is on it is whole.
    } finally {
      await this.#file.close();
    }
  }

  async #write(): Promise<void> {
    if (this.#waiting.length === 0) return;
    const text = Buffer.from(this.#waiting.join(''));
    this.#waiting = [];
    this.#waitingCharacters = 0;
    this.#lastWrite = performance.now();
    const block = this.#isGzip ? await compress(text) : text;
    try {
      await this.#writeWhole(block);
    } catch (error) {
      // No half a line stays behind.
      if (this.#end !== null) await this.#file.truncate(this.#end).catch(() => undefined);
      throw error;
    }
    this.#bytes += block.length;
    if (this.#end !== null) this.#end += block.length;
  }

  async #writeWhole(block: Buffer): Promise<void> {
    for (let at = 0; at < block.length;) {
      const place = this.#end === null ? null : this.#end + at;
      const { bytesWritten } = await this.#file.write(block, at, block.length - at, place);
      at += bytesWritten;
    }
  }
}
