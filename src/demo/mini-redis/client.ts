import type { Socket } from 'node:net';
import { encodeReply, type Reply } from '../../bytes/resp-encode.ts';
import type { Command } from './command.ts';
import type { Subscription } from './hub.ts';

/** Redis' hard limit for pub/sub clients (client-output-buffer-limit); beyond it a reader is too slow to keep. */
const MAX_UNREAD_BYTES = 32 * 1024 * 1024;

export interface QueuedCommand {
  readonly command: Command;
  readonly args: readonly Buffer[];
}

/** MULTI has been said. `broken`: a command could not even be queued, so EXEC will refuse. */
export interface Transaction {
  readonly queue: QueuedCommand[];
  broken: boolean;
}

/** One connection and all that Redis remembers of it. */
export class Client {
  readonly id: number;
  readonly address: string;
  readonly localAddress: string;
  readonly connectedAt = Date.now();
  readonly subscriptions: Record<Subscription, Set<string>> = {
    channel: new Set(),
    pattern: new Set(),
    shard: new Set(),
  };
  readonly watched = new Set<string>();
  watchedKeyChanged = false;
  protocol: 2 | 3 = 2;
  db = 0;
  name = '';
  isMonitor = false;
  isInExec = false;
  transaction: Transaction | undefined;
  lastCommand = 'NULL';
  lastActiveAt = this.connectedAt;
  /** CLIENT REPLY: `skip` is for the command that follows. */
  replyMode: 'on' | 'off' | 'skip-next' | 'skip' = 'on';
  /** Waits for a stream: commands that come meanwhile stay unread. */
  isBlocked = false;
  isClosing = false;
  readonly #socket: Socket;
  #isCorked = false;

  constructor(id: number, socket: Socket) {
    this.id = id;
    this.#socket = socket;
    this.address = `${socket.remoteAddress ?? '?'}:${socket.remotePort ?? 0}`;
    this.localAddress = `${socket.localAddress ?? '?'}:${socket.localPort ?? 0}`;
  }

  /** SUBSCRIBE, UNSUBSCRIBE and their kin answer with these two counts. */
  get channelCount(): number {
    return this.subscriptions.channel.size + this.subscriptions.pattern.size;
  }

  get isSubscribed(): boolean {
    return this.channelCount + this.subscriptions.shard.size > 0;
  }

  /** The answer to a command. */
  reply(reply: Reply): void {
    if (this.replyMode === 'on' || this.replyMode === 'skip-next')
      this.#write(encodeReply(reply, this.protocol));
  }

  /** The beginning of EXEC's answer: `count` replies follow. */
  replyHeader(count: number): void {
    if (this.replyMode === 'on' || this.replyMode === 'skip-next') this.#write(Buffer.from(`*${count}\r\n`));
  }

  /** Bytes that no command of this client asked for: messages, MONITOR lines. */
  deliver(bytes: Buffer): void {
    this.#write(bytes);
    if (this.#socket.writableLength > MAX_UNREAD_BYTES) this.#socket.destroy();
  }

  /** Writes what is left to write, then closes; what comes in is not read any more. */
  close(): void {
    this.isClosing = true;
    this.#socket.end(() => this.#socket.destroy());
  }

  #write(bytes: Buffer): void {
    if (this.isClosing || this.#socket.destroyed) return;
    if (!this.#isCorked) {
      // One packet for all that one turn of the event loop says.
      this.#isCorked = true;
      this.#socket.cork();
      process.nextTick(() => {
        this.#isCorked = false;
        this.#socket.uncork();
      });
    }
    this.#socket.write(bytes);
  }
}
