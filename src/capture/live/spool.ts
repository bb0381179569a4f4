import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Bytes as they came from a socket. */
export interface Arrival {
  /** Counts the connections; bytes of two connections never belong together. */
  readonly session: number;
  /** Microseconds since 1970. */
  readonly time: number;
  readonly bytes: Buffer;
}

/** session u32, time f64, length u32, then the bytes. */
const HEADER_BYTES = 16;
const READ_BYTES = 4 * 1024 * 1024;

/**
 * A file that holds what does not fit into memory, read back in order. Only its owner can read it, and where the
 * system allows it has no name any more as soon as it is open, so that nothing is left behind, whatever happens.
 */
export class Spool {
  readonly #file: FileHandle;
  readonly #directory: string | undefined;
  #written = 0;
  #read = 0;

  static async open(parent = tmpdir()): Promise<Spool> {
    const directory = await mkdtemp(join(parent, 'sio-inspect-spool-'));
    try {
      const file = await open(join(directory, 'arrivals'), 'wx+', 0o600);
      const unlinked = await rm(directory, { recursive: true }).then(
        () => true,
        () => false,
      );
      return new Spool(file, unlinked ? undefined : directory);
    } catch (error) {
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
  }

  private constructor(file: FileHandle, directory: string | undefined) {
    this.#file = file;
    this.#directory = directory;
  }

  /** Bytes written and not yet read back. */
  get bytes(): number {
    return this.#written - this.#read;
  }

  /** Appends all or, when it rejects (a full disk), nothing. */
  async append(arrivals: readonly Arrival[]): Promise<void> {
    const parts: Buffer[] = [];
    for (const arrival of arrivals) parts.push(headerOf(arrival), arrival.bytes);
    const block = Buffer.concat(parts);
    for (let at = 0; at < block.length;) {
      const { bytesWritten } = await this.#file.write(block, at, block.length - at, this.#written + at);
      at += bytesWritten;
    }
    this.#written += block.length;
  }

  /** The next arrivals, some megabytes of them; none when all have been read. */
  async read(): Promise<Arrival[]> {
    const block = await this.#readBlock(Math.min(READ_BYTES, this.bytes));
    const arrivals: Arrival[] = [];
    let at = 0;
    while (at + HEADER_BYTES <= block.length) {
      const length = block.readUInt32LE(at + 12);
      const from = at + HEADER_BYTES;
      if (from + length > block.length) break;
      arrivals.push({
        session: block.readUInt32LE(at),
        time: block.readDoubleLE(at + 4),
        bytes: block.subarray(from, from + length),
      });
      at = from + length;
    }
    this.#read += at;
    return arrivals;
  }

  async close(): Promise<void> {
    await this.#file.close();
    if (this.#directory !== undefined) await rm(this.#directory, { recursive: true, force: true });
  }

  async #readBlock(wanted: number): Promise<Buffer> {
    const block = Buffer.allocUnsafeSlow(wanted);
    let got = 0;
    while (got < wanted) {
      const { bytesRead } = await this.#file.read(block, got, wanted - got, this.#read + got);
      if (bytesRead === 0) throw new Error('The spool file ended before its time.');
      got += bytesRead;
    }
    return block;
  }
}

function headerOf({ session, time, bytes }: Arrival): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(session, 0);
  header.writeDoubleLE(time, 4);
  header.writeUInt32LE(bytes.length, 12);
  return header;
}
