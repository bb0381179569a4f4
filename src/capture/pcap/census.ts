/** Counts what could not be read, and says it at the end, once for all connections. */
export class Census {
  connections = 0;
  redisConnections = 0;
  skippedBytes = 0;
  missingBytes = 0;
  cutPackets = 0;
  unknownLinkTypes = new Set<number>();
  replicationLinks = 0;
  readonly #tlsPorts = new Map<number, number>();
  readonly #ports = new Map<number, number>();

  addTls(port: number): void {
    count(this.#tlsPorts, port);
  }

  /** A connection that is not known to be Redis'. */
  addStranger(port: number): void {
    count(this.#ports, port);
  }

  /** Sentences for a person. */
  notes(): string[] {
    const notes: string[] = [];
    if (this.unknownLinkTypes.size > 0) {
      notes.push(
        `left out packets of link types that are not known: ${[...this.unknownLinkTypes].join(', ')}`,
      );
    }
    if (this.cutPackets > 0) {
      notes.push(
        `captured with a short snaplen: ${this.cutPackets} packets were cut, and what they carried is lost. Capture again with tcpdump -s 0.`,
      );
    }
    if (this.missingBytes > 0) notes.push(`${this.missingBytes} bytes were not captured: see the gaps`);
    if (this.skippedBytes > 0) {
      notes.push(
        `skipped ${this.skippedBytes} bytes of connections that were open before the capture, or behind gaps, up to the next command`,
      );
    }
    if (this.#tlsPorts.size > 0) {
      notes.push(
        `TLS (first bytes 16 03) cannot be read: ${total(this.#tlsPorts)} connections (${describe(this.#tlsPorts)})`,
      );
    }
    if (this.replicationLinks > 0) {
      notes.push(
        `${this.replicationLinks} replication links were seen; the commands in them repeat those of clients`,
      );
    }
    if (this.redisConnections === 0 && this.connections > 0) {
      const seen = this.#ports.size === 0 ? '' : ` (${describe(this.#ports)})`;
      notes.push(
        `none of ${this.connections} TCP connections speaks Redis' protocol${seen}. Name the port of your Redis with --port.`,
      );
    }
    return notes;
  }
}

/** Ports named at most; the rest is counted together. */
const MAX_PORTS = 1000;
const PORTS_SHOWN = 5;

function count(ports: Map<number, number>, port: number): void {
  if (ports.has(port) || ports.size < MAX_PORTS) ports.set(port, (ports.get(port) ?? 0) + 1);
}

function total(ports: ReadonlyMap<number, number>): number {
  return [...ports.values()].reduce((sum, connections) => sum + connections, 0);
}

function describe(ports: ReadonlyMap<number, number>): string {
  const busiest = [...ports].sort((a, b) => b[1] - a[1]);
  const shown = busiest.slice(0, PORTS_SHOWN).map(([port, connections]) => `port ${port}: ${connections}`);
  return [...shown, ...(busiest.length > PORTS_SHOWN ? ['…'] : [])].join(', ');
}
