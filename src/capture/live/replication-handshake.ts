import type { Socket } from 'node:net';
import { encodeCommand } from '../../bytes/resp-encode.ts';
import type { RedisLink } from '../../redis/connect.ts';
import { RedisFailure } from '../../redis/failure.ts';
import { explainRefusal } from './steps.ts';
import type { Opening } from './way.ts';

/** Where we are in a primary's replication stream. */
export interface Offset {
  /** The stream's replication id; `?` before it is known. */
  id: string;
  /** The offset of the last byte that came; -1 before there was one. */
  received: number;
}

/** A primary may wait for more replicas (repl-diskless-sync-delay, 5 s by default), then forks. */
const HANDSHAKE_TIMEOUT_MS = 60_000;
/** With an empty filter the snapshot was 173 bytes (redis 7.0.15); much more is somebody's data, which we do not want. */
const MAX_SNAPSHOT_BYTES = 64 * 1024;
const MARK_BYTES = 40;

type Refuse = (failure: RedisFailure) => void;

/**
 * Becomes a reader of the replication stream: from here on, or from `offset` where the primary still has it. Each
 * command waits for the answer to the last one: a pipelined PSYNC is refused. Source: redis 7.0.15, src/replication.c.
 * @throws {RedisFailure}
 */
export function handshake(link: RedisLink, socket: Socket, offset: Offset): Promise<Opening> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      socket.off('data', hear).off('close', onClose);
      act();
    };
    const refuse: Refuse = (failure) => {
      settle(() => {
        reject(failure);
      });
    };
    const shaking = new Handshake(link, socket, offset, refuse, (opening) => {
      settle(() => {
        resolve(opening);
      });
    });
    const hear = (bytes: Buffer): void => {
      shaking.hear(bytes);
    };
    const onClose = (): void => {
      refuse(new RedisFailure('closed', `Redis at ${link.node} closed the connection in answer to PSYNC.`));
    };
    const timer = setTimeout(() => {
      refuse(
        new RedisFailure('timeout', `Redis at ${link.node} did not start its replication stream in time.`),
      );
    }, HANDSHAKE_TIMEOUT_MS);
    socket.on('data', hear).once('close', onClose);
    shaking.begin();
  });
}

class Handshake {
  readonly #link: RedisLink;
  readonly #socket: Socket;
  readonly #offset: Offset;
  readonly #refuse: Refuse;
  readonly #done: (opening: Opening) => void;
  #bytes = Buffer.alloc(0);
  #at = 0;
  #asked = '';
  #read: () => boolean = () => this.#readReply();
  #isOver = false;

  constructor(
    link: RedisLink,
    socket: Socket,
    offset: Offset,
    refuse: Refuse,
    done: (opening: Opening) => void,
  ) {
    this.#link = link;
    this.#socket = socket;
    this.#offset = offset;
    this.#refuse = refuse;
    this.#done = done;
  }

  begin(): void {
    this.#ask('REPLCONF', 'rdb-filter-only', '');
  }

  hear(bytes: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    while (!this.#isOver && this.#read());
  }

  #ask(...words: readonly string[]): void {
    this.#asked = words.join(' ').trim();
    this.#socket.write(encodeCommand(words));
  }

  /** The next line, once it is there; empty ones only say that the primary is alive. */
  #line(): string | undefined {
    while (this.#bytes[this.#at] === 0x0a) this.#at++;
    const end = this.#bytes.indexOf('\r\n', this.#at);
    if (end === -1) return undefined;
    const line = this.#bytes.toString('latin1', this.#at, end);
    this.#at = end + 2;
    return line;
  }

  #readReply(): boolean {
    const line = this.#line();
    if (line === undefined) return false;
    if (line.startsWith('-')) {
      this.#stop(explainRefusal(line.slice(1), this.#asked, this.#link));
    } else if (this.#asked.startsWith('REPLCONF rdb')) {
      this.#ask('REPLCONF', 'capa', 'eof', 'capa', 'psync2');
    } else if (this.#asked.startsWith('REPLCONF')) {
      const { id, received } = this.#offset;
      this.#ask('PSYNC', id, received === -1 ? '-1' : String(received + 1));
    } else {
      this.#readAnswer(line);
    }
    return true;
  }

  /** `+CONTINUE [id]`, or `+FULLRESYNC id offset` and a snapshot. */
  #readAnswer(line: string): void {
    const [word, id, received] = line.split(' ');
    if (word === '+CONTINUE') {
      if (id !== undefined) this.#offset.id = id;
      this.#finish({ continues: 'bytes' });
    } else if (word === '+FULLRESYNC' && id !== undefined && received !== undefined) {
      this.#offset.id = id;
      this.#offset.received = Number(received);
      this.#read = () => this.#readSnapshotHeader();
    } else {
      this.#fail(`Redis at ${this.#link.node} answers PSYNC with "${line.slice(0, 80)}".`);
    }
  }

  #readSnapshotHeader(): boolean {
    const line = this.#line();
    if (line === undefined) return false;
    const start = this.#at;
    if (line.startsWith('$EOF:') && line.length === '$EOF:'.length + MARK_BYTES) {
      const mark = line.slice('$EOF:'.length);
      this.#read = () => this.#skipTo(this.#bytes.indexOf(mark, start, 'latin1'), MARK_BYTES);
    } else {
      const length = Number(line.slice(1));
      if (!(length <= MAX_SNAPSHOT_BYTES))
        this.#fail(`Redis at ${this.#link.node} sends a snapshot of its data: its stream is not read.`);
      this.#read = () => this.#skipTo(this.#bytes.length >= start + length ? start + length : -1, 0);
    }
    return true;
  }

  #skipTo(end: number, more: number): boolean {
    if (end === -1) {
      if (this.#bytes.length > MAX_SNAPSHOT_BYTES)
        this.#fail(`Redis at ${this.#link.node} sends a snapshot of its data: its stream is not read.`);
      return false;
    }
    this.#at = end + more;
    this.#finish({});
    return true;
  }

  #finish(opening: Pick<Opening, 'continues'>): void {
    this.#isOver = true;
    const psync = { shown: 'PSYNC', words: [], optional: false };
    this.#done({ accepted: [psync], refused: [], skipBytes: this.#at, ...opening });
  }

  #fail(message: string): void {
    this.#stop(new RedisFailure('unsuitable', message));
  }

  #stop(failure: RedisFailure): void {
    this.#isOver = true;
    this.#refuse(failure);
  }
}
