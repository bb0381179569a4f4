import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { endWithUs } from './reaper.ts';

/** A Redis process of our own: on loopback, without persistence, in a directory that `stop` removes. */
export interface PrivateRedis {
  readonly binary: string;
  readonly port: number;
  readonly url: string;
  readonly pid: number;
  readonly directory: string;
  stop(): Promise<void>;
}

export interface PrivateRedisOptions {
  /** Path or name of the server program; by default the first of `redis-server`, `valkey-server` on PATH. */
  readonly binary?: string;
  /** More words for the server's command line, e.g. `['--cluster-enabled', 'yes']`. */
  readonly args?: readonly string[];
  /** Default: a port that was free a moment ago. */
  readonly port?: number;
}

const CANDIDATES = ['redis-server', 'valkey-server'];
const ATTEMPTS = 5;

/** The first Redis server program on PATH, or undefined. */
export function findRedisBinary(path = process.env.PATH ?? ''): string | undefined {
  const suffixes = process.platform === 'win32' ? ['.exe'] : [''];
  for (const name of CANDIDATES) {
    for (const directory of path.split(delimiter).filter(Boolean)) {
      for (const suffix of suffixes) {
        const file = join(directory, name + suffix);
        if (isExecutable(file)) return file;
      }
    }
  }
  return undefined;
}

/**
 * Starts a Redis server and resolves when it accepts connections.
 * Rejects with the server's own last words when it does not come up.
 */
export async function startPrivateRedis(options: PrivateRedisOptions = {}): Promise<PrivateRedis> {
  const binary = options.binary ?? findRedisBinary();
  if (binary === undefined) throw new Error('No redis-server or valkey-server on PATH.');
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOn(options.port ?? (await findFreePort()), binary, options.args ?? []);
    } catch (error) {
      // Somebody else may have taken the free port between our asking and the server's binding.
      if (options.port !== undefined || attempt === ATTEMPTS || !/in use/i.test(String(error))) throw error;
    }
  }
}

/** A TCP port on loopback that nobody listened on at the moment of asking. */
export async function findFreePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('No TCP address.');
  return address.port;
}

async function startOn(port: number, binary: string, args: readonly string[]): Promise<PrivateRedis> {
  const directory = await mkdtemp(join(tmpdir(), 'sio-inspect-redis-'));
  const words = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const child = spawn(binary, [...words, '--dir', directory, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  endWithUs(child, directory);
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await waitUntilReady(child);
  } catch (error) {
    await stop();
    throw error;
  }
  return { binary, port, url: `redis://127.0.0.1:${port}`, pid: child.pid ?? -1, directory, stop };
}

function waitUntilReady(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    const said: string[] = [];
    child.once('error', reject);
    child.once('exit', (code) => {
      reject(new Error(`The Redis server ended with code ${String(code)}: ${said.slice(-3).join(' / ')}`));
    });
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        if (said.length < 100) said.push(line);
        if (line.includes('Ready to accept connections')) resolve();
      });
    }
  });
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
