import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { devNull } from 'node:os';
import { fileURLToPath } from 'node:url';

/** The built program, as it is installed. */
export const SIO_INSPECT = fileURLToPath(new URL('../bin/sio-inspect.js', import.meta.url));
const PROGRAMS = fileURLToPath(new URL('programs/', import.meta.url));
/** No single run may take longer: it is ended, and the bench fails. */
const RUN_MS = 170_000;
const MEMORY_POLL_MS = 40;

/** A program and its words. */
export type Words = readonly [string, ...string[]];

export interface RunOptions {
  /** Where its standard output goes; default: nowhere. */
  readonly stdout?: string;
}

/** How a run ended. */
export interface Ran {
  readonly seconds: number;
  readonly stderr: string;
  /** The most memory that it ever held (Linux: VmHWM); 0 where the system does not tell. */
  readonly peakMb: number;
}

/** One of the small programs in bench/programs. */
export function programWords(name: string, ...words: readonly string[]): Words {
  return [process.execPath, `${PROGRAMS}${name}`, ...words];
}

export function inspectWords(...words: readonly string[]): Words {
  return [process.execPath, SIO_INSPECT, ...words];
}

/** A process that was started here, and is ended here. */
export class Running {
  readonly child: ChildProcess;
  readonly #started = performance.now();
  readonly #words: Words;
  readonly #closed: Promise<unknown>;
  readonly #poll: NodeJS.Timeout;
  readonly #limit: NodeJS.Timeout;
  #stderr = '';
  #peakMb = 0;

  constructor(words: Words, options: RunOptions = {}) {
    const [program, ...rest] = words;
    const out = openSync(options.stdout ?? devNull, 'w');
    const env = { ...process.env, NO_COLOR: '1' };
    this.#words = words;
    this.child = spawn(program, rest, { stdio: ['ignore', out, 'pipe'], env });
    closeSync(out);
    this.#closed = once(this.child, 'close');
    this.child.stderr?.on('data', (chunk: Buffer) => {
      if (this.#stderr.length < 100_000) this.#stderr += chunk.toString();
    });
    this.#poll = setInterval(() => {
      this.#readMemory();
    }, MEMORY_POLL_MS);
    this.#limit = setTimeout(() => this.child.kill('SIGKILL'), RUN_MS);
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Asks it to end as Ctrl-C does, and waits until it has. */
  async interrupt(): Promise<Ran> {
    this.child.kill('SIGINT');
    return this.finished();
  }

  /** Rejects when it was ended for taking too long. */
  async finished(): Promise<Ran> {
    await this.#closed;
    clearInterval(this.#poll);
    clearTimeout(this.#limit);
    const seconds = (performance.now() - this.#started) / 1000;
    if (this.child.signalCode === 'SIGKILL') throw new Error(`It took too long: ${this.#words.join(' ')}`);
    return { seconds, stderr: this.#stderr, peakMb: this.#peakMb };
  }

  #readMemory(): void {
    try {
      const status = readFileSync(`/proc/${String(this.child.pid)}/status`, 'utf8');
      const kilobytes = /^VmHWM:\s*(\d+)/m.exec(status)?.[1];
      if (kilobytes !== undefined) this.#peakMb = Number(kilobytes) / 1024;
    } catch {
      // It has just ended, or this is no Linux.
    }
  }
}

/** Runs a program to its end; rejects when it does not end well. */
export async function run(words: Words, options: RunOptions = {}): Promise<Ran> {
  const running = new Running(words, options);
  const ran = await running.finished();
  if (running.child.exitCode !== 0) throw new Error(`${words.join(' ')} failed: ${ran.stderr}`);
  return ran;
}

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low, high] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  if (low === undefined || high === undefined) throw new RangeError('There is no median of nothing.');
  return (low + high) / 2;
}
