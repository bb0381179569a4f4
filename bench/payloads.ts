import notepack from 'notepack.io';

/** What one server sends to the others: channel and payload as @socket.io/redis-adapter 8 writes them. */
export interface Sent {
  readonly channel: Buffer;
  readonly payload: Buffer;
}

/** notepack.io's types say `any`. */
const encode: (value: unknown) => Buffer = notepack.encode;

const SENDERS = 20;
const ROOMS = 200;
const WORDS = 'order paid the room hello when again price für 价格 server lobby move thanks 🎉 later'.split(
  ' ',
);

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The burst's message: always as long, 114 bytes, and numbered. */
export function createBurstMessage(number: number): Sent {
  const text = `message ${String(number).padStart(8, '0')} in the lobby`;
  const packet = { type: 2, data: ['chat message', text], nsp: '/' };
  const options = { rooms: ['lobby'], except: [], flags: {} };
  return { channel: Buffer.from('socket.io#/#lobby#'), payload: encode(['x5WQ7a', packet, options]) };
}

/**
 * Everyday traffic: 20 servers, 200 rooms, six kinds of events, payloads of some 80 to 400 bytes. Of 20 messages 16
 * go to one room, 3 to everybody and 1 to two rooms; every fourth leaves its sender out.
 */
export class Everyday {
  readonly #random: () => number;
  readonly #senders: readonly string[];

  constructor(seed: number) {
    this.#random = createRandom(seed);
    this.#senders = Array.from({ length: SENDERS }, () => this.#id(6));
  }

  next(): Sent {
    const rooms = this.#rooms();
    const except = this.#below(4) === 0 ? [this.#id(20)] : [];
    const nsp = this.#below(10) === 0 ? '/admin' : '/';
    const flags = this.#below(16) === 0 ? { volatile: true } : {};
    const [only] = rooms;
    const channel = `socket.io#${nsp}#${only !== undefined && rooms.length === 1 ? `${only}#` : ''}`;
    const packet = { type: 2, data: this.#event(), nsp };
    const payload = encode([this.#pick(this.#senders), packet, { rooms, except, flags }]);
    return { channel: Buffer.from(channel), payload };
  }

  #rooms(): string[] {
    const chance = this.#below(20);
    if (chance < 16) return [this.#room()];
    return chance < 19 ? [] : [this.#room(), this.#room()];
  }

  #event(): unknown[] {
    const at = 1_790_000_000_000 + this.#below(1e9);
    switch (this.#below(6)) {
      case 0:
        return ['chat message', { from: this.#id(20), text: this.#text(4 + this.#below(20)), at }];
      case 1:
        return ['cursor', this.#below(1000), this.#random() * 1920, this.#random() * 1080];
      case 2:
        return [
          'order:update',
          { id: this.#below(1e6), state: 'paid', items: this.#items(), total: this.#price() },
        ];
      case 3:
        return [
          'presence',
          { user: this.#id(12), online: this.#below(2) === 0, seen: null, devices: ['web', 'ios'] },
        ];
      case 4:
        return ['typing', this.#id(12)];
      default:
        return [
          'notification',
          this.#text(6 + this.#below(12)),
          { unread: this.#below(300), link: `/orders/${at}` },
        ];
    }
  }

  #items(): unknown[] {
    return Array.from({ length: 1 + this.#below(4) }, () => ({
      sku: this.#id(8),
      count: 1 + this.#below(5),
      price: this.#price(),
    }));
  }

  #price(): number {
    return this.#below(20_000) / 100;
  }

  #room(): string {
    return `room:${this.#below(ROOMS)}`;
  }

  #text(words: number): string {
    return Array.from({ length: words }, () => this.#pick(WORDS)).join(' ');
  }

  #id(length: number): string {
    let id = '';
    while (id.length < length) id += Math.floor(this.#random() * 2 ** 32).toString(36);
    return id.slice(0, length);
  }

  #pick(choices: readonly string[]): string {
    return choices[this.#below(choices.length)] ?? '';
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}
