import { formatAddress } from '../../bytes/ip.ts';
import type { TcpSegment } from '../../bytes/tcp-segment.ts';
import { type StreamGap, TcpStream } from '../../bytes/tcp-stream.ts';
import type { Census } from './census.ts';
import { Dialogue } from './dialogue.ts';
import type { Ledger } from './ledger.ts';
import { type Side, Suspect, type Verdict } from './suspect.ts';

export interface End {
  readonly address: Buffer;
  readonly port: number;
}

/** What all connections of a capture share. */
export interface Surroundings {
  readonly ledger: Ledger;
  readonly census: Census;
  /** Ports on which Redis listens; empty where that is to be found out. */
  readonly ports: ReadonlySet<number>;
}

/** Redis' own port: who listens there is the server. */
const REDIS_PORT = 6379;

/** One TCP connection: both directions in order, and what they say once it is known to lead to Redis. */
export class Connection {
  readonly #ends: readonly [End, End];
  readonly #around: Surroundings;
  readonly #streams: readonly [TcpStream, TcpStream];
  #suspect: Suspect | undefined;
  #dialogue: Dialogue | undefined;
  #server: Side | undefined;
  #isReset = false;

  constructor(ends: readonly [End, End], around: Surroundings) {
    this.#ends = ends;
    this.#around = around;
    this.#streams = [this.#createStream(0), this.#createStream(1)];
    const named = ends.map(
      ({ port }) => around.ports.has(port) || (around.ports.size === 0 && port === REDIS_PORT),
    );
    // Where both ends have such a port the handshake decides.
    const server = named[0] === named[1] ? undefined : named[0] === true ? 0 : 1;
    this.#suspect = new Suspect(server, server !== undefined);
    around.census.connections++;
  }

  /** Whether nothing more is to be expected of it. */
  get isOver(): boolean {
    const isIdle = this.#suspect === undefined && this.#dialogue === undefined;
    if (isIdle) return true;
    const [a, b] = this.#streams;
    return (a.isOver && b.isOver) || (this.#isReset && !this.isWaiting);
  }

  get isWaiting(): boolean {
    return this.#streams[0].isWaiting || this.#streams[1].isWaiting;
  }

  get heldBytes(): number {
    const [a, b] = this.#streams;
    const early = this.#suspect?.heldBytes ?? 0;
    return a.pendingBytes + b.pendingBytes + 2 * early + (this.#dialogue?.heldBytes ?? 0);
  }

  /** Whether a SYN opens another connection between the same ends. */
  isOther(side: Side, segment: TcpSegment): boolean {
    return segment.isSyn && this.#streams[side].isOther(segment.seq);
  }

  add(side: Side, segment: TcpSegment, time: number | undefined): void {
    const { now } = this.#around.ledger;
    if (segment.isSyn && this.#suspect !== undefined) {
      const isFromServer = segment.ack !== undefined;
      this.#suspect.server ??= isFromServer ? side : other(side);
    }
    if (segment.isReset) {
      this.#isReset = true;
      return;
    }
    const { seq, isSyn, isFin, payload, cutBytes } = segment;
    if (cutBytes > 0) this.#around.census.cutPackets++;
    this.#streams[side].add({ seq, isSyn, isFin, payload, cutBytes, time }, now);
    if (segment.ack !== undefined) this.#streams[other(side)].acknowledge(segment.ack, now);
  }

  /** Lets the clock decide about holes. */
  settle(now: number): void {
    for (const stream of this.#streams) stream.settle(now);
  }

  /** Memory is short: what is incomplete is given up, and said to be lost. */
  giveUp(): void {
    this.settle(Number.POSITIVE_INFINITY);
    if (this.#suspect !== undefined) this.#decide({ is: 'stranger' });
    this.#dialogue?.gap('client', 'dropped');
    this.#dialogue?.gap('server', 'dropped');
  }

  close(): void {
    for (const stream of this.#streams) stream.close();
    if (this.#suspect !== undefined && this.#suspect.early.length > 0) this.#decide({ is: 'stranger' });
    this.#dialogue?.end();
    this.#around.census.skippedBytes += this.#dialogue?.skippedBytes ?? 0;
    this.#suspect = undefined;
    this.#dialogue = undefined;
  }

  #createStream(side: Side): TcpStream {
    return new TcpStream({
      data: (bytes, time) => {
        this.#data(side, bytes, time);
      },
      gap: (gap) => {
        this.#gap(side, gap);
      },
    });
  }

  #data(side: Side, bytes: Buffer, time: number | undefined): void {
    if (this.#dialogue !== undefined) this.#dialogue.data(this.#role(side), bytes, time);
    else if (this.#suspect !== undefined) {
      const verdict = this.#suspect.data(side, bytes, time, this.#streams[side].hasStart);
      if (verdict !== undefined) this.#decide(verdict);
    }
  }

  #gap(side: Side, { reason, bytes }: StreamGap): void {
    if (this.#dialogue !== undefined) {
      this.#around.census.missingBytes += bytes;
      this.#dialogue.gap(this.#role(side), reason);
    } else if (this.#suspect !== undefined) {
      const verdict = this.#suspect.gap(side, reason);
      if (verdict !== undefined) this.#decide(verdict);
    }
  }

  #decide(verdict: Verdict): void {
    const early = this.#suspect?.early ?? [];
    this.#suspect = undefined;
    const { census, ledger } = this.#around;
    const serverPort = this.#ends[this.#server ?? (this.#ends[0].port < this.#ends[1].port ? 0 : 1)].port;
    if (verdict.is === 'tls') census.addTls(serverPort);
    if (verdict.is === 'stranger') census.addStranger(serverPort);
    if (verdict.is !== 'redis') return;
    census.redisConnections++;
    this.#server = verdict.server;
    const client = this.#ends[other(verdict.server)];
    const [a, b] = this.#streams;
    const dialogue = new Dialogue({
      ledger,
      client: formatAddress(client.address, client.port),
      isWhole: a.hasStart && b.hasStart,
      onReplication: () => census.replicationLinks++,
    });
    for (const side of [0, 1] as const) if (this.#streams[side].hasStart) dialogue.start(this.#role(side));
    this.#dialogue = dialogue;
    for (const event of early) {
      if (event.is === 'data') dialogue.data(this.#role(event.side), event.bytes, event.time);
      else dialogue.gap(this.#role(event.side), event.reason);
    }
  }

  #role(side: Side): 'client' | 'server' {
    return side === this.#server ? 'server' : 'client';
  }
}

function other(side: Side): Side {
  return side === 0 ? 1 : 0;
}
