import type { Captured, Frame, Gap, Unframed } from '../../model/frame.ts';
import { FanOut } from './fan-out.ts';
import { type Held, HoldQueue } from './hold-queue.ts';

/** How long a command waits for its reply: a blocked Redis answers late, and so do captures with holes. */
const REPLY_US = 5_000_000;
/** How long a delivery waits for its publish, which a hole may hold up. */
const DELIVERY_US = 3_000_000;

/** Everything that the connections of one capture found, in order of capture, one record for one message. */
export class Ledger {
  readonly #queue = new HoldQueue();
  readonly #fanOut = new FanOut();
  readonly #others: Captured[] = [];
  readonly #allDeliveries: boolean;
  /** Clock of the capture, microseconds. */
  now = 0;

  constructor(options: { readonly allDeliveries: boolean }) {
    this.#allDeliveries = options.allDeliveries;
  }

  /** A command of a client. With `awaitsReply` a refusal may still come; answers what `drop` takes. */
  command(captured: Captured, awaitsReply: boolean): Held | undefined {
    if (captured.is !== 'frame') {
      this.#others.push(captured);
      return undefined;
    }
    const published = publishedBy(captured.frame);
    if (published !== undefined) this.#fanOut.publish(published.channel, published.payload, this.now);
    return this.#queue.add(captured, awaitsReply ? this.now + REPLY_US : 0);
  }

  /** Redis refused the command: it had no effect. */
  drop(held: Held): void {
    if (held.isOut || held.captured === undefined) return;
    const published = held.captured.is === 'frame' ? publishedBy(held.captured.frame) : undefined;
    if (published !== undefined) this.#fanOut.retract(published.channel, published.payload, this.now);
    this.refuse(held.captured);
    held.captured = undefined;
  }

  /** A command that was never carried out is counted, and no more. */
  refuse(captured: Captured): void {
    if (captured.is === 'other') this.#others.push(captured);
    else if (captured.is === 'frame') this.#other(`${captured.frame.command ?? ''} (REFUSED)`);
  }

  /** What a subscriber got; `subscription` is a number for its connection and pattern. */
  delivery(captured: Captured, subscription: number): void {
    if (captured.is !== 'frame') return;
    const { channel, payload, command = '' } = captured.frame;
    if (this.#allDeliveries || channel === undefined || payload === undefined) {
      this.#queue.add(captured, 0);
      return;
    }
    const stand = this.#fanOut.deliver(subscription, channel, payload, this.now);
    if (stand === undefined) this.#other(command);
    else stand(this.#queue.add(captured, this.now + DELIVERY_US));
  }

  gap(gap: Gap): void {
    this.#queue.add({ is: 'gap', gap }, 0);
  }

  unframed(unframed: Unframed): void {
    this.#queue.add({ is: 'unframed', unframed }, 0);
  }

  take(): Captured[] {
    const out = this.#others.splice(0);
    this.#queue.take(this.now, out);
    return out;
  }

  takeAll(): Captured[] {
    this.now = Number.POSITIVE_INFINITY;
    return this.take();
  }

  #other(command: string): void {
    this.#others.push({ is: 'other', command });
  }
}

function publishedBy({
  command,
  channel,
  payload,
}: Frame): { channel: Uint8Array; payload: Uint8Array } | undefined {
  if (command !== 'PUBLISH' && command !== 'SPUBLISH') return undefined;
  return channel === undefined || payload === undefined ? undefined : { channel, payload };
}
