import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { RespReader } from '../../src/bytes/resp.ts';
import { startMiniRedis } from '../../src/demo/mini-redis/index.ts';
import { startPrivateRedis } from '../../src/demo/private-redis.ts';
import { waitFor } from './wait.ts';

/** A server under comparison: mini-redis or the real one. */
export interface Contestant {
  readonly name: 'mini-redis' | 'redis-server';
  readonly port: number;
  readonly url: string;
}

/**
 * Plays the same scenario on mini-redis and on the real `redis-server`, one after the other, each fresh and alone.
 * Fails where there is no redis-server: a comparison with nothing proves nothing.
 */
export async function playOnBoth<T>(
  scenario: (server: Contestant) => Promise<T>,
): Promise<{ mini: T; real: T }> {
  const mini = await startMiniRedis();
  let played: T;
  try {
    played = await scenario({ name: 'mini-redis', port: mini.port, url: mini.url });
  } finally {
    await mini.close();
  }
  const real = await startPrivateRedis({ binary: 'redis-server' });
  try {
    return { mini: played, real: await scenario({ name: 'redis-server', port: real.port, url: real.url }) };
  } finally {
    await real.stop();
  }
}

/** A bare connection that keeps all that came, and counts the values in it. */
export class Wire {
  readonly #socket: Socket;
  readonly #reader = new RespReader();
  readonly #chunks: Buffer[] = [];
  values = 0;
  isClosed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => {
      this.#chunks.push(chunk);
      this.#reader.push(chunk);
      while (this.#reader.next() !== undefined) this.values++;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.isClosed = true;
    });
  }

  static async open(port: number): Promise<Wire> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new Wire(socket);
  }

  /** All bytes so far as latin1. */
  get text(): string {
    return Buffer.concat(this.#chunks).toString('latin1');
  }

  write(bytes: string | Buffer): void {
    this.#socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  /** Sends and waits for as many values; answers what came since. */
  async ask(bytes: string | Buffer, replies = 1): Promise<string> {
    const before = this.text.length;
    const wanted = this.values + replies;
    this.write(bytes);
    await waitFor(`${replies} replies to ${String(bytes)}`, () => this.values >= wanted || undefined);
    return this.text.slice(before);
  }

  async untilClosed(): Promise<void> {
    await waitFor('the server to hang up', () => this.isClosed || undefined);
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** Replaces what two servers cannot agree on: times, addresses, ids of clients and of stream entries. */
export function normalise(text: string): string {
  return text
    .replace(/\b\d{10}\.\d{6}\b/g, 'TIME')
    .replace(/127\.0\.0\.1:\d+/g, 'ADDRESS')
    .replace(/\$2\r\nid\r\n:\d+/g, 'ID')
    .replace(/\$\d+\r\n\d{13}-\d+/g, 'ENTRY');
}
