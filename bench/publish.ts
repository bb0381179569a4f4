import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, writeSync } from 'node:fs';
import { encodeCommand } from '../src/bytes/resp-encode.ts';
import type { PrivateRedis } from '../src/demo/private-redis.ts';

const GATHER_BYTES = 4 * 1024 * 1024;

/** A file that is written in large pieces. */
export class FileSink {
  readonly #file: number;
  #parts: Uint8Array[] = [];
  #bytes = 0;

  constructor(name: string) {
    this.#file = openSync(name, 'w');
  }

  write(...parts: readonly Uint8Array[]): void {
    for (const part of parts) {
      this.#parts.push(part);
      this.#bytes += part.length;
    }
    if (this.#bytes >= GATHER_BYTES) this.#flush();
  }

  close(): void {
    this.#flush();
    closeSync(this.#file);
  }

  #flush(): void {
    const block = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#bytes = 0;
    for (let at = 0; at < block.length;) at += writeSync(this.#file, block, at);
  }
}

/** Writes `count` commands as `redis-cli --pipe` takes them. */
export function writeCommands(
  file: string,
  count: number,
  createWords: (index: number) => readonly (string | Uint8Array)[],
): void {
  const sink = new FileSink(file);
  for (let index = 0; index < count; index++) sink.write(encodeCommand(createWords(index)));
  sink.close();
}

/** Sends the commands of `file`, `times` times over, as fast as Redis takes them; answers with the seconds that it took. */
export async function publish(redis: PrivateRedis, file: string, times = 1): Promise<number> {
  const started = performance.now();
  const files = Array.from({ length: times }, () => file);
  const cat = spawn('cat', files, { stdio: ['ignore', 'pipe', 'inherit'] });
  const words = ['-p', String(redis.port), '--pipe'];
  const pipe = spawn('redis-cli', words, { stdio: [cat.stdout, 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [pipe.stdout, pipe.stderr])
    stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await once(pipe, 'close');
  const seconds = (performance.now() - started) / 1000;
  if (!said.includes('errors: 0,')) throw new Error(`redis-cli --pipe: ${said}`);
  return seconds;
}
