import type { Socket } from 'node:net';
import { encodeCommand } from '../../bytes/resp-encode.ts';
import type { Offset } from './replication-handshake.ts';
import type { Talk } from './way.ts';

/** The primary gives a replica up that says nothing for repl-timeout, 60 s by default. */
const ACK_MS = 1000;
/**
 * Nothing is sent before an acknowledgement that came after the primary had noticed the end of its snapshot's process,
 * which takes it up to 100 ms and more (redis 7.0.15, src/replication.c, replicaStartCommandStream).
 */
const FIRST_ACKS_MS = 20;
/** Zero keeps the connection and is never counted by WAIT; the true offset would make WAIT lie. */
const ACK = encodeCommand(['REPLCONF', 'ACK', '0']);
const GETACK = encodeCommand(['REPLCONF', 'GETACK', '*']);

interface Asking {
  /** How far the primary's stream goes. */
  readEnd(): Promise<number>;
  /** The primary wants an acknowledgement. */
  onAsked(): void;
}

/**
 * Keeps a place in the replication stream, and leaves when the primary asks for an acknowledgement: a shutdown would
 * wait for it (redis 7.0.15, src/server.c, prepareForShutdown). The stream is taken up again by PSYNC.
 */
export class ReplicationTalk implements Talk {
  readonly #socket: Socket;
  readonly #offset: Offset;
  readonly #asking: Asking;
  #timer: NodeJS.Timeout;
  #isFlowing = false;
  #tail = Buffer.alloc(0);
  #goal = Number.POSITIVE_INFINITY;
  #reached: () => void = () => undefined;

  constructor(socket: Socket, offset: Offset, asking: Asking) {
    this.#socket = socket;
    this.#offset = offset;
    this.#asking = asking;
    socket.write(ACK);
    this.#timer = this.#acknowledgeEvery(FIRST_ACKS_MS);
  }

  readonly hear = (bytes: Buffer): void => {
    if (!this.#isFlowing) {
      this.#isFlowing = true;
      clearInterval(this.#timer);
      this.#timer = this.#acknowledgeEvery(ACK_MS);
    }
    this.#offset.received += bytes.length;
    if (this.#offset.received >= this.#goal) this.#reached();
    // A message that holds these words makes us leave too; nothing is lost by it.
    const across = Buffer.concat([this.#tail, bytes.subarray(0, GETACK.length)]);
    if (across.includes(GETACK) || bytes.includes(GETACK)) {
      this.#asking.onAsked();
      this.#socket.destroy(
        new Error('Redis asked its replicas for an acknowledgement, as it does before it shuts down'),
      );
    }
    const end = bytes.length >= GETACK.length ? bytes : Buffer.concat([this.#tail, bytes]);
    this.#tail = Buffer.from(end.subarray(1 - GETACK.length));
  };

  readonly finish = async (): Promise<void> => {
    const goal = await this.#asking.readEnd();
    await new Promise<void>((resolve) => {
      this.#goal = goal;
      this.#reached = resolve;
      if (this.#offset.received >= goal) resolve();
    });
  };

  readonly end = (): void => {
    clearInterval(this.#timer);
    this.#reached();
  };

  #acknowledgeEvery(ms: number): NodeJS.Timeout {
    return setInterval(() => this.#socket.write(ACK), ms);
  }
}
