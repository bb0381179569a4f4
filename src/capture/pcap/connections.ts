import type { IpPacket } from '../../bytes/ip.ts';
import { readTcpSegment, type TcpSegment } from '../../bytes/tcp-segment.ts';
import { Connection, type End, type Surroundings } from './connection.ts';
import type { Side } from './suspect.ts';

/** Connections that are known at a time; the one that was silent longest is closed for a new one. */
const MAX_CONNECTIONS = 50_000;
/** What all connections together may keep in memory: values that are not whole, and what waits for holes. */
const MAX_HELD_BYTES = 256 * 1024 * 1024;
/** How often, on the clock of the capture, holes of silent connections are looked at. */
const SWEEP_US = 500_000;

/** A connection of which nothing more is wanted: later copies of its packets must not open it again. */
const OVER = 'over';

/** Sorts the packets of a capture into connections. */
export class Connections {
  readonly #around: Surroundings;
  readonly #known = new Map<string, Connection | typeof OVER>();
  readonly #waiting = new Set<Connection>();
  #heldBytes = 0;
  #sweptAt = 0;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  add(packet: IpPacket, time: number | undefined): void {
    const segment = readTcpSegment(packet.payload, packet.cutBytes);
    if (segment === undefined || !this.#isWanted(segment)) return;
    const source = endKey(packet.source, segment.sourcePort);
    const destination = endKey(packet.destination, segment.destinationPort);
    const side: Side = source < destination ? 0 : 1;
    const key = side === 0 ? source + destination : destination + source;
    let known = this.#known.get(key);
    const isOpening = segment.isSyn && segment.ack === undefined;
    if (known === OVER && !isOpening) return;
    if (known instanceof Connection && known.isOther(side, segment)) {
      this.#close(known);
      known = undefined;
    }
    const connection = known instanceof Connection ? known : this.#open(packet, segment, side);
    this.#feed(key, connection, side, segment, time);
  }

  /** Looks at holes when the clock has gone on. */
  sweep(): void {
    const { now } = this.#around.ledger;
    if (Math.abs(now - this.#sweptAt) < SWEEP_US) return;
    this.#sweptAt = now;
    for (const connection of this.#waiting) {
      connection.settle(now);
      if (!connection.isWaiting) this.#waiting.delete(connection);
    }
  }

  close(): void {
    for (const connection of this.#known.values()) if (connection !== OVER) connection.close();
    this.#known.clear();
    this.#waiting.clear();
  }

  #isWanted({ sourcePort, destinationPort }: TcpSegment): boolean {
    const { ports } = this.#around;
    return ports.size === 0 || ports.has(sourcePort) || ports.has(destinationPort);
  }

  #open(packet: IpPacket, segment: TcpSegment, side: Side): Connection {
    const from: End = { address: Buffer.from(packet.source), port: segment.sourcePort };
    const to: End = { address: Buffer.from(packet.destination), port: segment.destinationPort };
    return new Connection(side === 0 ? [from, to] : [to, from], this.#around);
  }

  #feed(
    key: string,
    connection: Connection,
    side: Side,
    segment: TcpSegment,
    time: number | undefined,
  ): void {
    const before = connection.heldBytes;
    connection.add(side, segment, time);
    this.#heldBytes += connection.heldBytes - before;
    if (this.#heldBytes > MAX_HELD_BYTES && connection.heldBytes > 0) {
      this.#heldBytes -= connection.heldBytes;
      connection.giveUp();
      this.#heldBytes += connection.heldBytes;
    }
    if (connection.isWaiting) this.#waiting.add(connection);
    // The map is in the order of the last packet: the first is the one that was silent longest.
    this.#known.delete(key);
    if (connection.isOver) this.#close(connection);
    this.#known.set(key, connection.isOver ? OVER : connection);
    if (this.#known.size > MAX_CONNECTIONS) this.#closeOldest();
  }

  #closeOldest(): void {
    const [oldest] = this.#known;
    if (oldest === undefined) return;
    this.#known.delete(oldest[0]);
    if (oldest[1] !== OVER) this.#close(oldest[1]);
  }

  #close(connection: Connection): void {
    this.#heldBytes -= connection.heldBytes;
    connection.close();
    this.#waiting.delete(connection);
  }
}

function endKey(address: Buffer, port: number): string {
  return address.toString('latin1') + String.fromCharCode(port);
}
