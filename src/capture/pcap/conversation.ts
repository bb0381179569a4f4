import { asBuffer } from '../../bytes/decode-error.ts';
import type { RespValue } from '../../bytes/resp-value.ts';
import type { Captured, Frame } from '../../model/frame.ts';
import { frameFromCommand } from '../command.ts';
import type { Held } from './hold-queue.ts';
import type { Ledger } from './ledger.ts';

/** A command whose reply has not come. */
type Outstanding =
  | { readonly is: 'command'; readonly held: Held | undefined }
  /** Answered by a confirmation for each channel. */
  | { readonly is: 'subscription'; confirmed: boolean }
  | { readonly is: 'hello' }
  | { readonly is: 'exec'; readonly batch: readonly (Held | undefined)[] };

const SUBSCRIPTION = /^[PS]?(?:UN)?SUBSCRIBE$/;
/** After these the server sends what is no reply. */
const ONE_WAY = /^(?:MONITOR|SYNC|PSYNC)$/;
/** Clients do not pipeline more; a side that was never captured must not cost memory. */
const MAX_OUTSTANDING = 100_000;
const MAX_BATCH = 100_000;

/**
 * What client and server say to each other on one connection: commands, the replies that say whether they were
 * carried out, transactions. Replies are paired by order as long as both sides were captured whole from the start.
 */
export class Conversation {
  readonly #ledger: Ledger;
  readonly #client: string;
  #waiting: Outstanding[] = [];
  #answered = 0;
  #transaction: Captured[] | undefined;
  #isPaired: boolean;
  #hasSubscribed = false;
  #isResp3 = false;
  /** The database that commands go to; unknown where a SELECT may have been missed. */
  #db: number | undefined;

  constructor(ledger: Ledger, client: string, isWhole: boolean) {
    this.#ledger = ledger;
    this.#client = client;
    this.#isPaired = isWhole;
    if (isWhole) this.#db = 0;
  }

  /** Whether an array from the server can be a delivery, and not the reply to something. */
  get mayDeliverArrays(): boolean {
    return !this.#isPaired || (this.#hasSubscribed && !this.#isResp3);
  }

  command(args: readonly Buffer[], time: number | undefined): void {
    const name = asBuffer(args[0] ?? Buffer.alloc(0))
      .toString('latin1', 0, 32)
      .toUpperCase();
    const stamp = time === undefined ? {} : { time };
    const place = this.#db === undefined ? {} : { db: this.#db };
    const captured = frameFromCommand({ via: 'pcap', ...stamp, client: this.#client, ...place }, args);
    if (this.#transaction !== undefined && !/^(?:EXEC|DISCARD|RESET|WATCH|QUIT)$/.test(name)) {
      this.#transaction.push(captured);
      this.#expect({ is: 'command', held: undefined });
      if (this.#transaction.length > MAX_BATCH) this.distrust();
    } else if (SUBSCRIPTION.test(name)) {
      this.#hasSubscribed = true;
      this.#expect({ is: 'subscription', confirmed: false });
      this.#ledger.command(captured, false);
    } else this.#control(name, args, captured);
  }

  /** A reply, that is no delivery and no confirmation of a subscription. */
  reply(value: RespValue): void {
    if (!this.#isPaired) return;
    this.#passConfirmed();
    const next = this.#waiting[this.#answered++];
    this.#forgetAnswered();
    if (next === undefined) {
      this.distrust();
    } else if (next.is === 'command') {
      if (next.held !== undefined) this.#settle(next.held, value);
    } else if (next.is === 'exec') {
      this.#settleBatch(next.batch, value);
    } else if (next.is === 'hello') {
      if (!isError(value)) this.#isResp3 = value.type === 'map';
    }
  }

  /** The server confirmed one channel of a subscription. */
  confirm(): void {
    if (!this.#isPaired) return;
    let at = this.#answered;
    for (let next = this.#waiting[at]; next?.is === 'subscription'; next = this.#waiting[++at]) {
      if (next.confirmed) continue;
      next.confirmed = true;
      break;
    }
    this.#passConfirmed();
  }

  /** Something is missing: from here on replies cannot be told apart, and commands count as carried out. */
  distrust(): void {
    for (const waiting of this.#waiting.slice(this.#answered)) {
      const held = waiting.is === 'exec' ? waiting.batch : waiting.is === 'command' ? [waiting.held] : [];
      for (const one of held) if (one !== undefined) one.until = 0;
    }
    for (const captured of this.#transaction ?? []) this.#ledger.command(captured, false);
    this.#transaction = this.#transaction === undefined ? undefined : [];
    this.#waiting = [];
    this.#answered = 0;
    this.#isPaired = false;
    this.#db = undefined;
  }

  /** Nothing more comes: a transaction that was not ended was not carried out. */
  end(): void {
    for (const captured of this.#transaction ?? []) this.#ledger.refuse(captured);
    this.#transaction = undefined;
  }

  #control(name: string, args: readonly Buffer[], captured: Captured): void {
    if (name === 'EXEC' && this.#transaction !== undefined) {
      const batch = this.#transaction.map((one) => this.#ledger.command(one, this.#isPaired));
      this.#transaction = undefined;
      this.#expect({ is: 'exec', batch });
      this.#ledger.command(captured, false);
      return;
    }
    const isSilent = name === 'CLIENT' && args[1]?.toString('latin1', 0, 8).toUpperCase() === 'REPLY';
    if (ONE_WAY.test(name) || isSilent) this.distrust();
    if (name === 'DISCARD' || name === 'RESET') this.end();
    if (name === 'RESET' && this.#isPaired) this.#db = 0;
    if (name === 'SELECT') this.#db = readDatabase(args[1]);
    if (name === 'MULTI') this.#transaction = [];
    const held = this.#ledger.command(captured, this.#isPaired);
    this.#expect(name === 'HELLO' ? { is: 'hello' } : { is: 'command', held });
  }

  #expect(outstanding: Outstanding): void {
    if (!this.#isPaired) return;
    this.#waiting.push(outstanding);
    if (this.#waiting.length - this.#answered > MAX_OUTSTANDING) this.distrust();
  }

  #passConfirmed(): void {
    for (let next = this.#waiting[this.#answered]; next?.is === 'subscription' && next.confirmed;)
      next = this.#waiting[++this.#answered];
    this.#forgetAnswered();
  }

  #forgetAnswered(): void {
    if (this.#answered < 1024 || this.#answered * 2 < this.#waiting.length) return;
    this.#waiting = this.#waiting.slice(this.#answered);
    this.#answered = 0;
  }

  #settleBatch(batch: readonly (Held | undefined)[], value: RespValue): void {
    const results = value.type === 'array' ? value.items : [];
    for (const [index, held] of batch.entries()) {
      const result = results[index];
      if (held !== undefined && result === undefined) this.#ledger.drop(held);
      else if (held !== undefined && result !== undefined) this.#settle(held, result);
    }
  }

  #settle(held: Held, reply: RespValue): void {
    held.until = 0;
    if (isError(reply)) this.#ledger.drop(held);
    else if (reply.type === 'bulk' && held.captured?.is === 'frame') {
      held.captured = { is: 'frame', frame: withEntryId(held.captured.frame, reply.bytes) };
    }
  }
}

function readDatabase(word: Buffer | undefined): number | undefined {
  const text = word?.toString('latin1', 0, 16) ?? '';
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

function isError(value: RespValue): boolean {
  return value.type === 'error' || value.type === 'blob-error';
}

/** XADD is answered by the id that Redis gave the entry. */
function withEntryId(frame: Frame, reply: Buffer): Frame {
  const { entry } = frame;
  const id = reply.toString('latin1', 0, 64);
  if (frame.command !== 'XADD' || entry === undefined || !/^\d+-\d+$/.test(id)) return frame;
  return { ...frame, entry: { ...entry, id } };
}
