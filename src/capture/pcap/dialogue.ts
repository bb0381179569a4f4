import type { RespValue } from '../../bytes/resp-value.ts';
import type { Gap, Unframed } from '../../model/frame.ts';
import { frameFromCommand } from '../command.ts';
import { Conversation } from './conversation.ts';
import type { Ledger } from './ledger.ts';
import { RespHalf } from './resp-half.ts';
import { readAnnouncement, readCommand, speakerOf } from './speech.ts';

/** One connection to Redis. */
export interface DialogueOptions {
  readonly ledger: Ledger;
  /** `host:port`. */
  readonly client: string;
  /** Whether both directions were captured from their first byte. */
  readonly isWhole: boolean;
  readonly onReplication: () => void;
}

type Role = 'client' | 'server';

/** What an `unframed` record shows of bytes that are not RESP. */
const MAX_RAW_BYTES = 4096;
/** Patterns of one connection that are told apart when their deliveries are counted. */
const MAX_PATTERNS = 10_000;
let subscriptions = 0;

/** Reads what client and server of one Redis connection say, and hands it to the ledger. */
export class Dialogue {
  readonly #ledger: Ledger;
  readonly #client: string;
  readonly #conversation: Conversation;
  readonly #onReplication: () => void;
  readonly #halves: Readonly<Record<Role, RespHalf>>;
  readonly #subscriptions = new Map<string, number>();
  /** What a primary sends to its replica begins with an RDB file, which is no RESP. */
  #isReplication = false;

  constructor({ ledger, client, isWhole, onReplication }: DialogueOptions) {
    this.#ledger = ledger;
    this.#client = client;
    this.#onReplication = onReplication;
    this.#conversation = new Conversation(ledger, client, isWhole);
    this.#halves = { client: this.#createHalf('client'), server: this.#createHalf('server') };
  }

  get heldBytes(): number {
    return this.#halves.client.heldBytes + this.#halves.server.heldBytes;
  }

  get skippedBytes(): number {
    return this.#halves.client.skippedBytes + this.#halves.server.skippedBytes;
  }

  /** The next bytes of this side are its first. */
  start(role: Role): void {
    this.#halves[role].start();
  }

  data(role: Role, bytes: Buffer, time: number | undefined): void {
    if (role === 'client' || !this.#isReplication) this.#halves[role].data(bytes, time);
  }

  gap(role: Role, reason: Gap['reason']): void {
    if (role === 'server' && this.#isReplication) return;
    this.#conversation.distrust();
    this.#halves[role].gap({ reason });
  }

  end(): void {
    this.#halves.client.end();
    this.#halves.server.end();
    this.#conversation.end();
  }

  #createHalf(role: Role): RespHalf {
    return new RespHalf(role === 'client', (value) => speakerOf(value) === role, {
      value: (value, time) => {
        if (role === 'client') this.#hearClient(value, time);
        else this.#hearServer(value, time);
      },
      gap: (gap) => {
        this.#ledger.gap({ via: 'pcap', ...gap });
      },
      broken: (bytes, message, time) => {
        this.#conversation.distrust();
        this.#ledger.unframed(this.#unframed(role, bytes, message, time));
      },
    });
  }

  #hearClient(value: RespValue, time: number | undefined): void {
    const args = readCommand(value);
    if (args === undefined) return;
    this.#conversation.command(args, time);
    if (this.#isReplication || !/^P?SYNC$/i.test(args[0]?.toString('latin1', 0, 8) ?? '')) return;
    this.#isReplication = true;
    this.#halves.server.end();
    this.#onReplication();
  }

  #hearServer(value: RespValue, time: number | undefined): void {
    const isPush = value.type === 'push';
    const announcement =
      isPush || (value.type === 'array' && this.#conversation.mayDeliverArrays)
        ? readAnnouncement(value)
        : undefined;
    if (announcement?.is === 'confirmation') this.#conversation.confirm();
    else if (announcement !== undefined) this.#deliver(announcement.args, time);
    else if (!isPush) this.#conversation.reply(value);
  }

  #deliver(args: readonly Buffer[], time: number | undefined): void {
    const stamp = time === undefined ? {} : { time };
    const captured = frameFromCommand({ via: 'pcap', ...stamp, client: this.#client }, args);
    this.#ledger.delivery(captured, this.#subscription(args));
  }

  /** A number for the connection together with the pattern: Redis delivers once for each that fits. */
  #subscription(args: readonly Buffer[]): number {
    const [kind, pattern] = args;
    const key =
      args.length === 4 ? `p${pattern?.toString('latin1') ?? ''}` : (kind?.toString('latin1', 0, 1) ?? '');
    const known = this.#subscriptions.get(key);
    if (known !== undefined) return known;
    if (this.#subscriptions.size >= MAX_PATTERNS) this.#subscriptions.clear();
    subscriptions += 1;
    this.#subscriptions.set(key, subscriptions);
    return subscriptions;
  }

  #unframed(role: Role, bytes: Buffer, message: string, time: number | undefined): Unframed {
    const whose = role === 'client' ? `from ${this.#client} to Redis` : `from Redis to ${this.#client}`;
    return {
      via: 'pcap',
      ...(time === undefined ? {} : { time }),
      raw: Buffer.from(bytes.subarray(0, MAX_RAW_BYTES)),
      code: 'unframed',
      message: `a connection ${whose} is not RESP from here on: ${message}`,
      offset: 0,
    };
  }
}
